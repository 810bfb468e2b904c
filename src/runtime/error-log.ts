/**
 * The last errors of an instance, for `/v1/errors`: what happened to which record of which task, and what was done about
 * it. Bounded, and without anything that a record or a callback may have said: codes and places only, and the messages of
 * errors that are made of such facts. What is rare is never pushed out by what is frequent: each sort has its places.
 */
import type { Clock } from '../common/clock.ts'
import { DiskError } from '../errors/disk-error.ts'
import { KafkaError } from '../errors/kafka-error.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import { StreamsError, type Reaction } from '../errors/streams-error.ts'
import type { RecordFailure } from './task/failure-handler.ts'

export interface ErrorEntry {
  /** ISO 8601. */
  readonly at: string
  /** `record`: one failed; `recovered`: the application goes on by itself; `fatal`: its thread, or all of it, ended. */
  readonly kind: 'record' | 'recovered' | 'fatal'
  /** Of `docs/errors.md`; null: an error that millrace did not make. */
  readonly code: string | null
  /** Only where it has nothing of a record or of a callback in it. */
  readonly message: string | null
  /** What becomes of the record: fail, retry, skip or deadLetter. */
  readonly action: RecordFailure['action'] | null
  readonly reaction: Reaction | null
  readonly taskId: string | null
  readonly node: string | null
  readonly topic: string | null
  readonly partition: number | null
  readonly offset: number | null
}

/** What is left out of {@link ErrorLog.recent}, by kind. */
export type LeftOut = Readonly<Record<ErrorEntry['kind'], number>>

/** Each keeps a fifth of the places if it needs them, and more while the others have no use for theirs. */
type Sort = 'fatal' | 'recovered' | 'retried' | 'stoppedAtRecord' | 'passedRecord'

interface Place {
  readonly sort: Sort
  readonly entry: ErrorEntry
}

const places = 100
/** What is tried again and fails the same way is listed again after this time. */
const againMs = 30_000
/** Of kinds of trouble that are remembered for that; beyond it the oldest is listed again earlier. */
const maxRemembered = 10_000

export class ErrorLog {
  readonly #clock: Clock
  readonly #places: Place[] = []
  readonly #sizes: Record<Sort, number> = { fatal: 0, recovered: 0, retried: 0, stoppedAtRecord: 0, passedRecord: 0 }
  readonly #leftOut: Record<ErrorEntry['kind'], number> = { record: 0, recovered: 0, fatal: 0 }
  /** By task and code, the oldest first. */
  readonly #retriedAtMs = new Map<string, number>()
  #total = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Of all that were ever listed. */
  get total(): number {
    return this.#total
  }

  /** Of these, those that had to make room. */
  get leftOut(): LeftOut {
    return { ...this.#leftOut }
  }

  get last(): ErrorEntry | undefined {
    return this.#places.at(-1)?.entry
  }

  /** The newest first. */
  recent(): readonly ErrorEntry[] {
    return this.#places.map(({ entry }) => entry).reverse()
  }

  noteRecord(failure: RecordFailure): void {
    const { code, action, node, taskId, topic, partition, offset } = failure
    const stops = action === 'fail' || action === 'retry'
    this.#add(stops ? 'stoppedAtRecord' : 'passedRecord', {
      kind: 'record',
      code,
      message: null,
      action,
      reaction: null,
      taskId,
      node,
      ...place(topic, partition, offset),
    })
  }

  noteError(kind: 'recovered' | 'fatal', error: unknown): void {
    this.#addError(kind, kind, error)
  }

  /**
   * Something beside the processing of records failed and is tried again until it succeeds, as often as every commit: the
   * disk did not take what was committed, a restore cannot go on. Listed once per task and code and half a minute.
   */
  noteRetried(error: unknown, taskId?: string): void {
    const facts = factsOf(error)
    const key = `${taskId ?? String(facts['taskId'])} ${error instanceof StreamsError ? error.code : ''}`
    const nowMs = this.#clock.now()
    const beforeMs = this.#retriedAtMs.get(key)
    if (beforeMs !== undefined && nowMs - beforeMs < againMs && nowMs >= beforeMs) return
    this.#retriedAtMs.delete(key)
    this.#retriedAtMs.set(key, nowMs)
    const [oldest] = this.#retriedAtMs.keys()
    if (this.#retriedAtMs.size > maxRemembered && oldest !== undefined) this.#retriedAtMs.delete(oldest)
    this.#addError('retried', 'recovered', error, taskId)
  }

  #addError(sort: Sort, kind: 'recovered' | 'fatal', error: unknown, knownTaskId?: string): void {
    const { taskId = knownTaskId, node, topic, partition, offset } = factsOf(error)
    this.#add(sort, {
      kind,
      code: error instanceof StreamsError ? error.code : null,
      message: hasFactsOnly(error) ? error.message : null,
      action: null,
      reaction: error instanceof StreamsError ? error.reaction : null,
      taskId: typeof taskId === 'string' ? taskId : null,
      node: typeof node === 'string' ? node : null,
      ...place(typeof topic === 'string' ? topic : null, partition, offset),
    })
  }

  #add(sort: Sort, entry: Omit<ErrorEntry, 'at'>): void {
    this.#total++
    this.#places.push({ sort, entry: { at: new Date(this.#clock.now()).toISOString(), ...entry } })
    this.#sizes[sort]++
    if (this.#places.length > places) this.#makeRoom(sort)
  }

  /** The oldest of the sort that has most goes; with as many of several, of the one that has just grown. */
  #makeRoom(grown: Sort): void {
    let most = grown
    for (const sort of Object.keys(this.#sizes) as Sort[]) if (this.#sizes[sort] > this.#sizes[most]) most = sort
    const at = this.#places.findIndex(({ sort }) => sort === most)
    const [left] = this.#places.splice(at, 1)
    this.#sizes[most]--
    if (left !== undefined) this.#leftOut[left.entry.kind]++
  }
}

function factsOf(error: unknown): Partial<Record<string, unknown>> {
  return typeof error === 'object' && error !== null ? { ...error } : {}
}

/** The messages of others may have something of a record in them, or of what a callback said. */
function hasFactsOnly(error: unknown): error is Error {
  return error instanceof KafkaError || error instanceof RuntimeError || error instanceof DiskError
}

function place(
  topic: string | null,
  partition: unknown,
  offset: unknown,
): Pick<ErrorEntry, 'topic' | 'partition' | 'offset'> {
  const isKnown = (value: unknown): value is number => topic !== null && typeof value === 'number' && value >= 0
  return { topic, partition: isKnown(partition) ? partition : null, offset: isKnown(offset) ? offset : null }
}

/**
 * The last errors of an instance, for `/v1/errors`: what happened to which record of which task, and what was done about
 * it. Bounded, and without anything that a record or a callback may have said: codes and places only, and the messages of
 * errors that are made of such facts.
 */
import type { Clock } from '../common/clock.ts'
import { KafkaError } from '../errors/kafka-error.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import { StreamsError, type Reaction } from '../errors/streams-error.ts'
import type { RecordFailure } from './task/failure-handler.ts'

export interface ErrorEntry {
  /** ISO 8601. */
  readonly at: string
  /** `record`: one failed; `recovered`: the thread went on by itself; `fatal`: it, or the application, ended. */
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

const kept = 100

export class ErrorLog {
  readonly #clock: Clock
  readonly #entries: ErrorEntry[] = []
  #total = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Of all that ever were. */
  get total(): number {
    return this.#total
  }

  get last(): ErrorEntry | undefined {
    return this.#entries.at(-1)
  }

  /** The newest first. */
  recent(): readonly ErrorEntry[] {
    return this.#entries.toReversed()
  }

  noteRecord(failure: RecordFailure): void {
    const { code, action, node, taskId, topic, partition, offset } = failure
    this.#add({
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
    const facts: Partial<Record<string, unknown>> = typeof error === 'object' && error !== null ? { ...error } : {}
    const { taskId, node, topic, partition, offset } = facts
    this.#add({
      kind,
      code: error instanceof StreamsError ? error.code : null,
      message: error instanceof KafkaError || error instanceof RuntimeError ? error.message : null,
      action: null,
      reaction: error instanceof StreamsError ? error.reaction : null,
      taskId: typeof taskId === 'string' ? taskId : null,
      node: typeof node === 'string' ? node : null,
      ...place(typeof topic === 'string' ? topic : null, partition, offset),
    })
  }

  #add(entry: Omit<ErrorEntry, 'at'>): void {
    this.#total++
    this.#entries.push({ at: new Date(this.#clock.now()).toISOString(), ...entry })
    if (this.#entries.length > kept) this.#entries.shift()
  }
}

function place(
  topic: string | null,
  partition: unknown,
  offset: unknown,
): Pick<ErrorEntry, 'topic' | 'partition' | 'offset'> {
  const isKnown = (value: unknown): value is number => topic !== null && typeof value === 'number' && value >= 0
  return { topic, partition: isKnown(partition) ? partition : null, offset: isKnown(offset) ? offset : null }
}

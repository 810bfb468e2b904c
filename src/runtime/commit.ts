/**
 * The commit protocol: one commit per thread over all its tasks. Outputs, changelogs and input offsets become visible
 * together or not at all; local state follows only after that.
 *
 * 1. **Cut** (`begin`). No input is processed. Caches are flushed until nothing is dirty (a flush may dirty another
 *    store), the positions of the inputs are fixed, overlays are frozen, the producer's batches are sealed.
 * 2. **Flush.** Every batch is acknowledged; only now the changelog offsets of the marker are known.
 * 3. **Offsets** go into the transaction, with the newest generation of the member that owned the tasks throughout, so
 *    that a zombie is fenced by the group (KIP-447).
 * 4. **End** the transaction. Where nothing was sent and no offset moved there is nothing to end.
 * 5. **Engine.** Only after success each task's frozen overlay and the marker are committed locally, atomically.
 *
 * From 2 on (`finish`) tasks may process again: what they write goes into a new overlay and into batches that the
 * producer holds back until this transaction has ended.
 *
 * A crash before 4 leaves state and offsets at the previous commit. A crash between 4 and 5 leaves the engine one commit
 * behind; restore replays exactly that transaction from the changelog. A failure in 1 to 4 is thrown with its reaction,
 * and the thread rolls back; nothing here cleans up. A failure in 5 (a full disk) loses nothing: what is frozen is
 * committed data, stays readable, and the next commit takes it along.
 *
 * `at_least_once` is the same path with a plain offset commit in place of 3 and 4.
 */
import type { Clock } from '../common/clock.ts'
import { deferred } from '../common/deferred.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import { reactionOf, StreamsError } from '../errors/streams-error.ts'
import type { GroupMembership, KafkaClient, OffsetAndMetadata } from '../kafka/client/kafka-client.ts'
import { markerFormatVersion } from '../state/state-engine.ts'
import type { Marker } from '../state/state-engine.ts'
import type { RecordCollector } from './record-collector.ts'
import type { ManagedTask } from './managed-task.ts'
import type { FrozenOverlay } from './task/stream-task.ts'
import type { TaskPosition } from './task/task-options.ts'

/** The event loop is given back this often while caches are flushed. */
const flushSliceMs = 10

export interface CommitOptions {
  readonly exactlyOnce: boolean
  readonly client: KafkaClient
  readonly collector: RecordCollector
  readonly group: GroupMembership
  readonly clock: Clock
  readonly tasks: readonly ManagedTask[]
  /** Where the fetcher stands, for partitions with an empty queue: control records at the tail count. */
  readonly fetchPosition: (partition: TopicPartitionKey) => number | undefined
  /** What was committed last, by this owner; updated on success. */
  readonly committed: Map<TopicPartitionKey, OffsetAndMetadata>
  /** For the marker. */
  readonly topicId: (topic: string) => string | undefined
  /** The disk did not take a task's state; it is tried again with the next commit. */
  readonly onEngineFailure: (taskId: string, error: unknown) => void
}

/** Where the time of a commit went. With overlap only the cut keeps records from being processed. */
export interface CommitTiming {
  cutMs: number
  /** Until every record is acknowledged. */
  flushMs: number
  /** The offsets and the end of the transaction, or the plain commit of offsets. */
  transactionMs: number
  /** The local state. */
  engineMs: number
}

/** What the cut took of one task. */
interface CutPart {
  readonly managed: ManagedTask
  readonly positions: ReadonlyMap<TopicPartitionKey, TaskPosition>
  readonly frozen: FrozenOverlay
}

type Moved = ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>
type ChangelogOffsets = Readonly<Record<TopicPartitionKey, number>>

export class Commit {
  readonly #options: CommitOptions
  readonly #parts: readonly CutPart[]
  /** Of all tasks: the offsets that differ from what was committed last. */
  readonly #moved: Moved
  /** Undefined where nothing was sent and no offset moved. */
  readonly #flushed: Promise<void> | undefined
  readonly #abandoned = deferred<never>()
  /** What is still tried for it: sent later, it would take the offsets back behind those of the next commit. */
  readonly #requests = new AbortController()
  readonly timing: CommitTiming
  #canBeAbandoned = true

  private constructor(
    options: CommitOptions,
    parts: readonly CutPart[],
    moved: Moved,
    isEmpty: boolean,
    beganMs: number,
  ) {
    this.timing = { cutMs: options.clock.now() - beganMs, flushMs: 0, transactionMs: 0, engineMs: 0 }
    this.#options = options
    this.#parts = parts
    this.#moved = moved
    // Its failure is thrown by `finish`; who abandons the commit never looks.
    this.#abandoned.promise.catch(() => undefined)
    if (isEmpty) return
    this.#flushed = options.collector.flush()
    this.#flushed.catch(() => undefined)
  }

  /** The cut. Whatever is processed after it belongs to the next commit. */
  static async begin(options: CommitOptions): Promise<Commit> {
    const { clock } = options
    const beganMs = clock.now()
    let sliceEndMs = beganMs + flushSliceMs
    for (const { task } of options.tasks) {
      // Also between tasks: what each of them has may be little.
      while (clock.now() >= sliceEndMs || !task.flush(sliceEndMs)) {
        await clock.yieldTurn()
        sliceEndMs = clock.now() + flushSliceMs
      }
    }
    await options.collector.resolveTopics()
    // From here to the seal of the batches nothing may be awaited: it is one point in the life of all tasks.
    const parts = options.tasks.map((managed): CutPart => {
      const positions = managed.task.positions(options.fetchPosition)
      return { managed, positions, frozen: managed.task.freeze(positions) }
    })
    for (const { managed } of parts) managed.frozen = 'uncommitted'
    const moved = new Map(
      parts
        .flatMap(({ positions }) => [...positions])
        .filter(([partition, { offset }]) => options.committed.get(partition)?.offset !== offset),
    )
    const isEmpty = !options.collector.producer.inTransaction && moved.size === 0
    return new Commit(options, parts, moved, isEmpty, beganMs)
  }

  get moved(): Moved {
    return this.#moved
  }

  /** True when there was something to commit. */
  async finish(): Promise<boolean> {
    const { exactlyOnce, client, group, committed } = this.#options
    const { clock } = this.#options
    let changelog: ChangelogOffsets = {}
    let beganMs = clock.now()
    if (this.#flushed !== undefined) {
      await this.#unlessAbandoned(this.#flushed)
      changelog = this.#acknowledged()
      const flushedMs = clock.now()
      this.timing.flushMs = flushedMs - beganMs
      if (exactlyOnce) await this.#endTransaction()
      else if (this.#moved.size > 0)
        await this.#unlessAbandoned(client.commitOffsets(group.identity(), this.#moved, this.#requests.signal))
      for (const [partition, offset] of this.#moved) committed.set(partition, offset)
      beganMs = clock.now()
      this.timing.transactionMs = beganMs - flushedMs
    }
    this.#canBeAbandoned = false
    for (const { managed } of this.#parts) managed.frozen = 'committed'
    await Promise.all(this.#parts.map((part) => this.#commitEngine(part, changelog)))
    this.timing.engineMs = clock.now() - beganMs
    return this.#flushed !== undefined
  }

  /**
   * Gives it up, unless the end of its transaction was asked for: then only the answer decides. A plain offset commit of
   * which the answer is unknown repeats records at most: such a rollback always replays from the marker.
   */
  abandon(error: Error): void {
    if (!this.#canBeAbandoned) return
    this.#abandoned.reject(error)
    this.#requests.abort(error)
  }

  async #endTransaction(): Promise<void> {
    const { collector, group } = this.#options
    // Offsets go along even where none has moved, as with what a punctuation wrote: nothing else fences an owner of old.
    const all = this.#parts.flatMap(({ positions }) => [...positions])
    const offsets = this.#moved.size > 0 ? this.#moved : new Map(all)
    await this.#unlessAbandoned(collector.producer.sendOffsets(offsets, group.identity()))
    this.#canBeAbandoned = false
    await collector.producer.commit()
  }

  async #unlessAbandoned(step: Promise<void>): Promise<void> {
    await Promise.race([this.#abandoned.promise, step])
  }

  /** Of every changelog, 1 + the offset of its last record: nothing of the next transaction is sent before this ends. */
  #acknowledged(): ChangelogOffsets {
    const { producer } = this.#options.collector
    const keys = this.#parts.flatMap(({ managed }) =>
      managed.task.changelogs.map(({ topic, partition }) => topicPartitionKey(topic, partition)),
    )
    return Object.fromEntries(
      keys.flatMap((key) => {
        const reached = producer.acknowledged(key)
        return reached === undefined ? [] : [[key, reached]]
      }),
    )
  }

  async #commitEngine(part: CutPart, changelog: ChangelogOffsets): Promise<void> {
    const { managed, frozen } = part
    if (!this.#concernsEngine(part)) {
      managed.frozen = 'none'
      return
    }
    try {
      await managed.task.commitEngine(frozen, this.#marker(part, changelog))
      managed.frozen = 'none'
      managed.isUnwritten = false
    } catch (error) {
      managed.isUnwritten = true
      // Not the disk's fault: no later attempt would be any better.
      if (reactionOf(error) === 'fatal' && error instanceof StreamsError) throw error
      this.#options.onEngineFailure(managed.task.id, error)
    }
  }

  /** Not where a task's state stands where it stood: idle tasks write nothing. */
  #concernsEngine({ managed, positions, frozen }: CutPart): boolean {
    const { marker } = managed.state
    if (!frozen.isEmpty || managed.isUnwritten || marker === undefined) return true
    if (this.#options.clock.now() - marker.committedAtMs >= managed.markerRefreshMs) return true
    return [...positions].some(([partition, { offset }]) => marker.input[partition] !== offset)
  }

  #marker({ managed, positions, frozen }: CutPart, acknowledged: ChangelogOffsets): Marker {
    const before = managed.state.marker?.changelog ?? {}
    const changelog: Record<TopicPartitionKey, number> = {}
    for (const { topic, partition, isSource } of managed.task.changelogs) {
      const key = topicPartitionKey(topic, partition)
      const reached = isSource ? positions.get(key)?.offset : acknowledged[key]
      const offset = Math.max(reached ?? 0, before[key] ?? 0)
      if (offset > 0 || reached !== undefined || key in before) changelog[key] = offset
    }
    return {
      formatVersion: markerFormatVersion,
      changelog,
      input: Object.fromEntries([...positions].map(([partition, { offset }]) => [partition, offset])),
      topicIds: topicIdsOf(managed, this.#options.topicId),
      layouts: managed.layouts,
      streamTimes: frozen.streamTimes,
      counters: frozen.counters,
      committedAtMs: this.#options.clock.now(),
    }
  }
}

function topicIdsOf({ task }: ManagedTask, topicId: CommitOptions['topicId']): Record<string, string> {
  return Object.fromEntries(
    task.topics.flatMap((topic) => {
      const id = topicId(topic)
      return id === undefined ? [] : [[topic, id]]
    }),
  )
}

/** For the commit that a rebalance waits for; the producer is replaced, because requests may still be under way. */
export function commitDeadline(): RuntimeError {
  return new RuntimeError(
    'MILLRACE_COMMIT_DEADLINE',
    'the commit that a rebalance waits for was not done at the deadline; the transaction is aborted and its records are processed again by whoever owns them next (rebalanceTimeoutMs sets the deadline)',
    { reaction: 'producer-fenced' },
  )
}

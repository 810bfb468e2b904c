/**
 * The commit protocol: one commit per thread over all its tasks. Outputs, changelogs and input offsets become visible
 * together or not at all; local state follows only after that.
 *
 * 1. **Cut.** No input is processed. Caches are flushed until nothing is dirty (a flush may dirty another store), the
 *    positions of the inputs are fixed, overlays are frozen.
 * 2. **Flush.** Every batch is acknowledged; only now the changelog offsets of the marker are known.
 * 3. **Offsets** go into the transaction, with the newest generation of the member that owned the tasks throughout, so
 *    that a zombie is fenced by the group (KIP-447).
 * 4. **End** the transaction. Where nothing was sent and no offset moved there is nothing to end.
 * 5. **Engine.** Only after success each task's frozen overlay and the marker are committed locally, atomically.
 *
 * A crash before 4 leaves state and offsets at the previous commit. A crash between 4 and 5 leaves the engine one commit
 * behind; restore replays exactly that transaction from the changelog. A failure in 1 to 4 is thrown with its reaction,
 * and the thread rolls back; nothing here cleans up.
 *
 * `at_least_once` is the same path with a plain offset commit in place of 3 and 4.
 */
import type { Clock } from '../common/clock.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
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
  /** A rebalance waits for this commit: past it, a transaction whose end was not yet asked for is given up. */
  readonly deadlineMs: number
}

interface Cut {
  readonly parts: readonly CutPart[]
  /** Of all tasks: the offsets that differ from what was committed last. */
  readonly moved: ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>
}

/** What the cut took of one task. */
interface CutPart {
  readonly managed: ManagedTask
  readonly positions: ReadonlyMap<TopicPartitionKey, TaskPosition>
  readonly frozen: FrozenOverlay
}

/** True when there was something to commit. */
export async function commit(options: CommitOptions): Promise<boolean> {
  const cut = await takeCut(options)
  const { producer } = options.collector
  const isEmpty = !producer.inTransaction && cut.moved.size === 0
  if (!isEmpty) {
    await options.collector.flush()
    requireInTime(options, 'the records were flushed')
    if (options.exactlyOnce) await endTransaction(options, cut)
    else if (cut.moved.size > 0) await options.client.commitOffsets(options.group.identity(), cut.moved)
    for (const [partition, offset] of cut.moved) options.committed.set(partition, offset)
  }
  for (const part of cut.parts) await commitEngine(part, options)
  return !isEmpty
}

async function takeCut(options: CommitOptions): Promise<Cut> {
  for (const { task } of options.tasks) {
    while (!task.flush(options.clock.now() + flushSliceMs)) await options.clock.yieldTurn()
  }
  const parts = options.tasks.map((managed): CutPart => {
    const positions = managed.task.positions(options.fetchPosition)
    return { managed, positions, frozen: managed.task.freeze() }
  })
  const moved = new Map(
    parts
      .flatMap(({ positions }) => [...positions])
      .filter(([partition, { offset }]) => options.committed.get(partition)?.offset !== offset),
  )
  return { parts, moved }
}

async function endTransaction(options: CommitOptions, { moved, parts }: Cut): Promise<void> {
  const { producer } = options.collector
  // Offsets go along even where none has moved, as with what a punctuation wrote: nothing else fences an owner of old.
  const offsets = moved.size > 0 ? moved : new Map(parts.flatMap(({ positions }) => [...positions]))
  await producer.sendOffsets(offsets, options.group.identity())
  requireInTime(options, 'the offsets were sent')
  await producer.commit()
}

async function commitEngine(part: CutPart, options: CommitOptions): Promise<void> {
  const { task } = part.managed
  task.committed(part.positions)
  await task.commitEngine(part.frozen, markerOf(part, options))
}

function markerOf({ managed, positions, frozen }: CutPart, options: CommitOptions): Marker {
  const before = managed.state.marker
  const changelog: Record<TopicPartitionKey, number> = { ...before?.changelog }
  for (const { topic, partition, isSource } of managed.task.changelogs) {
    const key = topicPartitionKey(topic, partition)
    const reached = isSource ? positions.get(key)?.offset : options.collector.producer.acknowledged(key)
    if (reached !== undefined) changelog[key] = Math.max(reached, changelog[key] ?? 0)
  }
  return {
    formatVersion: markerFormatVersion,
    changelog,
    input: Object.fromEntries([...positions].map(([partition, { offset }]) => [partition, offset])),
    topicIds: before?.topicIds ?? {},
    streamTimes: frozen.streamTimes,
    counters: frozen.counters,
    committedAtMs: options.clock.now(),
  }
}

function requireInTime({ clock, deadlineMs }: CommitOptions, what: string): void {
  if (clock.now() <= deadlineMs) return
  throw new RuntimeError(
    'MILLRACE_COMMIT_DEADLINE',
    `the commit that a rebalance waits for was too slow: ${what} only after the deadline; the transaction is aborted and its records are processed again by whoever owns them next (rebalanceTimeoutMs sets the deadline)`,
    { reaction: 'abortable' },
  )
}

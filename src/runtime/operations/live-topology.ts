/**
 * A running application laid over its topology: who has which task, how far it is behind, and how fast it goes. Rates come
 * from two looks at the cluster: what was committed, and what was written, between them. With a commit interval that is
 * longer than the time between the looks, `processedPerSecond` may be 0 although records are processed.
 */
import type { LagReport, PartitionLag } from './lag.ts'

export interface LiveTopology {
  readonly atMs: number
  /** Between the two looks. */
  readonly intervalMs: number
  /** As the broker names it; null: the group does not exist. */
  readonly groupState: string | null
  readonly tasks: readonly LiveTask[]
  readonly topics: readonly LiveTopic[]
}

export interface LiveTask {
  readonly taskId: string
  readonly subTopology: number
  /** Client id and host of who has it; null: nobody. */
  readonly owner: string | null
  readonly lag: number
  readonly lagMs: number | null
  /** Records and control records whose processing was committed. */
  readonly processedPerSecond: number
}

/** A topic that the application reads. */
export interface LiveTopic {
  readonly topic: string
  readonly subTopology: number
  readonly partitions: number
  readonly lag: number
  readonly lagMs: number | null
  readonly writtenPerSecond: number
  readonly processedPerSecond: number
}

export function liveTopology(before: LagReport, after: LagReport): LiveTopology {
  const intervalMs = Math.max(1, after.atMs - before.atMs)
  const earlier = new Map(before.partitions.map((one) => [keyOf(one), one]))
  const grown = (rows: readonly PartitionLag[], offset: (row: PartitionLag) => number | null): number =>
    (rows.reduce((sum, row) => sum + grownOf(row, earlier.get(keyOf(row)), offset), 0) / intervalMs) * 1000
  const committed = (row: PartitionLag): number | null => row.committed ?? row.logStart
  const rowsOfTask = Map.groupBy(after.partitions, ({ taskId }) => taskId)
  const rowsOfTopic = Map.groupBy(after.partitions, ({ topic, subTopology }) => `${subTopology} ${topic}`)
  return {
    atMs: after.atMs,
    intervalMs,
    groupState: after.group?.state ?? null,
    tasks: after.tasks.map(({ taskId, subTopology, owner, lag, lagMs }) => ({
      taskId,
      subTopology,
      owner,
      lag,
      lagMs,
      processedPerSecond: grown(rowsOfTask.get(taskId) ?? [], committed),
    })),
    topics: [...rowsOfTopic.values()].map((rows) => ({
      topic: rows[0]?.topic ?? '',
      subTopology: rows[0]?.subTopology ?? 0,
      partitions: rows.length,
      lag: rows.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
      lagMs: oldest(rows),
      writtenPerSecond: grown(rows, ({ end }) => end),
      processedPerSecond: grown(rows, committed),
    })),
  }
}

/** A partition that was made between the looks, or is not known, or an offset that was reset, has not grown. */
function grownOf(
  row: PartitionLag,
  before: PartitionLag | undefined,
  offset: (row: PartitionLag) => number | null,
): number {
  const [from, to] = [before === undefined ? null : offset(before), offset(row)]
  return from === null || to === null ? 0 : Math.max(0, to - from)
}

function oldest(rows: readonly PartitionLag[]): number | null {
  const ages = rows.flatMap(({ lagMs }) => lagMs ?? [])
  return ages.length === 0 ? null : Math.max(...ages)
}

function keyOf({ topic, partition, taskId }: PartitionLag): string {
  return `${taskId} ${topic}-${partition}`
}

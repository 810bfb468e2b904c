/**
 * How far an application is behind: per task and partition what is committed, where the log ends, and how old the next
 * record is. Pure; `lag-on-cluster.ts` asks the cluster. A position counts control records, as the runtime commits it, so
 * that lag comes to 0.
 */
import { topicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import type { TopologyPlan } from '../topology-plan.ts'

export interface PartitionFacts {
  readonly logStart: number
  readonly highWatermark: number
  readonly lastStableOffset: number
}

export interface LagFacts {
  readonly atMs: number
  /** Undefined: the group does not exist. */
  readonly group: { readonly state: string; readonly members: readonly LagMember[] } | undefined
  readonly committed: ReadonlyMap<TopicPartitionKey, number>
  /** Of the partitions that exist and could be asked. */
  readonly partitions: ReadonlyMap<TopicPartitionKey, PartitionFacts>
  /** Of those that exist and could not: why. */
  readonly unknown: ReadonlyMap<TopicPartitionKey, string>
  /** Of the next record behind the committed offset, epoch milliseconds; where it was looked up. */
  readonly nextTimestamps: ReadonlyMap<TopicPartitionKey, number>
}

export interface LagMember {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
  /** Empty where it is none of ours. */
  readonly tasks: readonly string[]
  readonly partitions: readonly TopicPartition[]
}

export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  /** Null without a topology. */
  readonly subTopology: number | null
  readonly taskId: string | null
  /** Client id and host of who has it; null: nobody. */
  readonly owner: string | null
  /** Null: nothing was committed, and lag counts from the beginning of the log. */
  readonly committed: number | null
  /** Null, as the next three: not known. */
  readonly logStart: number | null
  /** Where the log ends for who reads uncommitted records. */
  readonly end: number | null
  /** Where it ends for who reads committed ones only: behind it is an open transaction. */
  readonly lastStableOffset: number | null
  readonly lag: number | null
  /** Age of the next record by its timestamp; null: not known, or no lag. */
  readonly lagMs: number | null
  /** Records that retention deleted before they were read. */
  readonly lost: number
  /** Why its log is not known: it has no leader, or that one does not answer. Null: it is known. */
  readonly unknown: string | null
}

export interface LagSum {
  /** Of the partitions whose lag is known. */
  readonly lag: number
  readonly lagMs: number | null
  readonly partitions: number
  /** Of these, those whose lag is not known. */
  readonly unknown: number
}

export interface TaskLag extends LagSum {
  readonly taskId: string
  readonly subTopology: number
  readonly owner: string | null
}

export interface SubTopologyLag extends LagSum {
  readonly subTopology: number
  readonly tasks: number
}

export interface LagReport {
  readonly applicationId: string
  readonly atMs: number
  /** Null: the group does not exist. */
  readonly group: { readonly state: string; readonly members: number } | null
  readonly partitions: readonly PartitionLag[]
  /** Empty without a topology. */
  readonly tasks: readonly TaskLag[]
  readonly subTopologies: readonly SubTopologyLag[]
  readonly total: LagSum & { readonly uncommitted: number; readonly lost: number }
}

/** Without a plan: the partitions that are committed or assigned. */
export function lagReport(applicationId: string, facts: LagFacts, plan: TopologyPlan | undefined): LagReport {
  const wanted = plan === undefined ? groupPartitions(facts) : taskPartitions(plan)
  const ownerOf = ownersIn(facts.group)
  const partitions = wanted.flatMap((one) => partitionLag(one, facts, ownerOf(one)) ?? [])
  const tasks = sumsBy(partitions, ({ taskId }) => taskId).map(([taskId, rows]) => ({
    taskId,
    subTopology: rows[0]?.subTopology ?? 0,
    owner: rows[0]?.owner ?? null,
    ...sumOf(rows),
  }))
  const { group } = facts
  return {
    applicationId,
    atMs: facts.atMs,
    group: group === undefined ? null : { state: group.state, members: group.members.length },
    partitions,
    tasks,
    subTopologies: sumsBy(partitions, ({ subTopology }) => subTopology).map(([subTopology, rows]) => ({
      subTopology,
      tasks: new Set(rows.map(({ taskId }) => taskId)).size,
      ...sumOf(rows),
    })),
    total: {
      ...sumOf(partitions),
      uncommitted: partitions.filter(({ committed }) => committed === null).length,
      lost: partitions.reduce((sum, { lost }) => sum + lost, 0),
    },
  }
}

export interface LagPartition extends TopicPartition {
  readonly subTopology: number | null
  readonly taskId: string | null
}

/** In order of tasks. */
export function taskPartitions(plan: TopologyPlan): LagPartition[] {
  return plan.subTopologies.flatMap(({ subTopology, sourceTopics, partitionCount }) =>
    Array.from({ length: partitionCount }, (_, partition) =>
      [...sourceTopics].flatMap(([topic, count]) =>
        partition < count
          ? [{ topic, partition, subTopology: subTopology.id, taskId: `${subTopology.id}_${partition}` }]
          : [],
      ),
    ).flat(),
  )
}

export function groupPartitions({ committed, group }: Pick<LagFacts, 'committed' | 'group'>): LagPartition[] {
  const keys = new Set<TopicPartitionKey>([
    ...committed.keys(),
    ...(group?.members ?? []).flatMap(({ partitions }) =>
      partitions.map(({ topic, partition }) => topicPartitionKey(topic, partition)),
    ),
  ])
  return [...keys]
    .map((key) => {
      const dash = key.lastIndexOf('-')
      return { topic: key.slice(0, dash), partition: Number(key.slice(dash + 1)), subTopology: null, taskId: null }
    })
    .toSorted((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

function partitionLag(
  { topic, partition, subTopology, taskId }: LagPartition,
  facts: LagFacts,
  owner: string | null,
): PartitionLag | undefined {
  const key = topicPartitionKey(topic, partition)
  const log = facts.partitions.get(key)
  const committed = facts.committed.get(key)
  if (log === undefined) {
    const unknown = facts.unknown.get(key)
    const place = { topic, partition, subTopology, taskId, owner, committed: committed ?? null }
    return unknown === undefined ? undefined : { ...place, ...noLog, unknown }
  }
  const from = Math.max(committed ?? log.logStart, log.logStart)
  const lag = Math.max(0, log.highWatermark - from)
  const nextTimestamp = facts.nextTimestamps.get(key)
  return {
    topic,
    partition,
    subTopology,
    taskId,
    owner,
    committed: committed ?? null,
    logStart: log.logStart,
    end: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    lag,
    lagMs: lag === 0 || nextTimestamp === undefined ? null : Math.max(0, facts.atMs - nextTimestamp),
    lost: committed === undefined ? 0 : Math.max(0, log.logStart - committed),
    unknown: null,
  }
}

const noLog = { logStart: null, end: null, lastStableOffset: null, lag: null, lagMs: null, lost: 0 } as const

/** By task, and of members that name none by partition. One look at each member: groups have thousands of partitions. */
function ownersIn(group: LagFacts['group']): (wanted: LagPartition) => string | null {
  const byTask = new Map<string, string>()
  const byPartition = new Map<TopicPartitionKey, string>()
  for (const { clientId, host, tasks, partitions } of group?.members ?? []) {
    const owner = `${clientId} at ${host}`
    for (const taskId of tasks) byTask.set(taskId, owner)
    for (const { topic, partition } of partitions) byPartition.set(topicPartitionKey(topic, partition), owner)
  }
  return ({ topic, partition, taskId }) =>
    byTask.get(taskId ?? '') ?? byPartition.get(topicPartitionKey(topic, partition)) ?? null
}

function sumsBy<K>(
  rows: readonly PartitionLag[],
  keyOf: (row: PartitionLag) => K | null,
): (readonly [K, readonly PartitionLag[]])[] {
  const groups = new Map<K, PartitionLag[]>()
  for (const row of rows) {
    const key = keyOf(row)
    if (key === null) continue
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [row])
    else known.push(row)
  }
  return [...groups]
}

function sumOf(rows: readonly PartitionLag[]): LagSum {
  const ages = rows.flatMap(({ lagMs }) => lagMs ?? [])
  return {
    lag: rows.reduce((sum, row) => sum + (row.lag ?? 0), 0),
    lagMs: ages.length === 0 ? null : Math.max(...ages),
    partitions: rows.length,
    unknown: rows.filter(({ unknown }) => unknown !== null).length,
  }
}

export interface LagRate {
  /** Records that were committed in a second. */
  readonly perSecond: number
  /** Until the lag is 0 at the pace of both sides; null: it grows or stands still. */
  readonly catchUpMs: number | null
}

/** Of the time between two reports; undefined also where one of them is not complete. */
export function lagRate(before: LagReport, after: LagReport): LagRate | undefined {
  if (before.total.unknown > 0 || after.total.unknown > 0) return undefined
  const seconds = (after.atMs - before.atMs) / 1000
  if (seconds <= 0) return undefined
  const perSecond = Math.max(0, progressOf(before, after) / seconds)
  const shrinkage = (before.total.lag - after.total.lag) / seconds
  return { perSecond, catchUpMs: shrinkage > 0 ? Math.round((after.total.lag / shrinkage) * 1000) : null }
}

function progressOf(before: LagReport, after: LagReport): number {
  const keyOf = ({ topic, partition }: PartitionLag): TopicPartitionKey => topicPartitionKey(topic, partition)
  const old = new Map(before.partitions.map((row) => [keyOf(row), row.committed ?? row.logStart]))
  return after.partitions.reduce((sum, row) => {
    const from = old.get(keyOf(row))
    return from === undefined || from === null || row.committed === null ? sum : sum + (row.committed - from)
  }, 0)
}

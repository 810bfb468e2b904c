/** Asks a cluster for what a lag report is made of. Topics that do not exist yet are left out. */
import { sleep } from '../../common/clock.ts'
import type { Clock } from '../../common/clock.ts'
import { topicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import { StreamsError } from '../../errors/streams-error.ts'
import type { GroupDescription } from '../../kafka/client/admin-types.ts'
import type { FoundOffsets, Isolation, KafkaClient } from '../../kafka/client/kafka-client.ts'
import { decodeAssignment } from '../assignment/user-data.ts'
import type { TopologyPlan } from '../topology-plan.ts'
import type { ApplicationShape } from './application-shape.ts'
import { planOnCluster } from './cluster-plan.ts'
import { groupPartitions, lagReport, taskPartitions } from './lag.ts'
import type { LagFacts, LagMember, LagReport, PartitionFacts } from './lag.ts'
import { nextTimestamps } from './next-timestamps.ts'
import { openTransactions } from './open-transactions.ts'
import type { OpenTransaction } from './open-transactions.ts'

export interface LagRequest {
  readonly client: KafkaClient
  readonly clock: Clock
  readonly applicationId: string
  /** Undefined: only what the group tells. */
  readonly application: ApplicationShape | undefined
  /** How long a partition that does not answer is waited for, in milliseconds. Default 5000. */
  readonly partitionTimeoutMs?: number
}

/** An election is over by then; who looks at a report does not wait for longer. */
const defaultPartitionTimeoutMs = 5000

export interface LagOnCluster {
  readonly report: LagReport
  readonly transactions: readonly OpenTransaction[]
  /** What could not be looked at, and why. */
  readonly warnings: readonly string[]
}

/** Partitions without a leader, and those whose leader does not answer, are in the report as not known. */
export async function lagOnCluster(request: LagRequest): Promise<LagOnCluster> {
  const { client, clock, applicationId, application, partitionTimeoutMs = defaultPartitionTimeoutMs } = request
  const plan = application === undefined ? undefined : await planOnCluster(client, application)
  const { groups } = client.admin
  const group = (await groups.describe([applicationId])).get(applicationId)
  const committed = new Map([...(await groups.offsets(applicationId))].map(([key, { offset }]) => [key, offset]))
  const known = {
    committed,
    group: group === undefined ? undefined : { state: group.state, members: membersOf(group) },
  }
  const input = plan === undefined ? groupPartitions(known) : taskPartitions(plan)
  const all = [...input, ...changelogPartitions(plan)]
  const { partitions, unknown } = await partitionFacts(client, all, partitionTimeoutMs)
  const positions = new Map<TopicPartitionKey, number>()
  for (const { topic, partition } of input) {
    const key = topicPartitionKey(topic, partition)
    const { logStart = 0, highWatermark = 0 } = partitions.get(key) ?? {}
    const from = Math.max(committed.get(key) ?? logStart, logStart)
    if (from < highWatermark) positions.set(key, from)
  }
  const timestamps = await nextTimestamps(client, clock, positions)
  const facts: LagFacts = { ...known, atMs: clock.now(), partitions, unknown, nextTimestamps: timestamps }
  const { transactions, warnings } = await transactionsOf(client, clock, facts, partitionTimeoutMs)
  return { report: lagReport(applicationId, facts, plan), transactions, warnings }
}

/** A transaction that holds one of them back holds up restores. */
function changelogPartitions(plan: TopologyPlan | undefined): TopicPartition[] {
  const found = plan?.subTopologies.flatMap(({ changelogs, partitionCount }) =>
    changelogs.flatMap(({ topic, isSource }) =>
      isSource ? [] : Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
    ),
  )
  return found ?? []
}

function membersOf({ members }: GroupDescription): LagMember[] {
  return members.map(({ memberId, clientId, host, partitions = [], assignmentUserData }) => ({
    memberId,
    clientId,
    host,
    tasks: decodeAssignment(assignmentUserData)?.activeTasks ?? [],
    partitions,
  }))
}

/** Of those that exist: a repartition topic is made at the first start, others may have been deleted. */
async function partitionFacts(
  client: KafkaClient,
  wanted: readonly TopicPartition[],
  timeoutMs: number,
): Promise<Pick<LagFacts, 'partitions' | 'unknown'>> {
  const topics = await client.describeTopics([...new Set(wanted.map(({ topic }) => topic))])
  const existing = wanted.filter(({ topic, partition }) => partition < (topics.get(topic)?.partitionCount ?? 0))
  const unknown = new Map<TopicPartitionKey, string>()
  // Each of those that have answered so far.
  const offsets = async (timestamp: number, isolation: Isolation): Promise<FoundOffsets['offsets']> => {
    const rest = existing.filter(({ topic, partition }) => !unknown.has(topicPartitionKey(topic, partition)))
    const query = rest.map(({ topic, partition }) => ({ topic, partition, timestamp }))
    const found = await client.findOffsets(query, isolation, { timeoutMs })
    for (const [key, { message }] of found.unknown) unknown.set(key, message)
    return found.offsets
  }
  // The last stable offset last: a transaction that ends meanwhile must not look like an open one.
  const starts = await offsets(-2, 'read_uncommitted')
  const ends = await offsets(-1, 'read_uncommitted')
  const stable = await offsets(-1, 'read_committed')
  const partitions = new Map<TopicPartitionKey, PartitionFacts>()
  for (const { topic, partition } of existing) {
    const key = topicPartitionKey(topic, partition)
    if (unknown.has(key)) continue
    const highWatermark = ends.get(key) ?? 0
    const lastStableOffset = Math.min(stable.get(key) ?? highWatermark, highWatermark)
    partitions.set(key, { logStart: starts.get(key) ?? 0, highWatermark, lastStableOffset })
  }
  return { partitions, unknown }
}

/** Every broker is asked about them: one that does not answer costs no more than their part of the report. */
async function transactionsOf(
  client: KafkaClient,
  clock: Clock,
  { partitions, atMs }: LagFacts,
  timeoutMs: number,
): Promise<Pick<LagOnCluster, 'transactions' | 'warnings'>> {
  const end = new AbortController()
  const asking = openTransactions(client, partitions, atMs)
  try {
    const transactions = await Promise.race([asking, sleep(clock, timeoutMs, end.signal).then(() => undefined)])
    if (transactions !== undefined) return { transactions, warnings: [] }
    return { transactions: [], warnings: [`open transactions were not looked at: no answer in ${timeoutMs} ms`] }
  } catch (error) {
    if (!(error instanceof StreamsError) || !passable.includes(error.code)) throw error
    return { transactions: [], warnings: [`open transactions were not looked at: ${error.message}`] }
  } finally {
    end.abort()
    asking.catch(() => undefined)
  }
}

/** The principal may not, or the brokers cannot (before Kafka 2.8). */
const passable: readonly string[] = ['MILLRACE_KAFKA_AUTHORIZATION', 'MILLRACE_KAFKA_VERSION']

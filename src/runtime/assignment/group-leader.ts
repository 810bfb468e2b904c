/**
 * What the leader of a rebalance does, in order:
 *
 * 1. Reads every member's subscription; a member that cannot be read gets nothing.
 * 2. Where members run different topologies under one application id, keeps those of the one that owns tasks (else of
 *    the oldest process) and tells the others to stop: running both would mix their state.
 * 3. Looks up the input topics and plans tasks and internal topics.
 * 4. Creates the internal topics that are missing.
 * 5. Assigns the tasks, and with each task the partitions of all its input topics.
 *
 * An error that concerns everybody (a missing input topic) is sent to every member as its assignment, so that all of
 * them stop with the same words instead of waiting.
 */
import type { Logger } from '../../common/logger.ts'
import type { TopicPartition } from '../../common/topic-partition.ts'
import { StreamsError } from '../../errors/streams-error.ts'
import type { KafkaClient, MemberAssignment, MemberSubscription } from '../../kafka/client/kafka-client.ts'
import type { CompiledTopology } from '../../topology/topology-node.ts'
import { ensureInternalTopics } from '../internal-topics.ts'
import { hasPatternSource, planTopology, userSourceTopics } from '../topology-plan.ts'
import type { TopicNames, TopologyPlan } from '../topology-plan.ts'
import { assignTasks } from './task-assignor.ts'
import { decodeSubscription, encodeAssignment } from './user-data.ts'
import type { AssignmentInfo, SubscriptionInfo } from './user-data.ts'

export interface GroupLeaderOptions {
  readonly client: KafkaClient
  readonly topology: CompiledTopology
  readonly names: TopicNames
  readonly applicationId: string
  readonly replicationFactor: number
  readonly logger: Logger
}

interface KnownMember {
  readonly memberId: string
  readonly info: SubscriptionInfo
}

export async function assignGroup(
  options: GroupLeaderOptions,
  members: readonly MemberSubscription[],
): Promise<MemberAssignment[]> {
  const known = members.flatMap(({ memberId, userData }): KnownMember[] => {
    const info = decodeSubscription(userData)
    if (info === undefined)
      options.logger.warn({ memberId }, 'a member of the group is not a millrace instance; it gets no tasks')
    return info === undefined ? [] : [{ memberId, info }]
  })
  const fingerprint = rulingFingerprint(known)
  const refused = known.filter(({ info }) => info.topologyFingerprint !== fingerprint)
  const accepted = known.filter(({ info }) => info.topologyFingerprint === fingerprint)
  const assignments = [
    ...members
      .filter(({ memberId }) => !known.some((member) => member.memberId === memberId))
      .map(({ memberId }) => nothing(memberId)),
    ...refused.map(({ memberId }) => refusal(memberId, mismatch(options.applicationId))),
  ]
  try {
    const plan = await plannedTopology(options)
    await ensureInternalTopics(options.client, plan.internalTopics)
    return [...assignments, ...assignPlan(plan, accepted)]
  } catch (error) {
    if (!(error instanceof StreamsError) || error.reaction !== 'fatal') throw error
    const topic = 'topic' in error && typeof error.topic === 'string' ? { topic: error.topic } : {}
    return [
      ...assignments,
      ...accepted.map(({ memberId }) => refusal(memberId, { code: error.code, message: error.message, ...topic })),
    ]
  }
}

async function plannedTopology(options: GroupLeaderOptions): Promise<TopologyPlan> {
  const { client, topology, names, replicationFactor } = options
  const described = await client.describeTopics(hasPatternSource(topology) ? 'all' : userSourceTopics(topology, names))
  return planTopology({
    topology,
    names,
    partitionCount: (topic) => described.get(topic)?.partitionCount,
    existingTopics: [...described.keys()],
    replicationFactor,
  })
}

function assignPlan(plan: TopologyPlan, members: readonly KnownMember[]): MemberAssignment[] {
  const tasks = assignTasks(
    plan.taskIds,
    members.map(({ memberId, info }) => ({ memberId, processId: info.processId, ownedTasks: info.tasks })),
  )
  return [...tasks].map(([memberId, activeTasks]) => ({
    memberId,
    partitions: activeTasks.flatMap((task) => inputPartitions(plan, task)),
    userData: encodeAssignment({ activeTasks }),
  }))
}

function inputPartitions(plan: TopologyPlan, taskId: string): TopicPartition[] {
  const [subTopologyId, partition = 0] = taskId.split('_').map(Number)
  const found = plan.subTopologies.find(({ subTopology }) => subTopology.id === subTopologyId)
  return [...(found?.sourceTopics ?? [])].flatMap(([topic, count]) => (partition < count ? [{ topic, partition }] : []))
}

/** Of the members that own tasks, else of all: the topology of the process that started first. */
function rulingFingerprint(members: readonly KnownMember[]): string | undefined {
  const owners = members.filter(({ info }) => info.tasks.length > 0)
  const eldest = (owners.length > 0 ? owners : members).toSorted(
    (a, b) => a.info.startedAtMs - b.info.startedAtMs || (a.info.processId < b.info.processId ? -1 : 1),
  )[0]
  return eldest?.info.topologyFingerprint
}

function mismatch(applicationId: string): NonNullable<AssignmentInfo['error']> {
  return {
    code: 'MILLRACE_TOPOLOGY_MISMATCH',
    message:
      `other members of '${applicationId}' run a different topology, and state of one cannot serve the other; ` +
      `stop them first, or give this application an id of its own`,
  }
}

function refusal(memberId: string, error: NonNullable<AssignmentInfo['error']>): MemberAssignment {
  return { memberId, partitions: [], userData: encodeAssignment({ activeTasks: [], error }) }
}

function nothing(memberId: string): MemberAssignment {
  return { memberId, partitions: [], userData: undefined }
}

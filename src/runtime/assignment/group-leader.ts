/**
 * What the leader of a rebalance does, in order:
 *
 * 1. Reads every member's subscription; a member that cannot be read gets nothing, and the log says so once.
 * 2. Settles who is who (`duplicates.ts`): a member whose process was started again, or whose directory was copied,
 *    gets no tasks.
 * 3. Where members run different topologies under one application id, keeps those of the one that owns tasks (else of
 *    the oldest process) and tells the others to stop: running both would mix their state.
 * 4. Looks up the input topics and plans tasks and internal topics.
 * 5. Creates the internal topics that are missing.
 * 6. Assigns the tasks, with each task the partitions of all its input topics, and with each member the transactional
 *    ids of vanished members that it must fence first (`task-owners.ts`).
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
import { settleDuplicates } from './duplicates.ts'
import type { KnownMember } from './duplicates.ts'
import { assignTasks } from './task-assignor.ts'
import { handedOver, knownOwners, vanishedOwners } from './task-owners.ts'
import type { OwnersMap } from './task-owners.ts'
import { decodeSubscription, encodeAssignment, userDataVersion } from './user-data.ts'
import type { AssignmentError, AssignmentInfo, ConflictingMember } from './user-data.ts'

export interface GroupLeaderOptions {
  readonly client: KafkaClient
  readonly topology: CompiledTopology
  readonly names: TopicNames
  readonly applicationId: string
  readonly replicationFactor: number
  readonly logger: Logger
  /** All input topics that tasks were planned of, with their partition counts. */
  readonly onPlanned?: (topics: ReadonlyMap<string, number>) => void
}

export class GroupLeader {
  readonly #options: GroupLeaderOptions
  /** Present members that the log already names. */
  #unreadable: ReadonlySet<string> = new Set()

  constructor(options: GroupLeaderOptions) {
    this.#options = options
  }

  async assign(members: readonly MemberSubscription[]): Promise<MemberAssignment[]> {
    const known = members.flatMap(({ memberId, userData }): KnownMember[] => {
      const info = decodeSubscription(userData)
      return info === undefined ? [] : [{ memberId, info }]
    })
    const unreadable = members.filter(({ memberId }) => !known.some((member) => member.memberId === memberId))
    this.#warnOf(unreadable)

    const { running, idle, gone, conflicts } = settleDuplicates(known)
    const fingerprint = rulingFingerprint(running)
    const isAccepted = ({ info }: KnownMember): boolean => info.topologyFingerprint === fingerprint
    const situation = {
      accepted: running.filter(isAccepted),
      conflicts,
      owners: knownOwners(known.map(({ info }) => info)),
      present: new Set(known.flatMap((member) => (gone.includes(member) ? [] : (member.info.transactionalId ?? [])))),
    }
    const error = mismatch(this.#options.applicationId)
    return [
      ...unreadable.map(({ memberId }) => ({ memberId, partitions: [], userData: undefined })),
      ...idle.map(({ memberId }) => withoutTasks(memberId, { conflict: conflicts.get(memberId) })),
      ...running.filter((member) => !isAccepted(member)).map(({ memberId }) => withoutTasks(memberId, { error })),
      ...(await assignAccepted(this.#options, situation)),
    ]
  }

  /** Once for as long as they are in the group. */
  #warnOf(unreadable: readonly MemberSubscription[]): void {
    for (const { memberId, instanceId, userData } of unreadable) {
      if (this.#unreadable.has(memberId)) continue
      const version = userDataVersion(userData)
      this.#options.logger.warn({ memberId, instanceId, version }, unreadableHint(version, this.#options.applicationId))
    }
    this.#unreadable = new Set(unreadable.map(({ memberId }) => memberId))
  }
}

/** What the members said, judged. */
interface Situation {
  readonly accepted: readonly KnownMember[]
  readonly conflicts: ReadonlyMap<string, ConflictingMember>
  readonly owners: OwnersMap
  /** Transactional ids of those that are alive, whether they get tasks or not. */
  readonly present: ReadonlySet<string>
}

async function assignAccepted(options: GroupLeaderOptions, situation: Situation): Promise<MemberAssignment[]> {
  try {
    const plan = await plannedTopology(options)
    await ensureInternalTopics(options.client, plan.internalTopics)
    options.onPlanned?.(new Map(plan.subTopologies.flatMap(({ sourceTopics }) => [...sourceTopics])))
    return assignPlan(plan, situation)
  } catch (error) {
    if (!(error instanceof StreamsError) || error.reaction !== 'fatal') throw error
    const { code, message } = error
    const topic = 'topic' in error && typeof error.topic === 'string' ? error.topic : undefined
    return situation.accepted.map(({ memberId }) => withoutTasks(memberId, { error: { code, message, topic } }))
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

function assignPlan(plan: TopologyPlan, { accepted, conflicts, owners, present }: Situation): MemberAssignment[] {
  const assigned = assignTasks(
    plan.taskIds,
    accepted.map(({ memberId, info: { processId, tasks, localTasks } }) => ({
      memberId,
      processId,
      ownedTasks: tasks,
      localTasks,
    })),
  )
  const given = accepted.map(({ memberId, info: { transactionalId } }) => ({
    memberId,
    transactionalId,
    tasks: assigned.get(memberId) ?? [],
  }))
  const next = handedOver(owners, plan.taskIds, given)
  return given.map(({ memberId, transactionalId, tasks }) => ({
    memberId,
    partitions: tasks.flatMap((task) => inputPartitions(plan, task)),
    userData: encodeAssignment({
      activeTasks: tasks,
      owners: next.owners,
      ownersVersion: next.version,
      fence: transactionalId === undefined ? [] : vanishedOwners(owners, tasks, present),
      conflict: conflicts.get(memberId),
    }),
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

function mismatch(applicationId: string): AssignmentError {
  return {
    code: 'MILLRACE_TOPOLOGY_MISMATCH',
    message:
      `other members of '${applicationId}' run a different topology, and state of one cannot serve the other; ` +
      `stop them first, or give this application an id of its own`,
  }
}

function unreadableHint(version: number | undefined, applicationId: string): string {
  return version === undefined
    ? `a member of the group '${applicationId}' is not a millrace instance; it gets no tasks; ` +
        `give it a group id of its own`
    : `a member of the group '${applicationId}' runs a version of millrace that this one cannot read; it gets no tasks ` +
        `while this one leads; end the rolling upgrade, so that all members run one version`
}

function withoutTasks(memberId: string, reason: Pick<AssignmentInfo, 'conflict' | 'error'>): MemberAssignment {
  const none = { activeTasks: [], owners: {}, ownersVersion: 0, fence: [] }
  return { memberId, partitions: [], userData: encodeAssignment({ ...none, ...reason }) }
}

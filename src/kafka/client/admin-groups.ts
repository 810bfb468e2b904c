/** What operators ask of group coordinators. Every coordinator answers for its own groups; all of them together are the list. */
import { asBuffer } from '../../common/bytes.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import { KafkaError } from '../../errors/kafka-error.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type {
  DescribeGroupsResponseDescribedGroup,
  DescribeGroupsResponseDescribedGroupMember,
} from '../protocol/messages/describe-groups.ts'
import type { GroupAdmin, GroupDescription, GroupListing, GroupMemberDescription, GroupOffset } from './admin-types.ts'
import { mainLane } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { decodeAssignment, decodeSubscription } from './consumer-protocol.ts'
import { onEveryBroker } from './every-broker.ts'
import { byTopic, entriesOf } from './grouping.ts'
import { throwOnError } from './kafka-faults.ts'
import { committedOf, committedPartition } from './offsets.ts'
import { removeMembers } from './predecessors.ts'

const consumerProtocol = 'consumer'
/** Of a group that was never there, and of one whose last trace is gone. */
const deadState = 'Dead'
/** At most so many are asked for at the same time. */
const concurrency = 8

export class GroupRequests implements GroupAdmin {
  readonly #cluster: Cluster
  readonly #timeoutMs: number

  constructor(cluster: Cluster, timeoutMs: number) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
  }

  async list(): Promise<readonly GroupListing[]> {
    const what = 'Listing groups'
    const answers = await onEveryBroker(this.#cluster, { what, timeoutMs: this.#timeoutMs }, async (nodeId) => {
      const answer = await this.#cluster.send(nodeId, mainLane, apis.ListGroups, {})
      throwOnError(answer.errorCode, { what, needs: { cluster: 'Describe' } })
      return answer.groups
    })
    return answers
      .flat()
      .map(({ groupId, protocolType, groupState }) => ({ groupId, protocolType, state: groupState }))
      .toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1))
  }

  async describe(groupIds: readonly string[]): Promise<Map<string, GroupDescription>> {
    const found = new Map<string, GroupDescription>()
    const ids = [...new Set(groupIds)]
    for (let from = 0; from < ids.length; from += concurrency) {
      const part = ids.slice(from, from + concurrency)
      const described = await Promise.all(part.map((groupId) => this.#describe(groupId)))
      for (const group of described) if (group !== undefined) found.set(group.groupId, group)
    }
    return found
  }

  async offsets(groupId: string): Promise<Map<TopicPartitionKey, GroupOffset>> {
    const what = `Fetching all offsets of the group ${groupId}`
    return this.#onCoordinator(groupId, what, async (nodeId) => {
      const response = await this.#cluster.send(
        nodeId,
        mainLane,
        apis.OffsetFetch,
        (version) => (version >= 8 ? { groups: [{ groupId, topics: null }] } : { groupId, topics: null }),
        // 2 is the first that means all topics with null, 10 names topics by id only.
        { minVersion: 2, maxVersion: 9 },
      )
      return committedOf(response, { what, groupId })
    })
  }

  async setOffsets(groupId: string, offsets: ReadonlyMap<TopicPartitionKey, GroupOffset>): Promise<void> {
    if (offsets.size === 0) return
    const what = `Setting offsets of the group ${groupId}`
    await this.#onCoordinator(groupId, what, async (nodeId) => {
      const response = await this.#cluster.send(
        nodeId,
        mainLane,
        apis.OffsetCommit,
        // Of no member: the coordinator admits that while the group has none.
        {
          groupId,
          generationIdOrMemberEpoch: -1,
          memberId: '',
          topics: byTopic(entriesOf(offsets), committedPartition),
        },
        { minVersion: 7, maxVersion: 9 },
      )
      for (const { name, partitions } of response.topics) {
        for (const { partitionIndex: partition, errorCode } of partitions) {
          throwOffsetFault(errorCode, { what: `${what}, ${name}-${partition}`, groupId, topic: name, partition })
        }
      }
    })
  }

  async deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    const what = `Deleting offsets of the group ${groupId}`
    await this.#onCoordinator(groupId, what, async (nodeId) => {
      const topics = byTopic(partitions, ({ partition }) => ({ partitionIndex: partition }))
      const response = await this.#cluster.send(nodeId, mainLane, apis.OffsetDelete, { groupId, topics })
      if (response.errorCode === errorCodes.GROUP_ID_NOT_FOUND) return
      throwOffsetFault(response.errorCode, { what, groupId, needs: { group: 'Delete' } })
      for (const topic of response.topics) {
        for (const { partitionIndex: partition, errorCode } of topic.partitions) {
          // Its topic is gone, and so are its offsets, or soon.
          if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) continue
          const subject = { groupId, topic: topic.name, partition }
          throwOffsetFault(errorCode, { what: `${what}, ${topic.name}-${partition}`, ...subject })
        }
      }
    })
  }

  removeMembers(
    groupId: string,
    members: readonly Pick<GroupMemberDescription, 'memberId' | 'instanceId'>[],
  ): Promise<void> {
    const reason = 'an operator says that its process has ended'
    return removeMembers(this.#cluster, groupId, members, { reason, timeoutMs: this.#timeoutMs })
  }

  #describe(groupId: string): Promise<GroupDescription | undefined> {
    const what = `Describing the group ${groupId}`
    return this.#onCoordinator(groupId, what, async (nodeId) => {
      const request = { groups: [groupId], includeAuthorizedOperations: false }
      const { groups } = await this.#cluster.send(nodeId, mainLane, apis.DescribeGroups, request)
      const group = groups[0]
      if (group === undefined || group.errorCode === errorCodes.GROUP_ID_NOT_FOUND) return undefined
      throwOnError(group.errorCode, { what, groupId, needs: { group: 'Describe' }, message: group.errorMessage })
      return group.groupState === deadState ? undefined : describedGroup(group, nodeId)
    })
  }

  #onCoordinator<T>(groupId: string, what: string, attempt: (nodeId: number) => Promise<T>): Promise<T> {
    return this.#cluster.withCoordinator('group', groupId, { what, timeoutMs: this.#timeoutMs }, attempt)
  }
}

/** What a coordinator answers to who may not touch a group because it has members. */
const activeCodes: readonly number[] = [
  errorCodes.UNKNOWN_MEMBER_ID,
  errorCodes.REBALANCE_IN_PROGRESS,
  errorCodes.NON_EMPTY_GROUP,
  errorCodes.GROUP_SUBSCRIBED_TO_TOPIC,
]

function throwOffsetFault(
  kafkaCode: number,
  subject: {
    readonly what: string
    readonly groupId: string
    readonly topic?: string
    readonly partition?: number
    readonly needs?: Readonly<Record<string, string>>
  },
): void {
  if (activeCodes.includes(kafkaCode)) throw groupActive(subject.what, subject.groupId, kafkaCode)
  throwOnError(kafkaCode, { needs: { group: 'Read', topic: 'Read' }, ...subject })
}

export function groupActive(what: string, groupId: string, kafkaCode: number): KafkaError {
  return new KafkaError(
    'MILLRACE_GROUP_ACTIVE',
    `${what}: the group ${groupId} has members. Stop all instances of the application first; one that was killed stays until its session ends.`,
    { kafkaCode },
  )
}

function describedGroup(group: DescribeGroupsResponseDescribedGroup, coordinator: number): GroupDescription {
  const { groupId, groupState: state, protocolType, protocolData: protocol, members } = group
  const isConsumer = protocolType === consumerProtocol
  return {
    groupId,
    state,
    protocolType,
    protocol,
    coordinator,
    members: members.map((member) => describedMember(member, isConsumer)),
  }
}

function describedMember(
  member: DescribeGroupsResponseDescribedGroupMember,
  isConsumer: boolean,
): GroupMemberDescription {
  const subscription = isConsumer ? decoded(member.memberMetadata, decodeSubscription) : undefined
  const assignment = isConsumer ? decoded(member.memberAssignment, decodeAssignment) : undefined
  return {
    memberId: member.memberId,
    instanceId: member.groupInstanceId ?? undefined,
    clientId: member.clientId,
    // The broker's words begin with a slash, as Java prints addresses.
    host: member.clientHost.replace(/^\//, ''),
    topics: subscription?.topics,
    subscriptionUserData: subscription?.userData,
    partitions: assignment?.partitions,
    assignmentUserData: assignment?.userData,
  }
}

/** Other programs may put anything there. */
function decoded<T>(bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T | undefined {
  if (bytes.byteLength === 0) return undefined
  try {
    return decode(asBuffer(bytes))
  } catch {
    return undefined
  }
}

export async function deleteGroup(cluster: Cluster, groupId: string, timeoutMs: number): Promise<void> {
  const what = `Deleting the group ${groupId}`
  await cluster.withCoordinator('group', groupId, { what, timeoutMs }, async (nodeId) => {
    const { results } = await cluster.send(nodeId, mainLane, apis.DeleteGroups, { groupsNames: [groupId] })
    const errorCode = results[0]?.errorCode ?? errorCodes.NONE
    if (errorCode === errorCodes.GROUP_ID_NOT_FOUND) return
    if (activeCodes.includes(errorCode)) throw groupActive(what, groupId, errorCode)
    throwOnError(errorCode, { what, groupId, needs: { group: 'Delete' } })
  })
}

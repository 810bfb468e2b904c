import { KafkaError } from '../../errors/kafka-error.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { JoinGroupResponse } from '../protocol/messages/join-group.ts'
import type { Cluster } from './cluster.ts'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './consumer-protocol.ts'
import type { GroupHandler, GroupIdentity, GroupOptions, MemberAssignment, MemberSubscription } from './kafka-client.ts'
import { kafkaFault, throwOnError } from './kafka-faults.ts'

export interface Joined {
  readonly memberId: string
  readonly generationId: number
  readonly protocolName: string
  /** Only for the leader, and only when it shall assign. */
  readonly members: readonly MemberSubscription[] | undefined
}

/** The group type under which ordinary tools know how to read members. */
const protocolType = 'consumer'
/** On top of the rebalance time-out, after which the coordinator answers in any case. */
const answerTimeoutMs = 5000
const leaveTimeoutMs = 3000

/** JoinGroup, SyncGroup and LeaveGroup: one attempt each, on a lane of their own because they park at the broker. */
export class JoinRequests {
  readonly #cluster: Cluster
  readonly #options: GroupOptions
  readonly #lane: string
  #nodeId = -1

  constructor(cluster: Cluster, options: GroupOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#lane = `group ${options.groupId}`
  }

  /** `onMemberId` is told the id as soon as the coordinator gives one out, so that it can be given back. */
  async join(
    memberId: string,
    subscription: ReturnType<GroupHandler['subscription']>,
    reason: string,
    onMemberId: (memberId: string) => Promise<void>,
  ): Promise<Joined> {
    const metadata = encodeSubscription(subscription)
    const answer = await this.#joinOnce(memberId, metadata, reason)
    if (answer.errorCode !== errorCodes.MEMBER_ID_REQUIRED) return this.#joined(answer)
    await onMemberId(answer.memberId)
    return this.#joined(await this.#joinOnce(answer.memberId, metadata, reason))
  }

  async sync(
    identity: GroupIdentity,
    protocolName: string,
    assignments: readonly MemberAssignment[],
  ): Promise<Omit<MemberAssignment, 'memberId'>> {
    const { groupId, rebalanceTimeoutMs } = this.#options
    return this.#onCoordinator(async (nodeId) => {
      const { errorCode, assignment } = await this.#cluster.send(
        nodeId,
        this.#lane,
        apis.SyncGroup,
        {
          groupId,
          generationId: identity.generationId,
          memberId: identity.memberId,
          groupInstanceId: identity.instanceId ?? null,
          protocolType,
          protocolName,
          assignments: assignments.map((one) => ({ memberId: one.memberId, assignment: encodeAssignment(one) })),
        },
        { timeoutMs: rebalanceTimeoutMs + answerTimeoutMs },
      )
      throwOnGroupError(errorCode, 'Taking the assignment of', groupId)
      return decodeAssignment(assignment)
    })
  }

  /** Best effort: the session ends by itself if it does not get through. */
  async leave(memberId: string): Promise<void> {
    const { groupId, instanceId } = this.#options
    const groupInstanceId = instanceId ?? null
    try {
      await this.#onCoordinator((nodeId) =>
        this.#cluster.send(
          nodeId,
          `leave ${groupId}`,
          apis.LeaveGroup,
          (version) =>
            version >= 3
              ? { groupId, members: [{ memberId, groupInstanceId, reason: 'the member shuts down' }] }
              : { groupId, memberId },
          { timeoutMs: leaveTimeoutMs },
        ),
      )
      this.#cluster.drop(this.#nodeId, `leave ${groupId}`)
    } catch (error) {
      this.#cluster.logger.info({ group: groupId, cause: String(error) }, 'leaving the group did not get through')
    }
  }

  /** Ends a parked join or sync. */
  interrupt(): void {
    this.#cluster.drop(this.#nodeId, this.#lane)
  }

  #joinOnce(memberId: string, metadata: Buffer, reason: string): Promise<JoinGroupResponse> {
    const { groupId, instanceId, protocolName, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    return this.#onCoordinator(async (nodeId) => {
      const answer = await this.#cluster.send(
        nodeId,
        this.#lane,
        apis.JoinGroup,
        {
          groupId,
          sessionTimeoutMs,
          rebalanceTimeoutMs,
          memberId,
          groupInstanceId: instanceId ?? null,
          protocolType,
          protocols: [{ name: protocolName, metadata }],
          reason,
        },
        { minVersion: 1, timeoutMs: rebalanceTimeoutMs + answerTimeoutMs },
      )
      if (answer.errorCode !== errorCodes.MEMBER_ID_REQUIRED) {
        throwOnGroupError(answer.errorCode, 'Joining', groupId)
      }
      return answer
    })
  }

  #joined(answer: JoinGroupResponse): Joined {
    throwOnGroupError(answer.errorCode, 'Joining', this.#options.groupId)
    const { memberId, generationId, protocolName, leader, skipAssignment, members } = answer
    const isAssigner = leader === memberId && !skipAssignment
    return {
      memberId,
      generationId,
      protocolName: protocolName ?? this.#options.protocolName,
      members: isAssigner
        ? members.map((member) => ({
            memberId: member.memberId,
            instanceId: member.groupInstanceId ?? undefined,
            ...decodeSubscription(member.metadata),
          }))
        : undefined,
    }
  }

  async #onCoordinator<T>(attempt: (nodeId: number) => Promise<T>): Promise<T> {
    const { groupId } = this.#options
    this.#nodeId = await this.#cluster.coordinator('group', groupId)
    try {
      return await attempt(this.#nodeId)
    } catch (error) {
      this.#cluster.noteCoordinatorFault('group', groupId, error)
      throw error
    }
  }
}

function throwOnGroupError(errorCode: number, doing: string, groupId: string): void {
  const what = `${doing} the group ${groupId}`
  if (errorCode !== errorCodes.REBALANCE_IN_PROGRESS) {
    throwOnError(errorCode, { what, groupId, needs: { group: 'Read' } })
  } else {
    const { code, message } = kafkaFault(errorCode, { what })
    throw new KafkaError(code, message, { kafkaCode: errorCode, reaction: 'retriable' })
  }
}

import type { HeartbeatRequest, HeartbeatResponse } from '../../protocol/messages/heartbeat.ts'
import type { JoinGroupRequest, JoinGroupResponse } from '../../protocol/messages/join-group.ts'
import type { LeaveGroupRequest, LeaveGroupResponse } from '../../protocol/messages/leave-group.ts'
import type { SyncGroupRequest, SyncGroupResponse } from '../../protocol/messages/sync-group.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { codeOf, Refusal, refusalOf } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'

/** From here on a member must say which protocol it joined with (KIP-559). */
const firstSyncVersionWithProtocol = 5

export async function joinGroup(
  request: JoinGroupRequest,
  { state, node, version, clientId, clientHost }: RequestContext,
): Promise<MessageInput<JoinGroupResponse>> {
  const { groupId, memberId, groupInstanceId, sessionTimeoutMs, protocolType, protocols } = request
  try {
    state.nodes.requireCoordinator('group', groupId, node)
    const joined = await state.groups.join(groupId, {
      memberId,
      instanceId: groupInstanceId,
      clientId,
      clientHost,
      sessionTimeoutMs,
      // Version 0 has one timeout for both.
      rebalanceTimeoutMs: request.rebalanceTimeoutMs < 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs,
      protocolType,
      protocols,
      requireKnownMemberId: version >= 4,
      supportsSkippingAssignment: version >= 9,
    })
    return { ...joined, protocolName: joined.protocolName ?? '' }
  } catch (error) {
    const refusal = refusalOf(error)
    return {
      errorCode: refusal.errorCode,
      generationId: -1,
      protocolName: version >= 7 ? null : '',
      memberId: refusal.memberId === '' ? memberId : refusal.memberId,
    }
  }
}

export async function syncGroup(
  request: SyncGroupRequest,
  { state, node, version }: RequestContext,
): Promise<MessageInput<SyncGroupResponse>> {
  const { groupId, memberId, groupInstanceId, generationId, protocolType, protocolName, assignments } = request
  try {
    const isSilent = protocolType === null || protocolName === null
    if (isSilent && version >= firstSyncVersionWithProtocol) throw new Refusal('INCONSISTENT_GROUP_PROTOCOL')
    state.nodes.requireCoordinator('group', groupId, node)
    return await state.groups.sync(groupId, {
      memberId,
      instanceId: groupInstanceId,
      generationId,
      protocolType,
      protocolName,
      assignments,
    })
  } catch (error) {
    return { errorCode: refusalOf(error).errorCode, assignment: Buffer.alloc(0) }
  }
}

export function heartbeat(
  { groupId, memberId, groupInstanceId, generationId }: HeartbeatRequest,
  { state, node }: RequestContext,
): MessageInput<HeartbeatResponse> {
  const errorCode = codeOf(() => {
    state.nodes.requireCoordinator('group', groupId, node)
    state.groups.heartbeat(groupId, memberId, groupInstanceId, generationId)
  })
  return { errorCode }
}

export function leaveGroup(
  { groupId, memberId, members }: LeaveGroupRequest,
  { state, node, version }: RequestContext,
): MessageInput<LeaveGroupResponse> {
  const moved = codeOf(() => state.nodes.requireCoordinator('group', groupId, node))
  if (moved !== 0) return { errorCode: moved }
  if (version < 3) return { errorCode: codeOf(() => state.groups.leave(groupId, memberId, null)) }
  return {
    members: members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      errorCode: codeOf(() => state.groups.leave(groupId, member.memberId, member.groupInstanceId)),
    })),
  }
}

import type { DeleteGroupsRequest, DeleteGroupsResponse } from '../../protocol/messages/delete-groups.ts'
import type {
  DescribeGroupsRequest,
  DescribeGroupsResponse,
  DescribeGroupsResponseDescribedGroup,
} from '../../protocol/messages/describe-groups.ts'
import type { ListGroupsRequest, ListGroupsResponse } from '../../protocol/messages/list-groups.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { groupOperations } from '../permissions.ts'
import { codeOf, Refusal } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'

/** From here on a group that is not there is an error; before it is a dead one (KIP-1043). */
const firstVersionWithNotFound = 6

export function describeGroups(
  { groups, includeAuthorizedOperations }: DescribeGroupsRequest,
  context: RequestContext,
): MessageInput<DescribeGroupsResponse> {
  return {
    groups: groups.map((groupId) => {
      const group = describeGroup(groupId, context)
      const isTold = includeAuthorizedOperations && (group.errorCode ?? 0) === 0
      return isTold ? { ...group, authorizedOperations: groupOperations } : group
    }),
  }
}

function describeGroup(
  groupId: string,
  { state, node, version }: RequestContext,
): MessageInput<DescribeGroupsResponseDescribedGroup> {
  const moved = codeOf(() => state.nodes.requireCoordinator('group', groupId, node))
  if (moved !== 0) return { groupId, errorCode: moved }
  const group = state.groups.get(groupId)?.classic
  if (group === undefined) {
    const { errorCode } = new Refusal('GROUP_ID_NOT_FOUND')
    if (version < firstVersionWithNotFound) return { groupId, groupState: 'Dead' }
    return { groupId, groupState: 'Dead', errorCode, errorMessage: `Group ${groupId} not found.` }
  }
  const protocol = group.state === 'Stable' ? group.protocolName : null
  return {
    groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: protocol ?? '',
    members: [...group.members].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: member.metadata(protocol),
      memberAssignment: group.state === 'Stable' ? member.assignment : Buffer.alloc(0),
    })),
  }
}

/** Each node lists the groups it coordinates. */
export function listGroups(
  { statesFilter, typesFilter }: ListGroupsRequest,
  { state, node, version }: RequestContext,
): MessageInput<ListGroupsResponse> {
  const states = new Set(statesFilter.map((name) => name.toLowerCase()))
  const types = new Set(typesFilter.map((name) => name.toLowerCase()))
  if (types.size > 0 && !types.has('classic')) return {}
  const own = state.groups.ids.filter((groupId) => state.nodes.coordinator('group', groupId) === node)
  return {
    groups: own.flatMap((groupId) => {
      const group = state.groups.get(groupId)?.classic
      if (group === undefined || (states.size > 0 && !states.has(group.state.toLowerCase()))) return []
      const listed = { groupId, protocolType: group.protocolType ?? '' }
      const groupState = version >= 4 ? { groupState: group.state } : {}
      return version >= 5 ? { ...listed, ...groupState, groupType: 'classic' } : { ...listed, ...groupState }
    }),
  }
}

export function deleteGroups(
  { groupsNames }: DeleteGroupsRequest,
  { state, node }: RequestContext,
): MessageInput<DeleteGroupsResponse> {
  return {
    results: groupsNames.map((groupId) => ({
      groupId,
      errorCode: codeOf(() => {
        state.nodes.requireCoordinator('group', groupId, node)
        state.groups.delete(groupId)
      }),
    })),
  }
}

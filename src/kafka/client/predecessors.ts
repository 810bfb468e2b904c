/**
 * Ends what processes that are gone left behind: open transactions, memberships. Whatever is already over, or was never
 * there, is as it should be; so both may be repeated, by several at once.
 */
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { Cluster } from './cluster.ts'
import { mainLane } from './cluster.ts'
import { kafkaFault } from './kafka-faults.ts'
import { transactionBackoff } from './transaction-faults.ts'
import { TransactionRequests } from './transaction-requests.ts'

export interface FenceOptions {
  readonly transactionTimeoutMs: number
  readonly timeoutMs: number
}

/**
 * All at once: each may have to wait for the markers of its transaction. Settles when all have, so that nothing goes on
 * in the background that could fence a producer of the same id made later.
 */
export async function fenceProducers(
  cluster: Cluster,
  transactionalIds: readonly string[],
  options: FenceOptions,
): Promise<void> {
  const fenced = await Promise.allSettled(
    [...new Set(transactionalIds)].map((transactionalId) =>
      new TransactionRequests(cluster, { ...options, transactionalId }).initProducerId(),
    ),
  )
  for (const result of fenced) if (result.status === 'rejected') throw result.reason
}

/** Also of a group that does not exist any more, and of an instance id that another process has taken over. */
const harmless: readonly number[] = [
  errorCodes.NONE,
  errorCodes.UNKNOWN_MEMBER_ID,
  errorCodes.FENCED_INSTANCE_ID,
  errorCodes.GROUP_ID_NOT_FOUND,
]

/** With its member id always, so that no more than this very membership is ended, not that of who has its instance id now. */
export interface Leaver {
  readonly memberId: string
  readonly instanceId?: string | undefined
}

export interface RemovalOptions {
  /** Why, for the log of the broker. */
  readonly reason: string
  readonly timeoutMs: number
}

export async function removeMembers(
  cluster: Cluster,
  groupId: string,
  leavers: readonly Leaver[],
  { reason, timeoutMs }: RemovalOptions,
): Promise<void> {
  if (leavers.length === 0) return
  const what = `Removing members of processes that are gone from the group ${groupId}`
  const unique = new Map(leavers.map(({ memberId, instanceId }) => [memberId, instanceId ?? null]))
  const members = [...unique].map(([memberId, groupInstanceId]) => ({ memberId, groupInstanceId, reason }))
  const retry = { what, timeoutMs, onFault: transactionBackoff }
  await cluster.withCoordinator('group', groupId, retry, async (nodeId) => {
    const answer = await cluster.send(nodeId, mainLane, apis.LeaveGroup, { groupId, members }, { minVersion: 3 })
    const faults = [answer.errorCode, ...answer.members.map(({ errorCode }) => errorCode)]
      .filter((code) => !harmless.includes(code))
      .map((code) => kafkaFault(code, { what, groupId, needs: { group: 'Read' } }))
    const fault = faults.find(({ reaction }) => reaction !== 'retriable') ?? faults[0]
    if (fault !== undefined) throw fault
  })
}

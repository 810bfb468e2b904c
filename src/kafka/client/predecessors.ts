/** Ends what processes that are gone left behind: open transactions, memberships. */
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { Cluster } from './cluster.ts'
import { mainLane } from './cluster.ts'
import { throwOnError } from './kafka-faults.ts'
import { TransactionRequests } from './transaction-requests.ts'

export interface FenceOptions {
  readonly transactionTimeoutMs: number
  readonly timeoutMs: number
}

/** All at once: each may have to wait for the markers of its transaction. */
export async function fenceProducers(
  cluster: Cluster,
  transactionalIds: readonly string[],
  options: FenceOptions,
): Promise<void> {
  await Promise.all(
    transactionalIds.map((transactionalId) =>
      new TransactionRequests(cluster, { ...options, transactionalId }).initProducerId(),
    ),
  )
}

const harmless: readonly number[] = [errorCodes.NONE, errorCodes.UNKNOWN_MEMBER_ID]

export async function removeMembers(
  cluster: Cluster,
  groupId: string,
  memberIds: readonly string[],
  timeoutMs: number,
): Promise<void> {
  if (memberIds.length === 0) return
  const what = `Removing members of processes that are gone from the group ${groupId}`
  const members = memberIds.map((memberId) => ({
    memberId,
    groupInstanceId: null,
    reason: 'its process has ended and was started again',
  }))
  await cluster.withCoordinator('group', groupId, { what, timeoutMs }, async (nodeId) => {
    const answer = await cluster.send(nodeId, mainLane, apis.LeaveGroup, { groupId, members }, { minVersion: 3 })
    const fault = [answer.errorCode, ...answer.members.map(({ errorCode }) => errorCode)].find(
      (code) => !harmless.includes(code),
    )
    if (fault !== undefined) throwOnError(fault, { what })
  })
}

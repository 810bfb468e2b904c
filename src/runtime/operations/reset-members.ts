/**
 * Members whose processes are gone although their sessions last (long session timeouts, static membership): their
 * memberships are ended for them, as Kafka's StreamsResetter does with --force. No broker can tell such a member from one
 * that is alive, so afterwards it is watched whether anybody comes back: who lives learns it with its next heartbeat, and
 * joins again.
 */
import { sleep } from '../../common/clock.ts'
import type { Clock } from '../../common/clock.ts'
import { RuntimeError } from '../../errors/runtime-error.ts'
import type { GroupMemberDescription } from '../../kafka/client/admin-types.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import type { ResetMember } from './reset-plan.ts'

export interface MemberRemoval {
  readonly clock: Clock
  /** For so long nobody may come back; longer than members take from one heartbeat to the next. */
  readonly watchMs: number
}

interface RemovalRequest {
  readonly client: KafkaClient
  readonly applicationId: string
  readonly removal?: MemberRemoval | undefined
}

const lookEveryMs = 500

/** Throws MILLRACE_RESET_REFUSED where one of them turns out to be alive. */
export async function removeMembers(
  { client, applicationId, removal }: RemovalRequest,
  members: readonly ResetMember[],
): Promise<void> {
  const { groups } = client.admin
  if (removal === undefined) throw stillRunning(applicationId, members)
  const { clock, watchMs } = removal
  await groups.removeMembers(
    applicationId,
    members.map(({ memberId, instanceId }) => ({ memberId, instanceId: instanceId ?? undefined })),
  )
  const untilMs = clock.now() + watchMs
  for (;;) {
    const leftMs = untilMs - clock.now()
    const back = (await groups.describe([applicationId])).get(applicationId)?.members ?? []
    if (back.length > 0) throw stillRunning(applicationId, back.map(resetMember))
    if (leftMs <= 0) return
    await sleep(clock, Math.min(lookEveryMs, leftMs))
  }
}

export function resetMember({ memberId, instanceId, clientId, host }: GroupMemberDescription): ResetMember {
  return { memberId, instanceId: instanceId ?? null, clientId, host }
}

function stillRunning(applicationId: string, members: readonly ResetMember[]): RuntimeError {
  // Names that others chose; a line break in one shall not look like the end of the message.
  const names = members.map(({ clientId, host, memberId }) =>
    `${clientId} at ${host} (${memberId})`.replaceAll(/\p{Cc}/gu, ' '),
  )
  return new RuntimeError(
    'MILLRACE_RESET_REFUSED',
    `'${applicationId}' is running, so nothing was reset: after the memberships had been ended, the group has members again. Stop ${members.length === 1 ? 'this instance' : 'these instances'} first: ${names.join(', ')}`,
  )
}

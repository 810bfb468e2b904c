/** Who runs an application, as its group tells it: instances, their tasks, and what their user data says of them. */
import type { GroupMemberDescription } from '../../kafka/client/admin-types.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import { decodeAssignment, decodeSubscription } from '../assignment/user-data.ts'
import type { AssignmentError } from '../assignment/user-data.ts'

export interface ApplicationStatus {
  readonly applicationId: string
  /** As the broker names it; `Dead` for a group that does not exist. */
  readonly groupState: string
  readonly coordinator: number | undefined
  readonly instances: readonly InstanceListing[]
}

export interface InstanceListing {
  readonly memberId: string
  readonly instanceId: string | undefined
  readonly clientId: string
  /** Where its connection comes from, as the broker sees it. */
  readonly connectedFrom: string
  /** False for a member that is not ours (another tool or version in the group); the fields below are then unknown. */
  readonly isOurs: boolean
  readonly host: string | undefined
  readonly processId: string | undefined
  readonly startedAtMs: number | undefined
  /** Its slot of the state directory. */
  readonly directory: string | undefined
  /** `host:port` of its status server. */
  readonly http: string | undefined
  readonly topologyFingerprint: string | undefined
  readonly tasks: readonly string[]
  /** With state on its disk although others run them. */
  readonly localTasks: readonly string[]
  /** Why the leader told it to stop. */
  readonly error: AssignmentError | undefined
}

/** Dead is Kafka's word for a group that is not there. */
const dead = 'Dead'

export async function applicationStatus(client: KafkaClient, applicationId: string): Promise<ApplicationStatus> {
  const group = (await client.admin.groups.describe([applicationId])).get(applicationId)
  return {
    applicationId,
    groupState: group?.state ?? dead,
    coordinator: group?.coordinator,
    instances: (group?.members ?? []).map(listingOf).toSorted(byHost),
  }
}

function listingOf(member: GroupMemberDescription): InstanceListing {
  const { memberId, instanceId, clientId, host } = member
  const said = decodeSubscription(member.subscriptionUserData)
  const told = decodeAssignment(member.assignmentUserData)
  const active = told?.activeTasks ?? said?.tasks ?? []
  return {
    memberId,
    instanceId,
    clientId,
    connectedFrom: host.replace(/^\//, ''),
    isOurs: said !== undefined,
    host: said?.host,
    processId: said?.processId,
    startedAtMs: said?.startedAtMs,
    directory: said?.directory,
    http: said?.http,
    topologyFingerprint: said?.topologyFingerprint,
    tasks: active.toSorted(byTask),
    localTasks: (said?.localTasks ?? []).filter((task) => !active.includes(task)).toSorted(byTask),
    error: told?.error,
  }
}

function byHost(one: InstanceListing, two: InstanceListing): number {
  const key = ({ host, memberId }: InstanceListing): string => `${host ?? ''} ${memberId}`
  return key(one) < key(two) ? -1 : 1
}

/** `0_10` after `0_9`. */
export function byTask(one: string, two: string): number {
  const [subTopology = 0, partition = 0] = one.split('_').map(Number)
  const [otherSubTopology = 0, otherPartition = 0] = two.split('_').map(Number)
  return subTopology - otherSubTopology || partition - otherPartition
}

/**
 * Plans a reset from what the cluster and the disk say, and carries it out. The order lets an interrupted one be done
 * again: what can be found again goes first, and the offsets of the input, of which a shift is counted from what is there,
 * last and in one request.
 */
import type { FileSystem } from '../../common/file-system.ts'
import { parseTopicPartition, topicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import { RuntimeError } from '../../errors/runtime-error.ts'
import type { GroupOffset } from '../../kafka/client/admin-types.ts'
import type { KafkaClient, TopicMetadata } from '../../kafka/client/kafka-client.ts'
import type { LockSystem } from '../lock-system.ts'
import type { ApplicationShape } from './application-shape.ts'
import { looksInternal } from './internal-topic-names.ts'
import { localState, removeLocalState } from './local-state.ts'
import type { LocalState } from './local-state.ts'
import { removeMembers, resetMember } from './reset-members.ts'
import type { MemberRemoval } from './reset-members.ts'
import { chooseTopics } from './reset-plan.ts'
import type { ChosenTopics, ResetPlan } from './reset-plan.ts'
import { offsetReset } from './reset-target.ts'
import type { OffsetReset, ResetBounds, ResetTarget } from './reset-target.ts'

export interface ResetRequest {
  readonly client: KafkaClient
  readonly applicationId: string
  readonly application: ApplicationShape | undefined
  readonly target: ResetTarget
  readonly inputTopics: readonly string[] | undefined
  /** To delete although the topology does not have them. */
  readonly alsoInternal: readonly string[]
  /** Undefined: local state stays. */
  readonly stateDir: string | undefined
  readonly fileSystem: FileSystem
  readonly lockSystem?: LockSystem
  /** Members that the plan has are removed; undefined: with members nothing is reset. */
  readonly removal?: MemberRemoval | undefined
}

export async function resetPlanOnCluster(request: ResetRequest): Promise<ResetPlan> {
  const { client, applicationId, application, inputTopics, alsoInternal, stateDir } = request
  const { groups } = client.admin
  const group = (await groups.describe([applicationId])).get(applicationId)
  const committed = await groups.offsets(applicationId)
  const existing = await client.describeTopics('all')
  const groupIds = (await groups.list()).map(({ groupId }) => groupId)
  const choice = { applicationId, application, existing, groupIds, committed, alsoInternal, inputTopics }
  const chosen = chooseTopics(choice)
  requireTopics(chosen, existing, applicationId)
  return {
    applicationId,
    members: (group?.members ?? []).map(resetMember),
    offsets: await offsetResets(request, chosen.input, existing, committed),
    deleteOffsets: [...committed.keys()]
      .map(parseTopicPartition)
      .filter(({ topic }) => isDeleted(topic, chosen, choice)),
    deleteTopics: chosen.internal,
    keptTopics: chosen.kept,
    state: stateDir === undefined ? null : await localState({ ...request, stateDir }),
  }
}

/** Also of a topic that a reset has deleted which did not come to its end. Others are nobody's business here. */
function isDeleted(
  topic: string,
  { internal }: ChosenTopics,
  {
    applicationId,
    existing,
  }: { readonly applicationId: string; readonly existing: ReadonlyMap<string, TopicMetadata> },
): boolean {
  return internal.includes(topic) || (looksInternal(topic, applicationId) && !existing.has(topic))
}

function requireTopics(
  chosen: ChosenTopics,
  existing: ReadonlyMap<string, TopicMetadata>,
  applicationId: string,
): void {
  const [refused] = chosen.refused
  if (refused !== undefined) {
    const message = `the topic '${refused.name}' cannot be reset with '${applicationId}': ${refused.reason}`
    throw new RuntimeError('MILLRACE_RESET_REFUSED', message, { topic: refused.name })
  }
  const missing = chosen.input.find((name) => !existing.has(name))
  if (missing === undefined) return
  const message = `the input topic '${missing}' does not exist; create it, or name those to reset (--input-topics)`
  throw new RuntimeError('MILLRACE_SOURCE_TOPIC_MISSING', message, { topic: missing })
}

async function offsetResets(
  { client, target }: ResetRequest,
  input: readonly string[],
  existing: ReadonlyMap<string, TopicMetadata>,
  committed: ReadonlyMap<TopicPartitionKey, GroupOffset>,
): Promise<OffsetReset[]> {
  const partitions = input.flatMap((topic) =>
    Array.from({ length: existing.get(topic)?.partitionCount ?? 0 }, (_, partition) => ({ topic, partition })),
  )
  if (target.kind === 'offsets') requireInput(target.offsets, partitions)
  const bounds = await boundsOf(client, partitions, target)
  return partitions.flatMap((one) => {
    const key = topicPartitionKey(one.topic, one.partition)
    const found = bounds.get(key)
    if (found === undefined) return []
    return offsetReset(one, target, found, committed.get(key)?.offset) ?? []
  })
}

function requireInput(offsets: ReadonlyMap<TopicPartitionKey, number>, partitions: readonly TopicPartition[]): void {
  const known = new Set(partitions.map(({ topic, partition }) => topicPartitionKey(topic, partition)))
  const stranger = [...offsets.keys()].find((key) => !known.has(key))
  if (stranger === undefined) return
  const message = `the offsets name ${stranger}, which is no partition of the input: ${[...new Set(partitions.map(({ topic }) => topic))].join(', ')}`
  throw new RuntimeError('MILLRACE_RESET_REFUSED', message, parseTopicPartition(stranger))
}

async function boundsOf(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  target: ResetTarget,
): Promise<Map<TopicPartitionKey, ResetBounds>> {
  const at = (timestamp: number): Promise<Map<TopicPartitionKey, number>> =>
    client.listOffsets(
      partitions.map((one) => ({ ...one, timestamp })),
      'read_uncommitted',
    )
  const [starts, ends] = [await at(-2), await at(-1)]
  const atTime = target.kind === 'time' ? await at(target.timestampMs) : undefined
  return new Map(
    partitions.map(({ topic, partition }) => {
      const key = topicPartitionKey(topic, partition)
      return [key, { logStart: starts.get(key) ?? 0, end: ends.get(key) ?? 0, atTime: atTime?.get(key) }]
    }),
  )
}

export type ResetStep =
  'members of the group' | 'internal topics' | 'offsets of internal topics' | 'local state' | 'offsets of the input'

export interface ResetOutcome {
  readonly done: readonly ResetStep[]
  /** The step that failed, and why; with those after it not done. */
  readonly failed: { readonly step: ResetStep; readonly error: unknown } | undefined
  readonly remaining: readonly ResetStep[]
}

/** The group must have no members but those that the plan removes; each step may have been done before. */
export async function carryOutReset(request: ResetRequest, plan: ResetPlan): Promise<ResetOutcome> {
  const steps = stepsOf(request, plan)
  const done: ResetStep[] = []
  for (const [index, { step, work }] of steps.entries()) {
    try {
      await work()
      done.push(step)
    } catch (error) {
      return { done, failed: { step, error }, remaining: steps.slice(index).map((one) => one.step) }
    }
  }
  return { done, failed: undefined, remaining: [] }
}

function stepsOf(
  request: ResetRequest,
  { applicationId, members, offsets, deleteOffsets, deleteTopics, state }: ResetPlan,
): { readonly step: ResetStep; readonly work: () => Promise<void> }[] {
  const { admin } = request.client
  const moved = offsets.filter(({ from, to }) => from !== to)
  const removal = { step: 'members of the group', work: () => removeMembers(request, members) } as const
  return [
    ...(members.length === 0 ? [] : [removal]),
    { step: 'internal topics', work: () => admin.deleteTopics(deleteTopics) },
    { step: 'offsets of internal topics', work: () => admin.groups.deleteOffsets(applicationId, deleteOffsets) },
    ...(state === null ? [] : [{ step: 'local state', work: () => removeState(request, state) } as const]),
    {
      step: 'offsets of the input',
      work: () =>
        admin.groups.setOffsets(
          applicationId,
          new Map(moved.map(({ topic, partition, to }) => [topicPartitionKey(topic, partition), { offset: to }])),
        ),
    },
  ]
}

async function removeState(request: ResetRequest, state: LocalState): Promise<void> {
  const { held } = await removeLocalState(state, request)
  const [directory] = held
  if (directory !== undefined) throw slotHeld(directory)
}

function slotHeld(directory: string): RuntimeError {
  const message = `a running process holds ${directory}, so the state there stays; stop it, and call reset again`
  return new RuntimeError('MILLRACE_RESET_REFUSED', message)
}

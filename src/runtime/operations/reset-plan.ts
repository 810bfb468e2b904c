/**
 * What starting an application over takes: offsets of its input, its internal topics, their offsets, and the state on this
 * machine. Made of facts, shown before anything happens, and made anew before it is carried out. Topics of others, dead
 * letters among them, are never deleted.
 */
import path from 'node:path'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicMetadata } from '../../kafka/client/kafka-client.ts'
import { userSourceTopics } from '../topology-plan.ts'
import type { ApplicationShape } from './application-shape.ts'
import { looksInternal, otherOwner, shorterOwner } from './internal-topic-names.ts'
import type { LocalState } from './local-state.ts'
import type { OffsetReset } from './reset-target.ts'

export interface ResetMember {
  readonly memberId: string
  /** `group.instance.id`; null: no static member. */
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
}

export interface KeptTopic {
  readonly name: string
  readonly reason: string
}

export interface ResetPlan {
  readonly applicationId: string
  /** While there are any, nothing may be reset: who is alive has to be stopped, who is gone to be removed. */
  readonly members: readonly ResetMember[]
  /** Of all partitions of the input, those that stay where they are, too. */
  readonly offsets: readonly OffsetReset[]
  /** Of internal topics. */
  readonly deleteOffsets: readonly TopicPartition[]
  readonly deleteTopics: readonly string[]
  /** What looks like an internal topic of this application and is not deleted. */
  readonly keptTopics: readonly KeptTopic[]
  /** Null: it shall stay. */
  readonly state: LocalState | null
}

/** Whether there is anything to do. */
export function isReset({ members, offsets, deleteOffsets, deleteTopics, state }: ResetPlan): boolean {
  return (
    members.length === 0 &&
    deleteOffsets.length === 0 &&
    deleteTopics.length === 0 &&
    offsets.every(({ from, to }) => from === to) &&
    (state?.slots.every((slot) => slot.state.length === 0) ?? true)
  )
}

/** Whether it destroys anything that `shown` does not: offsets of a log that is written to move all the time. */
export function goesBeyond({ deleteTopics, state }: ResetPlan, shown: ResetPlan): boolean {
  const known = new Set([...shown.deleteTopics, ...removedState(shown.state)])
  return [...deleteTopics, ...removedState(state)].some((one) => !known.has(one))
}

function removedState(state: LocalState | null): readonly string[] {
  return (state?.slots ?? []).flatMap((slot) => slot.state.map((name) => path.join(slot.directory, name)))
}

/** Slots that a running process has, and with them the state. */
export function heldSlots({ state }: ResetPlan): readonly string[] {
  return (state?.slots ?? []).flatMap(({ directory, isHeld }) => (isHeld ? [directory] : []))
}

// --- which topics ---------------------------------------------------------------------------------------------------

export interface TopicChoice {
  readonly applicationId: string
  /** Undefined: names have to do. */
  readonly application: ApplicationShape | undefined
  readonly existing: ReadonlyMap<string, TopicMetadata>
  readonly groupIds: readonly string[]
  /** What the group has committed. */
  readonly committed: ReadonlyMap<TopicPartitionKey, unknown>
  /** Those that shall be deleted although the topology does not have them. */
  readonly alsoInternal: readonly string[]
  /** Instead of those of the topology, or of the group's. */
  readonly inputTopics: readonly string[] | undefined
}

export interface ChosenTopics {
  readonly input: readonly string[]
  readonly internal: readonly string[]
  readonly kept: readonly KeptTopic[]
  /** Not possible, with the reason and what to do. */
  readonly refused: readonly KeptTopic[]
}

export function chooseTopics(choice: TopicChoice): ChosenTopics {
  const { applicationId, existing, alsoInternal } = choice
  const internal: string[] = []
  const kept: KeptTopic[] = []
  for (const name of [...existing.keys()].toSorted()) {
    const isOurs = isOwn(name, choice)
    // Most topics of a cluster are nothing of ours, and whose they are is looked for among all of its groups.
    if (!isOurs && !looksInternal(name, applicationId)) continue
    const reason = isOurs || alsoInternal.includes(name) ? undefined : reasonToKeep(name, choice)
    if (reason === undefined) internal.push(name)
    else kept.push({ name, reason })
  }
  const input = (choice.inputTopics ?? inputOf(choice)).filter((name) => !internal.includes(name))
  return {
    input,
    internal,
    kept,
    refused: [...refusedInternal(choice), ...refusedInput(choice), ...ambiguous(choice, internal)],
  }
}

function refusedInternal({ applicationId, groupIds, alsoInternal }: TopicChoice): KeptTopic[] {
  return alsoInternal.flatMap((name) => {
    if (!looksInternal(name, applicationId))
      return [{ name, reason: `it is no internal topic of '${applicationId}'; correct its name` }]
    const owner = otherOwner(name, applicationId, groupIds)
    return owner === undefined ? [] : [{ name, reason: `it belongs to the application '${owner}'; leave it out` }]
  })
}

function refusedInput({ inputTopics = [], existing }: TopicChoice): KeptTopic[] {
  return inputTopics
    .filter((name) => !existing.has(name))
    .map((name) => ({ name, reason: 'it does not exist; correct its name' }))
}

/** `orders-eu-counts-changelog` is of `orders-eu`, or of a store `eu-counts` of `orders`: the id alone does not say. */
function ambiguous(
  { applicationId, application, groupIds, alsoInternal }: TopicChoice,
  internal: readonly string[],
): KeptTopic[] {
  if (application !== undefined) return []
  return internal.flatMap((name) => {
    const other = alsoInternal.includes(name) ? undefined : shorterOwner(name, applicationId, groupIds)
    if (other === undefined) return []
    const reason = `by its name it may as well be one of '${other}'; name the topology module of '${applicationId}', or the topics that are its own (--internal-topics)`
    return [{ name, reason }]
  })
}

/** By the topology. */
function isOwn(name: string, { application }: TopicChoice): boolean {
  if (application === undefined) return false
  const kind = application.names.kindOf(name)
  return kind === 'changelog' || kind === 'repartition'
}

function reasonToKeep(name: string, choice: TopicChoice): string | undefined {
  const { applicationId, application, groupIds } = choice
  const owner = otherOwner(name, applicationId, groupIds)
  if (owner !== undefined) return `it belongs to the application '${owner}', whose id begins with '${applicationId}-'`
  if (application === undefined) return undefined
  return 'the topology does not have it: it may be of an older version, or of another application'
}

/** Without a topology: what the group has committed, but for its own. */
function inputOf(choice: TopicChoice): string[] {
  const { applicationId, application, existing, committed } = choice
  if (application === undefined) {
    const topics = new Set([...committed.keys()].map((key) => key.slice(0, key.lastIndexOf('-'))))
    return [...topics].filter((name) => existing.has(name) && !looksInternal(name, applicationId)).toSorted()
  }
  const { topology, names } = application
  const patterns = topology.subTopologies.flatMap((subTopology) => [
    ...names.inputTopics(subTopology, [...existing.keys()]).values(),
  ])
  const all = new Set([...userSourceTopics(topology, names), ...patterns.flat()])
  return [...all].filter((name) => names.kindOf(name) === 'external').toSorted()
}

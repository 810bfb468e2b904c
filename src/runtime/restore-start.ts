/**
 * May the state that is on this machine be gone on from, and where? Judged when a task is opened, from the marker of its
 * state and what the cluster says of its topics. Three answers:
 *
 * - **replay** from an offset: the ordinary one.
 * - **rebuild**: the changelog has all that is needed, but the local store cannot be brought up to date from its marker.
 * - **refuse** (an error): the local store has what the cluster has lost, or the group's offsets would apply input twice.
 *   Nothing is touched; a person decides, and the error says between what.
 */
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import type { OffsetAndMetadata } from '../kafka/client/kafka-client.ts'
import { hasEntriesOf } from '../state/state-engine.ts'
import type { ManagedTask } from './managed-task.ts'
import type { TaskChangelog } from './task/task-options.ts'

/** What the cluster says of one changelog partition. */
export interface ChangelogFacts {
  readonly logStart: number
  /** The high watermark; of a source topic that serves as changelog the committed offset. */
  readonly end: number
  readonly topicId: string | undefined
  /** `cleanup.policy`; undefined where nobody asked. */
  readonly cleanUpPolicy: string | undefined
  readonly deleteRetentionMs: number | undefined
}

export interface RestoreStart {
  readonly offset: number
  /** The store is emptied first, for this reason. */
  readonly rebuild?: string
  /** Records are missing that nobody needs any more. */
  readonly warning?: string
}

/** Kafka's default of delete.retention.ms. */
const defaultDeleteRetentionMs = 86_400_000

export function whereToBegin(
  { task, state, directory }: ManagedTask,
  { store, layout, topic, partition, isSource }: TaskChangelog,
  facts: ChangelogFacts,
  nowMs: number,
): RestoreStart {
  const { marker } = state
  const reached = marker?.changelog[`${topic}-${partition}`]
  if (marker === undefined || reached === undefined) {
    return {
      offset: facts.logStart,
      ...(hasEntriesOf(state, store) && { rebuild: 'nothing says up to where it is complete' }),
    }
  }
  const written = marker.layouts[store]
  if (written !== undefined && written !== layout) {
    return { offset: facts.logStart, rebuild: `it was written as ${written} and is ${layout} in this topology` }
  }
  const recordedId = marker.topicIds[topic]
  const place = directory === undefined ? 'its memory' : directory
  if (!isSource && recordedId !== undefined && facts.topicId !== undefined && recordedId !== facts.topicId) {
    throw new RuntimeError(
      'MILLRACE_CHANGELOG_BEHIND_STATE',
      `task ${task.id}: the changelog '${topic}' was deleted and made anew (its id is ${facts.topicId}, the store '${store}' in ${place} was written with ${recordedId}): the changelog lost what the store still has. Nothing was touched. ${decide(directory)}`,
      { topic, partition },
    )
  }
  if (!isSource && reached > facts.end) {
    throw new RuntimeError(
      'MILLRACE_CHANGELOG_BEHIND_STATE',
      `task ${task.id}: the changelog '${topic}-${partition}' ends at ${facts.end}, but the store '${store}' in ${place} has its records up to ${reached}: the changelog lost data that the store still has. Nothing was touched. ${decide(directory)}`,
      { topic, partition },
    )
  }
  if (reached < facts.logStart) {
    const gap = `its records from ${reached} to ${facts.logStart} are gone from the changelog`
    // What retention has deleted is expired in the store as well.
    return deletesOldRecords(facts)
      ? { offset: facts.logStart, warning: gap }
      : { offset: facts.logStart, rebuild: gap }
  }
  if (isTooOld(marker.committedAtMs, reached, facts, nowMs)) {
    return { offset: facts.logStart, rebuild: tombstonesGone(facts, nowMs - marker.committedAtMs) }
  }
  return { offset: reached }
}

/** Changelogs of windows and sessions do, after the retention of their store. */
export function deletesOldRecords({ cleanUpPolicy }: ChangelogFacts): boolean {
  return cleanUpPolicy?.includes('delete') === true
}

/**
 * Compaction removes tombstones after `delete.retention.ms`: a store that was last complete before that could keep keys
 * that were deleted since. It shows in no record, because what is missing is the record. One record above the marker is
 * that of the commit itself.
 */
export function isTooOld(completeAtMs: number, reached: number, facts: ChangelogFacts, nowMs: number): boolean {
  if (facts.cleanUpPolicy !== undefined && !facts.cleanUpPolicy.includes('compact')) return false
  return facts.end > reached + 1 && nowMs - completeAtMs > 0.9 * retentionMs(facts)
}

export function tombstonesGone(facts: ChangelogFacts, ageMs: number): string {
  return `it was last complete ${Math.round(ageMs / 1000)} s ago, and the changelog keeps tombstones for ${Math.round(retentionMs(facts) / 1000)} s (delete.retention.ms): deletions may be missing`
}

function retentionMs({ deleteRetentionMs }: ChangelogFacts): number {
  return deleteRetentionMs ?? defaultDeleteRetentionMs
}

function decide(directory: string | undefined): string {
  return directory === undefined
    ? 'To go on with what the changelog has, start the application again.'
    : `To go on with what the changelog has, remove ${directory}; to keep what the store has, copy that directory before anything else.`
}

/**
 * Input below what the state contains would be applied twice. Offsets of a group expire when it is empty for long
 * (offsets.retention.minutes), and tools can set them.
 */
export function requireOffsetsOf(
  { task, state, directory }: ManagedTask,
  committed: ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>,
  topicIds: ReadonlyMap<string, string>,
  applicationId: string,
): void {
  const { marker } = state
  if (marker === undefined || directory === undefined) return
  for (const key of task.inputPartitions) {
    const topic = key.slice(0, key.lastIndexOf('-'))
    const [recordedId, currentId] = [marker.topicIds[topic], topicIds.get(topic)]
    if (recordedId !== undefined && currentId !== undefined && recordedId !== currentId) {
      throw new RuntimeError(
        'MILLRACE_TOPIC_RECREATED',
        `task ${task.id}: the input topic '${topic}' was deleted and made anew since the state in ${directory} was written (its id was ${recordedId} and is ${currentId}), so the group's offsets mean other records now. Nothing was touched. To begin the new topic from its start with the state as it is, reset the offsets of the group '${applicationId}' on it and remove ${directory} (the state comes back from its changelogs); to begin anew altogether, give the application a new id`,
        { topic },
      )
    }
    const reached = marker.input[key]
    const offset = committed.get(key)?.offset
    if (reached === undefined || (offset !== undefined && offset >= reached)) continue
    throw new RuntimeError(
      'MILLRACE_OFFSETS_BEHIND_STATE',
      `task ${task.id}: the group '${applicationId}' has ${offset === undefined ? 'no committed offset' : `the committed offset ${offset}`} for ${key}, but the state in ${directory} contains its records up to ${reached}: they would be processed twice. Nothing was touched. To go on where the state stands, set the group's offset of ${key} to ${reached} (kafka-consumer-groups --reset-offsets); to process from the group's offset, remove ${directory} and reset the changelogs of the task`,
      { topic, partition: task.partition },
    )
  }
}

/** Stores without a changelog whose content is of no use, and why: nothing can bring them up to date. */
export function unloggedToClear(
  { task, state, unlogged, layouts }: ManagedTask,
  committed: ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>,
): Map<string, string> {
  const { input = {}, layouts: written = {} } = state.marker ?? {}
  const isBehind = task.inputPartitions.some((key) => (committed.get(key)?.offset ?? 0) > (input[key] ?? 0))
  const reasons = new Map<string, string>()
  for (const store of unlogged.filter((name) => hasEntriesOf(state, name))) {
    const [before, now] = [written[store], layouts[store]]
    if (before === undefined) reasons.set(store, 'the topology that wrote last did not have it')
    else if (before !== now) reasons.set(store, `it was written as ${before} and is ${now} in this topology`)
    else if (isBehind) reasons.set(store, 'it is older than the committed offsets')
  }
  return reasons
}

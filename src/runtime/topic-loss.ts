/**
 * Whether a topic is still the one that it was, and what to do where it is not: told to a person, because offsets and
 * state that belong to a topic which is gone are for a person to decide about.
 *
 * Brokers learn of changes one after the other, and one that is behind answers as if it were the past. So a loss counts
 * only when two answers, at least `confirmationMs` apart, say it.
 */
import { sleep } from '../common/clock.ts'
import type { Clock } from '../common/clock.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import type { KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'
import { noTopicId } from '../kafka/client/metadata.ts'
import type { TopicKind } from './topology-plan.ts'

export type TopicLoss = 'deleted' | 'recreated'

export const confirmationMs = 1000

export function lossOf(known: TopicMetadata, now: TopicMetadata | undefined): TopicLoss | undefined {
  if (now === undefined) return 'deleted'
  if (hasId(known) && hasId(now)) return known.topicId === now.topicId ? undefined : 'recreated'
  // A topic never loses partitions: without ids this is the only sign. With them a smaller count is an old answer.
  return now.partitionCount < known.partitionCount ? 'recreated' : undefined
}

/**
 * Describes topics for tasks that are to be opened, while other tasks stay that were opened on `known`. What these were
 * opened on stays what counts: a topic that was made anew meanwhile would otherwise be compared with itself from now on,
 * and new tasks would read it with the offsets of the old one. Throws when the loss of one is confirmed.
 */
export async function describeBeside(
  known: ReadonlyMap<string, TopicMetadata>,
  names: readonly string[],
  { client, clock, kindOf }: { client: DescribesTopics; clock: Clock; kindOf: (topic: string) => TopicKind },
): Promise<Map<string, TopicMetadata>> {
  const first = await client.describeTopics(names)
  const suspects = [...known.values()].filter((topic) => lossOf(topic, first.get(topic.name)) !== undefined)
  if (suspects.length === 0) return first
  await sleep(clock, confirmationMs)
  const second = await client.describeTopics(names)
  for (const topic of suspects) {
    const now = second.get(topic.name)
    if (lossOf(topic, now) !== undefined) throw lossOfRead(topic, now, kindOf(topic.name))
  }
  // Another one, not confirmed yet, is for the watch.
  for (const [name, topic] of known) if (lossOf(topic, second.get(name)) !== undefined) second.set(name, topic)
  return second
}

export type DescribesTopics = Pick<KafkaClient, 'describeTopics'>

/** Of a topic that tasks read, or that their stores are restored from; `now` is undefined when it was deleted. */
export function lossOfRead(known: TopicMetadata, now: TopicMetadata | undefined, kind: TopicKind): RuntimeError {
  const { name: topic } = known
  const [code, what] =
    now === undefined
      ? (['MILLRACE_TOPIC_DELETED', 'was deleted'] as const)
      : (['MILLRACE_TOPIC_RECREATED', 'was deleted and made anew'] as const)
  const ids =
    now !== undefined && hasId(known) && hasId(now) ? ` (its id was ${known.topicId} and is ${now.topicId})` : ''
  const happened = `the topic '${topic}' ${what} while the application reads it${ids}`
  return new RuntimeError(code, `${happened}; ${adviceFor(kind, known, now)}`, { topic })
}

function adviceFor(kind: TopicKind, { name, partitionCount }: TopicMetadata, now: TopicMetadata | undefined): string {
  if (kind === 'changelog') {
    return `it is the application's own, and what it had of a store's state is lost: stop all instances, and do not create it by hand, the leader does that at the next start. Local state that was written with the old one is refused then (MILLRACE_CHANGELOG_BEHIND_STATE), with what there is to decide; to begin anew altogether, give the application a new id`
  }
  if (kind === 'repartition') {
    return `it is the application's own, and what nobody had processed of it is lost: stop all instances, do not create it by hand, the leader does that at the next start, and remove the group's offsets of '${name}', which belong to the old one. Local state that was made of the old one is refused then (MILLRACE_TOPIC_RECREATED), with what there is to decide`
  }
  if (kind === 'global') {
    return now === undefined
      ? `it fills a global store: create it again (it had ${partitionCount} partitions) with all that the store shall have, or take it out of the topology, and start all instances again`
      : 'it fills a global store: start all instances again, which fill the store anew with what the topic has now'
  }
  return now === undefined
    ? `stop all instances, and either create it again (it had ${partitionCount} partitions) and reset the group's offsets for it, or take it out of the topology`
    : `the committed offsets and the state belong to the old one: stop all instances, reset the group's offsets for it, and start again (with a new application id if the state shall begin afresh, too)`
}

/** Of a topic that tasks only write to. Of one that was made anew nothing needs to be said: no offset of it is kept. */
export function outputDeleted({ name, partitionCount }: TopicMetadata, kind: TopicKind): RuntimeError {
  const advice =
    kind === 'external'
      ? `create it again (it had ${partitionCount} partitions) and start the application, or take it out of the topology`
      : 'stop all instances and start them again: it is their own, the leader creates it'
  return new RuntimeError(
    'MILLRACE_SINK_TOPIC_MISSING',
    `the output topic '${name}' was deleted while the application writes to it; what it had is gone, and what was not committed is processed again: ${advice}`,
    { topic: name },
  )
}

function hasId({ topicId }: TopicMetadata): boolean {
  return topicId !== '' && topicId !== noTopicId
}

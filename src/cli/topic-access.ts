/** What commands that work on one topic share: the topic, or a sentence about its name. */
import { nearest } from '../common/nearest.ts'
import { CliError } from '../errors/cli-error.ts'
import type { KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'

/** Throws where it does not exist, naming one that is meant perhaps. */
export async function requireTopic(client: KafkaClient, topic: string): Promise<TopicMetadata> {
  const found = await findTopic(client, topic)
  if (found !== undefined) return found
  const near = await nearestTopic(client, topic)
  throw unknownTopic(topic, near === undefined ? 'correct its name, or create it' : `did you mean '${near}'?`)
}

/** Created on first use where the broker does that, as for a Java producer; `onCreated` is told. */
export async function topicToWrite(
  client: KafkaClient,
  topic: string,
  onCreated: (created: TopicMetadata) => void,
): Promise<TopicMetadata> {
  const found = await findTopic(client, topic)
  if (found !== undefined) return found
  const created = (await client.describeTopics([topic], { autoCreate: true })).get(topic)
  if (created === undefined) throw await notCreated(client, topic)
  onCreated(created)
  return created
}

async function notCreated(client: KafkaClient, topic: string): Promise<CliError> {
  const near = await nearestTopic(client, topic)
  const meant = near === undefined ? '' : `did you mean '${near}'? If not, `
  return unknownTopic(topic, `${meant}create it: the broker does not create topics on first use`)
}

/** Of a number given to `--partition`; undefined: all. */
export function checkPartition(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const partition = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(partition) && partition >= 0) return partition
  throw new CliError('MILLRACE_USAGE', `--partition takes a number from 0, not '${text}'`)
}

export function requirePartition(partition: number | undefined, { name, partitionCount }: TopicMetadata): void {
  if (partition === undefined || partition < partitionCount) return
  throw new CliError(
    'MILLRACE_USAGE',
    `--partition ${partition}: the topic '${name}' has ${partitionCount === 1 ? 'partition 0 only' : `partitions 0 to ${partitionCount - 1}`}`,
  )
}

async function findTopic(client: KafkaClient, topic: string): Promise<TopicMetadata | undefined> {
  return (await client.describeTopics([topic])).get(topic)
}

async function nearestTopic(client: KafkaClient, topic: string): Promise<string | undefined> {
  return nearest(topic, [...(await client.describeTopics('all')).keys()])
}

function unknownTopic(topic: string, advice: string): CliError {
  return new CliError('MILLRACE_TOPIC_UNKNOWN', `there is no topic '${topic}'; ${advice}`)
}

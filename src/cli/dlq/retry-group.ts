/** The group whose committed offsets say which letters of a topic were sent again: one for each dead-letter topic. */
import { parseTopicPartition } from '../../common/topic-partition.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import { CliError } from '../../errors/cli-error.ts'
import type { GroupIdentity, KafkaClient, OffsetAndMetadata } from '../../kafka/client/kafka-client.ts'
import { parseProgress, progressText } from './progress.ts'
import type { Progress } from './progress.ts'

/** Also the transactional id: of two that retry the same topic, the later one fences the earlier. */
export function retryGroup(topic: string): string {
  return `millrace-dlq-${topic}`
}

/** Nobody joins this group: who may commit is decided by the transactional id alone. */
export function groupIdentity(topic: string): GroupIdentity {
  return { groupId: retryGroup(topic), generationId: -1, memberId: '', instanceId: undefined }
}

/** Of the partitions that have any. */
export async function committedProgress(
  client: KafkaClient,
  topic: string,
  partitions: readonly TopicPartitionKey[],
  options: { readonly requireStable: boolean },
): Promise<Map<TopicPartitionKey, Progress>> {
  const found = await client.committedOffsets(retryGroup(topic), partitions.map(parseTopicPartition), options)
  return new Map([...found].map(([key, committed]) => [key, progressOf(topic, key, committed)]))
}

export function offsetOf(progress: Progress): OffsetAndMetadata {
  return { offset: progress.next, metadata: progressText(progress) }
}

function progressOf(topic: string, key: TopicPartitionKey, { offset, metadata }: OffsetAndMetadata): Progress {
  const progress = parseProgress(offset, metadata)
  if (progress !== undefined) return progress
  throw new CliError(
    'MILLRACE_PRECONDITION',
    `the offset that the group '${retryGroup(topic)}' has committed for ${key} has a note that is none of ours, so it is not known which letters were sent; look with 'kafka-consumer-groups --describe', and delete the group to begin anew`,
  )
}

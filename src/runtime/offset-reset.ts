/** Where to begin on partitions that have no committed offset (KIP-1106: earliest, latest, none, or a duration back). */
import type { Clock } from '../common/clock.ts'
import { parseTopicPartition } from '../common/topic-partition.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { CompiledTopology, OffsetReset, SourceNode } from '../topology/topology-node.ts'
import { wholePattern } from '../topology/topic-pattern.ts'
import type { TopicNames } from './topology-plan.ts'

export interface OffsetResetOptions {
  readonly client: KafkaClient
  readonly topology: CompiledTopology
  readonly names: TopicNames
  readonly config: Readonly<StreamsConfig>
  readonly clock: Clock
}

export async function resetOffsets(
  options: OffsetResetOptions,
  partitions: readonly TopicPartitionKey[],
): Promise<Map<TopicPartitionKey, number>> {
  if (partitions.length === 0) return new Map()
  const query = partitions.map((key) => {
    const { topic, partition } = parseTopicPartition(key)
    return { topic, partition, timestamp: timestampOf(policyOf(options, topic), topic, partition, options.clock) }
  })
  const isolation = options.config.processingGuarantee === 'exactly_once' ? 'read_committed' : 'read_uncommitted'
  const found = await options.client.listOffsets(query, isolation)
  // No record as young as asked for: begin at the end.
  const none = query.filter(({ topic, partition }) => (found.get(`${topic}-${partition}`) ?? -1) < 0)
  if (none.length > 0) {
    const ends = await options.client.listOffsets(
      none.map((input) => ({ ...input, timestamp: -1 })),
      isolation,
    )
    for (const [key, offset] of ends) found.set(key, offset)
  }
  return found
}

function policyOf({ topology, names, config }: OffsetResetOptions, topic: string): OffsetReset {
  const nodes = topology.subTopologies.flatMap((subTopology) => subTopology.nodes)
  const source = nodes.find((node): node is SourceNode => node.kind === 'source' && reads(node, topic, names))
  // Our own repartition topics are always read from their start.
  if (source !== undefined && isRepartitionSource(source, names)) return 'earliest'
  return source?.offsetReset ?? config.offsetReset
}

function reads(source: SourceNode, topic: string, names: TopicNames): boolean {
  if (source.topics instanceof RegExp) return wholePattern(source.topics).test(topic)
  return source.topics.some((name) => names.onBroker(name) === topic)
}

function isRepartitionSource(source: SourceNode, names: TopicNames): boolean {
  return !(source.topics instanceof RegExp) && source.topics.some((name) => names.isRepartition(name))
}

function timestampOf(policy: OffsetReset, topic: string, partition: number, clock: Clock): number {
  if (policy === 'earliest') return -2
  if (policy === 'latest') return -1
  if (policy !== 'none') return clock.now() - policy.byDurationMs
  throw new RuntimeError(
    'MILLRACE_OFFSET_RESET_NONE',
    `${topic}-${partition} has no committed offset (or one that is out of range), and its reset policy is 'none'; set the group's offset, or set offsetReset to 'earliest' or 'latest'`,
    { topic, partition },
  )
}

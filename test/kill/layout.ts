/** Names, sizes and time-outs that the instances, the load and the checks of a kill test share. */
import { partitionsOf } from '../../src/cli/topic-reader.ts'
import type { TopicPartition } from '../../src/common/topic-partition.ts'

export const applicationId = 'kill-test'
export const instanceCount = 3
export const partitionCount = 4
export const sessionTimeoutMs = 6000
export const transactionTimeoutMs = 10_000
/** `transaction.abort.timed.out.transaction.cleanup.interval.ms`: how often a broker looks for transactions to abort. */
export const brokerSweepMs = 10_000

export const topics = {
  input: 'lines',
  repartition: `${applicationId}-counts-repartition`,
  changelog: `${applicationId}-counts-changelog`,
  output: 'word-counts',
} as const

/** The sub-topology that counts; the other one splits the lines. */
export const countingSubTopology = '1'

export const allPartitions: readonly TopicPartition[] = Object.values(topics).flatMap((topic) =>
  partitionsOf(topic, partitionCount),
)

/** What the group commits offsets of. */
export const consumedPartitions: readonly TopicPartition[] = [topics.input, topics.repartition].flatMap((topic) =>
  partitionsOf(topic, partitionCount),
)

export const taskCount = consumedPartitions.length

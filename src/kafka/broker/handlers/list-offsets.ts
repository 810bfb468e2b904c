import type {
  ListOffsetsRequest,
  ListOffsetsResponse,
  ListOffsetsResponseListOffsetsPartitionResponse,
} from '../../protocol/messages/list-offsets.ts'
import type {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '../../protocol/messages/offset-for-leader-epoch.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { findPartition, requireLeader } from '../partition-access.ts'
import { refusalOf } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'
import type { Partition } from '../topics.ts'

/** Instead of a time (`ListOffsetsRequest`); those of tiered storage that name no local offset are answered with -1. */
const asked = { latest: -1, earliest: -2, maxTimestamp: -3, earliestLocal: -4 } as const

const firstVersionWithEpoch = 4

interface Found {
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

const nothing: Found = { offset: -1, timestamp: -1, leaderEpoch: -1 }

export function listOffsets(
  request: ListOffsetsRequest,
  { state, node, version }: RequestContext,
): MessageInput<ListOffsetsResponse> {
  const committed = request.isolationLevel === 1
  return {
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((wanted): MessageInput<ListOffsetsResponseListOffsetsPartitionResponse> => {
        const { partitionIndex } = wanted
        try {
          const partition = findPartition(state.topics.get(name), partitionIndex)
          requireLeader(partition, node, wanted.currentLeaderEpoch)
          const { leaderEpoch, ...found } = lookUp(partition, wanted.timestamp, committed)
          return version < firstVersionWithEpoch
            ? { partitionIndex, ...found }
            : { partitionIndex, ...found, leaderEpoch }
        } catch (error) {
          return { partitionIndex, errorCode: refusalOf(error).errorCode, offset: -1, timestamp: -1 }
        }
      }),
    })),
  }
}

function lookUp({ log, leaderEpoch }: Partition, timestamp: number, committed: boolean): Found {
  const at = (offset: number): Found => ({ offset, timestamp: -1, leaderEpoch })
  const end = log.readableEnd(committed)
  if (timestamp === asked.latest) return at(end)
  if (timestamp === asked.earliest || timestamp === asked.earliestLocal) return at(log.startOffset)
  const found = timestamp === asked.maxTimestamp ? log.offsetOfMaxTimestamp() : undefined
  const dated = timestamp >= 0 ? log.offsetOfTimestamp(timestamp, end) : found
  return dated === undefined ? nothing : { ...dated, leaderEpoch }
}

export function offsetForLeaderEpoch(
  request: OffsetForLeaderEpochRequest,
  { state, node }: RequestContext,
): MessageInput<OffsetForLeaderEpochResponse> {
  return {
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        try {
          const partition = findPartition(state.topics.get(topic), index)
          requireLeader(partition, node, currentLeaderEpoch)
          const { epoch, endOffset } = partition.log.epochs.endOf(leaderEpoch, partition.log.endOffset)
          return { partition: index, leaderEpoch: epoch, endOffset }
        } catch (error) {
          return { partition: index, errorCode: refusalOf(error).errorCode, leaderEpoch: -1, endOffset: -1 }
        }
      }),
    })),
  }
}

import type { FetchRequest, FetchResponse, FetchResponsePartitionData } from '../../protocol/messages/fetch.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { findPartition, findTopic, requireReplica } from '../partition-access.ts'
import type { LogSlice } from '../partition-log.ts'
import { Refusal, refusalOf } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'
import type { Partition } from '../topics.ts'
import { endpoints } from './produce.ts'

type FetchPartition = FetchRequest['topics'][number]['partitions'][number]
type PartitionAnswer = MessageInput<FetchResponsePartitionData>

const firstVersionWithIds = 13
const firstVersionWithLeader = 16
const noRecords = Buffer.alloc(0)
/** No answer holds more, whatever a client asks for (`fetch.max.bytes` of the broker). */
const maxResponseBytes = 55 * 1024 * 1024

/** One partition as it can be read now. */
interface Reading {
  readonly asked: FetchPartition
  readonly partition: Partition | undefined
  readonly refusal?: Refusal
  readonly slice?: LogSlice
  readonly diverging?: { readonly epoch: number; readonly endOffset: number }
}

interface TopicReading {
  readonly topic: string
  readonly topicId: string
  readonly readings: readonly Reading[]
}

/** Sessionless: session id 0 is answered, upon which clients go on sending whole requests (KIP-227). */
export async function fetch(request: FetchRequest, context: RequestContext): Promise<MessageInput<FetchResponse>> {
  if (request.sessionId !== 0) return { errorCode: new Refusal('FETCH_SESSION_ID_NOT_FOUND').errorCode }
  const { purgatory } = context.state
  await purgatory.wait(
    watched(request, context),
    request.maxWaitMs,
    () => isEnough(read(request, context), request.minBytes),
    (cancel) => context.onClose(cancel),
  )
  return answer(read(request, context), request, context)
}

function watched(request: FetchRequest, { state, version }: RequestContext): Partition[] {
  return request.topics.flatMap(({ topic: name, topicId, partitions }) => {
    const topic = version >= firstVersionWithIds ? state.topics.byId(topicId) : state.topics.get(name)
    return partitions.flatMap(({ partition }) => topic?.partitions[partition] ?? [])
  })
}

function isEnough(topics: readonly TopicReading[], minBytes: number): boolean {
  let byteLength = 0
  let count = 0
  for (const { readings } of topics) {
    for (const { refusal, diverging, slice } of readings) {
      if (refusal !== undefined || diverging !== undefined) return true
      byteLength += slice?.byteLength ?? 0
      count += 1
    }
  }
  return byteLength >= minBytes || count === 0
}

/** In the order of the request, since the partitions share `maxBytes`. */
function read(request: FetchRequest, context: RequestContext): TopicReading[] {
  const { state, version } = context
  let left = Math.min(request.maxBytes, maxResponseBytes)
  let isEmpty = true
  return request.topics.map(({ topic: name, topicId, partitions }) => {
    const readings = partitions.map((asked): Reading => {
      let partition: Partition | undefined
      try {
        const topic = findTopic(state.topics, name, topicId, version >= firstVersionWithIds)
        partition = findPartition(topic, asked.partition)
        requireReplica(partition, context.node, asked.currentLeaderEpoch)
        const reading = readPartition(partition, asked, request.isolationLevel === 1, left, isEmpty)
        const byteLength = reading.slice?.byteLength ?? 0
        left = Math.max(left - byteLength, 0)
        if (byteLength > 0) isEmpty = false
        return reading
      } catch (error) {
        return { asked, partition, refusal: refusalOf(error) }
      }
    })
    return { topic: name, topicId, readings }
  })
}

function readPartition(
  partition: Partition,
  asked: FetchPartition,
  committed: boolean,
  left: number,
  isEmpty: boolean,
): Reading {
  const { log } = partition
  if (asked.lastFetchedEpoch >= 0) {
    const end = log.epochs.endOf(asked.lastFetchedEpoch, log.endOffset)
    if (end.epoch < asked.lastFetchedEpoch || end.endOffset < asked.fetchOffset) {
      return { asked, partition, diverging: end }
    }
  }
  if (asked.fetchOffset < log.startOffset || asked.fetchOffset > log.endOffset) throw new Refusal('OFFSET_OUT_OF_RANGE')
  const maxBytes = Math.min(asked.partitionMaxBytes, left)
  return {
    asked,
    partition,
    slice: log.read(asked.fetchOffset, log.readableEnd(committed), maxBytes, isEmpty),
  }
}

function answer(
  topics: readonly TopicReading[],
  request: FetchRequest,
  context: RequestContext,
): MessageInput<FetchResponse> {
  const moved = new Map<number, Partition>()
  const responses = topics.map(({ topic, topicId, readings }) => ({
    topic,
    topicId,
    partitions: readings.map((reading) => partitionAnswer(reading, request.isolationLevel === 1, moved, context)),
  }))
  return { sessionId: 0, responses, nodeEndpoints: endpoints(moved, context) }
}

function partitionAnswer(
  { asked, partition, refusal, slice, diverging }: Reading,
  committed: boolean,
  moved: Map<number, Partition>,
  { version }: RequestContext,
): PartitionAnswer {
  const partitionIndex = asked.partition
  if (partition === undefined || refusal !== undefined) {
    const base = {
      partitionIndex,
      errorCode: (refusal ?? new Refusal('UNKNOWN_SERVER_ERROR')).errorCode,
      highWatermark: -1,
      abortedTransactions: null,
      records: noRecords,
    }
    const hasMoved = refusal?.name === 'NOT_LEADER_OR_FOLLOWER' || refusal?.name === 'FENCED_LEADER_EPOCH'
    if (partition === undefined || !hasMoved || version < firstVersionWithLeader) return base
    moved.set(partition.leaderId, partition)
    return { ...base, currentLeader: { leaderId: partition.leaderId, leaderEpoch: partition.leaderEpoch } }
  }
  const { log } = partition
  const batches = slice?.batches ?? []
  const last = batches.at(-1)
  const base = {
    partitionIndex,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.startOffset,
    abortedTransactions: committed
      ? log.abortedIn(asked.fetchOffset, last === undefined ? -1 : last.lastOffset + 1)
      : null,
    records: batches.length === 1 ? (last?.bytes ?? noRecords) : Buffer.concat(batches.map(({ bytes }) => bytes)),
  }
  return diverging === undefined ? base : { ...base, divergingEpoch: diverging }
}

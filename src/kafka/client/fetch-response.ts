import { asBuffer } from '../../common/bytes.ts'
import { topicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import type { KafkaError } from '../../errors/kafka-error.ts'
import { errorCodes, isRetriable, isStaleMetadata } from '../protocol/error-codes.ts'
import type { FetchResponse, FetchResponsePartitionData } from '../protocol/messages/fetch.ts'
import { FetchedRecordSet } from '../records/fetched-record-set.ts'
import type { Cluster } from './cluster.ts'
import type { FetchPartition } from './fetch-partition.ts'
import type { FetcherOptions } from './kafka-client.ts'
import { kafkaFault } from './kafka-faults.ts'

/** What was asked for of one partition. */
export interface FetchTarget {
  readonly partition: FetchPartition
  readonly generation: number
  readonly fetchOffset: number
  readonly lastEpoch: number
  readonly leaderEpoch: number
}

export interface FetchOutcome {
  /** Somebody else leads: ask for metadata. */
  readonly isStale: boolean
  /** To be asked for again, after a while. */
  readonly faulty: readonly FetchPartition[]
  /** To be confirmed by the log's ends before anybody acts on it. */
  readonly outOfRange: readonly FetchTarget[]
}

/** A damaged batch is fetched again this often before the damage counts as one of the log. */
const damagedAttempts = 3

/**
 * Puts the answer to one request where it belongs: records and positions into their partitions, faults into `error` when
 * somebody above must decide, else into `faulty`, to be asked for again.
 */
export function applyFetchResponse(
  cluster: Cluster,
  options: Pick<FetcherOptions, 'isolation'>,
  targets: readonly FetchTarget[],
  response: FetchResponse,
): FetchOutcome {
  const outOfRange: FetchTarget[] = []
  const faulty: FetchPartition[] = []
  let isStale = false
  if (response.errorCode !== errorCodes.NONE) {
    return { isStale: true, faulty: targets.map(({ partition }) => partition), outOfRange }
  }
  const answered = answersByPartition(cluster, targets, response)
  for (const target of targets) {
    const data = answered.get(target.partition.key)
    if (data === undefined) continue
    if (data.errorCode === errorCodes.NONE) {
      if (!applyData(cluster, options, target, data)) faulty.push(target.partition)
      continue
    }
    isStale ||= isStaleMetadata(data.errorCode)
    if (data.errorCode === errorCodes.OFFSET_OUT_OF_RANGE) outOfRange.push(target)
    else if (!applyFault(cluster, target, data)) faulty.push(target.partition)
  }
  return { isStale, faulty, outOfRange }
}

/** From version 13 on an answer names topics by id only. */
function answersByPartition(
  cluster: Cluster,
  targets: readonly FetchTarget[],
  { responses }: FetchResponse,
): ReadonlyMap<TopicPartitionKey, FetchResponsePartitionData> {
  const names = new Map(targets.map(({ partition: { topic } }) => [cluster.metadata.topicId(topic), topic]))
  const answers = new Map<TopicPartitionKey, FetchResponsePartitionData>()
  for (const { topic, topicId, partitions } of responses) {
    const name = topic === '' ? names.get(topicId) : topic
    if (name === undefined) continue
    for (const data of partitions) answers.set(topicPartitionKey(name, data.partitionIndex), data)
  }
  return answers
}

/** False: to be asked for again. */
function applyData(
  cluster: Cluster,
  { isolation }: Pick<FetcherOptions, 'isolation'>,
  { partition, fetchOffset }: FetchTarget,
  data: FetchResponsePartitionData,
): boolean {
  if (data.divergingEpoch.endOffset >= 0) {
    // The log was cut below our position by an unclean election: go on where it still agrees with us, as Java does.
    const { endOffset } = data.divergingEpoch
    cluster.logger.warn({ partition: partition.key, fetchOffset, endOffset }, 'the log was truncated; going back')
    partition.seek(Math.min(fetchOffset, endOffset))
    return true
  }
  partition.highWatermark = data.highWatermark
  partition.lastStableOffset = data.lastStableOffset < 0 ? data.highWatermark : data.lastStableOffset
  if (data.records === null || data.records.byteLength === 0) return true
  try {
    const set = new FetchedRecordSet({
      topic: partition.topic,
      partition: partition.partition,
      fetchOffset,
      highWatermark: data.highWatermark,
      records: asBuffer(data.records),
      ...(isolation === 'read_committed' ? { readCommitted: { abortedTransactions: data.abortedTransactions } } : {}),
    })
    partition.advance(set.nextOffset, set.lastLeaderEpoch, set.recordCount > 0 ? set : undefined)
    return true
  } catch (error) {
    if (partition.faults >= damagedAttempts) {
      partition.error = error instanceof Error ? error : new Error(String(error))
      return true
    }
    cluster.logger.warn(
      { partition: partition.key, fetchOffset, cause: String(error) },
      'damaged records; fetching again',
    )
    return false
  }
}

function applyFault(
  cluster: Cluster,
  { partition, fetchOffset }: FetchTarget,
  data: FetchResponsePartitionData,
): boolean {
  const { errorCode } = data
  const mayPass = isRetriable(errorCode) || errorCode === errorCodes.UNKNOWN_SERVER_ERROR
  if (mayPass) {
    cluster.logger.debug({ partition: partition.key, errorCode }, 'a partition cannot be fetched at the moment')
    return false
  }
  partition.error = fetchFault(errorCode, partition, `at offset ${fetchOffset}`)
  return true
}

export function outOfRangeFault(partition: FetchPartition, start: number, end: number): KafkaError {
  const where = `at offset ${partition.fetchOffset}, where the log is from ${start} to ${end}`
  return fetchFault(errorCodes.OFFSET_OUT_OF_RANGE, partition, where)
}

function fetchFault(errorCode: number, partition: FetchPartition, where: string): KafkaError {
  return kafkaFault(errorCode, {
    what: `Fetching ${partition.key} ${where}`,
    topic: partition.topic,
    partition: partition.partition,
    offset: partition.fetchOffset,
    needs: { topic: 'Read' },
  })
}

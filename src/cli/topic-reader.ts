/** Reading whole topics and waiting for a group, as commands and tests need it. */
import { sleep, systemClock } from '../common/clock.ts'
import type { Clock } from '../common/clock.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../common/topic-partition.ts'
import { KafkaError } from '../errors/kafka-error.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import { reactionOf } from '../errors/streams-error.ts'
import type { Fetcher, KafkaClient } from '../kafka/client/kafka-client.ts'
import { keyView, valueView } from '../processor/record-set.ts'
import type { RecordCursor, RecordSet } from '../processor/record-set.ts'
import { say } from './terminal.ts'

const pollMs = 10
/** Longer than brokers let a producer's transaction be open by default, their sweep included. */
const stallTimeoutMs = 120_000

export function partitionsOf(topic: string, count: number): TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }))
}

/** Waits until the group has committed all there is in these partitions, records that still come included. */
export async function committedToEnd(
  client: KafkaClient,
  group: string,
  partitions: readonly TopicPartition[],
  clock: Clock = systemClock,
): Promise<void> {
  const query = partitions.map((partition) => ({ ...partition, timestamp: -1 }))
  await untilNothingIsLeft(clock, `the group '${group}' does not come to the end`, async () => {
    const ends = await client.listOffsets(query, 'read_uncommitted')
    const committed = await client.committedOffsets(group, partitions, { requireStable: true })
    return [...ends]
      .map(([key, end]) => ({ key, end, at: committed.get(key)?.offset ?? 0 }))
      .filter(({ end, at }) => at < end)
      .map(({ key, end, at }) => `${key} at ${at} of ${end}`)
  })
}

/** Throws where nothing of what is left changes for so long that nobody can be at work on it. */
async function untilNothingIsLeft(clock: Clock, what: string, look: () => Promise<readonly string[]>): Promise<void> {
  let before = ''
  let sinceMs = clock.now()
  for (;;) {
    const left = (await look()).join(', ')
    if (left === '') return
    if (left !== before) sinceMs = clock.now()
    before = left
    if (clock.now() - sinceMs >= stallTimeoutMs) {
      throw new RuntimeError('MILLRACE_TIMEOUT', `${what}; nothing changed for ${stallTimeoutMs / 1000} s: ${left}`)
    }
    await sleep(clock, pollMs)
  }
}

/**
 * Every committed record that is there now, in order within each partition. Transactions that are open now are waited for:
 * behind the first of them nothing is visible. Key and value are views: valid during the call.
 */
export async function readToEnd(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  visit: (key: Buffer | null, value: Buffer | null) => void,
  clock: Clock = systemClock,
): Promise<void> {
  const ends = await settledEnds(client, partitions, clock)
  const query = partitions.map((partition) => ({ ...partition, timestamp: -2 }))
  const begins = await client.listOffsets(query, 'read_committed')
  const ranges = new Map([...ends].map(([key, end]) => [key, { start: begins.get(key) ?? 0, end }]))
  await readRanges(client, ranges, (cursor) => visit(keyView(cursor), valueView(cursor)))
}

/** Offsets from `start`, and below `end`. */
export interface OffsetRange {
  readonly start: number
  readonly end: number
}

/**
 * Every committed record of these ranges that is there when it is fetched. `visit` gets a view that is valid during the
 * call, and `onSet` is awaited after each part of an answer, so that who writes slowly is not drowned.
 */
export async function readRanges(
  client: KafkaClient,
  ranges: ReadonlyMap<TopicPartitionKey, OffsetRange>,
  visit: (cursor: RecordCursor, set: RecordSet) => void,
  onSet: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const open = new Map([...ranges].filter(([, { start, end }]) => end > start))
  const fetcher = client.fetcher({ name: 'reader', isolation: 'read_committed' })
  try {
    fetcher.assign(new Map([...open].map(([key, { start }]) => [key, start])))
    while (open.size > 0) {
      for (const set of await takeFrom(client, fetcher)) {
        const key = topicPartitionKey(set.topic, set.partition)
        const end = open.get(key)?.end ?? 0
        const cursor = set.cursor()
        while (cursor.next() && cursor.offset < end) visit(cursor, set)
        if (set.nextOffset >= end) open.delete(key)
        await onSet()
      }
      // Behind the last record there may be control records only.
      for (const [key, { end }] of open) if ((fetcher.position(key) ?? 0) >= end) open.delete(key)
      if (open.size > 0) await fetcher.wait(100)
    }
  } finally {
    await fetcher.close()
  }
}

/** What has arrived. Where retention or a purge was faster than the reader, it goes on with what is left, and says so. */
export async function takeFrom(client: KafkaClient, fetcher: Fetcher): Promise<readonly RecordSet[]> {
  try {
    return fetcher.take()
  } catch (error) {
    const { topic, partition } = error instanceof KafkaError ? error : {}
    if (reactionOf(error) !== 'offset-out-of-range' || topic === undefined || partition === undefined) throw error
    const key = topicPartitionKey(topic, partition)
    const oldest = (await client.listOffsets([{ topic, partition, timestamp: -2 }], 'read_committed')).get(key) ?? 0
    say(`millrace: records of ${key} were deleted before they were read; going on at offset ${oldest}`)
    fetcher.seek(key, oldest)
    return []
  }
}

/** The ends, once no transaction is open below them. */
async function settledEnds(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  clock: Clock,
): Promise<Map<TopicPartitionKey, number>> {
  const query = partitions.map((partition) => ({ ...partition, timestamp: -1 }))
  const ends = await client.listOffsets(query, 'read_uncommitted')
  await untilNothingIsLeft(clock, 'an open transaction hides records', async () => {
    const stable = await client.listOffsets(query, 'read_committed')
    return [...ends]
      .map(([key, end]) => ({ key, end, at: stable.get(key) ?? 0 }))
      .filter(({ end, at }) => at < end)
      .map(({ key, end, at }) => `${key} from ${at} to ${end}`)
  })
  return ends
}

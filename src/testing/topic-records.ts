/** Reading a topic of a real broker for a test: typed records, a bounded wait, and an error that shows what was there. */
import { inspect } from 'node:util'
import { systemClock } from '../common/clock.ts'
import type { Headers } from '../common/headers.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../common/topic-partition.ts'
import { KafkaError } from '../errors/kafka-error.ts'
import { reactionOf } from '../errors/streams-error.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { Fetcher, Isolation, KafkaClient } from '../kafka/client/kafka-client.ts'
import { keyView, valueView } from '../processor/record-set.ts'
import type { RecordSet } from '../processor/record-set.ts'
import { bytesSerde } from '../serde/basic-serdes.ts'
import type { Serde } from '../serde/serde.ts'
import type { TestRecord } from './test-topics.ts'

/** A record as a test reads it from a topic. */
export interface TopicRecord<K, V> extends TestRecord<K, V> {
  readonly offset: number
}

/** What keys and values are written and read with; `Uint8Array` where it is left out. */
export interface TestSerdes<K, V> {
  readonly key?: Serde<K>
  readonly value?: Serde<V>
}

export interface RecordQuery<K, V> {
  readonly topic: string
  readonly partitions: number
  readonly serdes: TestSerdes<K, V>
  readonly isolation: Isolation
  readonly timeoutMs: number
  /** What is waited for, for the error: `3 records`. */
  readonly wanted: string
  /** What has ended those who could still write it, when all of them are known to have failed. */
  readonly failure: () => Promise<Error | undefined>
}

const fetchWaitMs = 50
/** More is no test's to hold in memory. */
const recordsMax = 1_000_000
const shownMax = 10
const shownLengthMax = 200

/** Everything from the beginning on, as it comes, until `isEnough`. Records of one partition are in order. */
export async function readUntil<K, V>(
  client: KafkaClient,
  query: RecordQuery<K, V>,
  isEnough: (records: readonly TopicRecord<K, V>[]) => boolean,
): Promise<TopicRecord<K, V>[]> {
  const partitions = partitionsOf(query.topic, query.partitions)
  const fetcher = client.fetcher({ name: 'test-kit', isolation: query.isolation })
  const records: TopicRecord<K, V>[] = []
  try {
    const deadlineMs = systemClock.now() + query.timeoutMs
    fetcher.assign(await offsetsAt(client, partitions, -2, 'read_uncommitted'))
    let failure: Error | undefined
    while (!isEnough(records)) {
      if (systemClock.now() > deadlineMs || failure !== undefined) {
        throw await recordsMissing(client, query, records, failure)
      }
      failure = await query.failure()
      await fetcher.wait(Math.max(1, Math.min(fetchWaitMs, deadlineMs - systemClock.now())))
      for (const set of await take(client, fetcher)) await decodeInto(records, set, query)
      if (records.length > recordsMax) throw tooMany(query.topic)
    }
    return records
  } finally {
    await fetcher.close()
  }
}

/** Everything that is there when it is called. Read committed, nothing behind an open transaction is given before its end. */
export async function readToEnd<K, V>(client: KafkaClient, query: RecordQuery<K, V>): Promise<TopicRecord<K, V>[]> {
  const partitions = partitionsOf(query.topic, query.partitions)
  const ends = await offsetsAt(client, partitions, -1, 'read_uncommitted')
  const begins = await offsetsAt(client, partitions, -2, 'read_uncommitted')
  const open = new Map([...ends].filter(([key, end]) => end > (begins.get(key) ?? 0)))
  const fetcher = client.fetcher({ name: 'test-kit', isolation: query.isolation })
  const records: TopicRecord<K, V>[] = []
  try {
    const deadlineMs = systemClock.now() + query.timeoutMs
    fetcher.assign(new Map([...open.keys()].map((key) => [key, begins.get(key) ?? 0])))
    while (open.size > 0) {
      if (systemClock.now() > deadlineMs) throw await recordsMissing(client, query, records)
      for (const set of await take(client, fetcher)) {
        const end = open.get(topicPartitionKey(set.topic, set.partition)) ?? 0
        await decodeInto(records, set, query, end)
        if (set.nextOffset >= end) open.delete(topicPartitionKey(set.topic, set.partition))
      }
      // Behind the last record there may be control records only.
      for (const [key, end] of open) if ((fetcher.position(key) ?? 0) >= end) open.delete(key)
      if (records.length > recordsMax) throw tooMany(query.topic)
      if (open.size > 0) await fetcher.wait(fetchWaitMs)
    }
    return records
  } finally {
    await fetcher.close()
  }
}

export function partitionsOf(topic: string, count: number): TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }))
}

/** -1: the end, -2: the beginning. */
export function offsetsAt(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  timestamp: -1 | -2,
  isolation: Isolation,
): Promise<Map<TopicPartitionKey, number>> {
  const query = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }))
  return client.listOffsets(query, isolation)
}

/** What open transactions hide from who reads committed records only: `out-0 from 5 to 9`. */
async function hiddenBelow<K, V>(
  client: KafkaClient,
  { topic, partitions }: RecordQuery<K, V>,
  ends: ReadonlyMap<TopicPartitionKey, number>,
): Promise<string[]> {
  const stable = await offsetsAt(client, partitionsOf(topic, partitions), -1, 'read_committed')
  return [...ends]
    .filter(([key, end]) => (stable.get(key) ?? 0) < end)
    .map(([key, end]) => `${key} from ${stable.get(key) ?? 0} to ${end}`)
}

/** What has arrived. Where retention or a purge was faster, it goes on with what is left. */
async function take(client: KafkaClient, fetcher: Fetcher): Promise<readonly RecordSet[]> {
  try {
    return fetcher.take()
  } catch (error) {
    const { topic, partition } = error instanceof KafkaError ? error : {}
    if (reactionOf(error) !== 'offset-out-of-range' || topic === undefined || partition === undefined) throw error
    const key = topicPartitionKey(topic, partition)
    fetcher.seek(key, (await offsetsAt(client, [{ topic, partition }], -2, 'read_uncommitted')).get(key) ?? 0)
    return []
  }
}

interface RawRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly headers: Headers
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

async function decodeInto<K, V>(
  records: TopicRecord<K, V>[],
  set: RecordSet,
  { topic, serdes }: RecordQuery<K, V>,
  endOffset = Number.POSITIVE_INFINITY,
): Promise<void> {
  // The defaults are Uint8Array where the serdes are left out, which the types of the callers say.
  const { key = bytesSerde as unknown as Serde<K>, value = bytesSerde as unknown as Serde<V> } = serdes
  for (const { key: keyBytes, value: valueBytes, ...rest } of copiesOf(set, endOffset)) {
    records.push({
      ...rest,
      key: await decoded(key, keyBytes, topic, rest.headers, () => `key of ${topic}-${rest.partition}@${rest.offset}`),
      value: await decoded(
        value,
        valueBytes,
        topic,
        rest.headers,
        () => `value of ${topic}-${rest.partition}@${rest.offset}`,
      ),
    })
  }
}

/** A serde may have to wait, for a schema; the cursor's bytes do not. */
function copiesOf(set: RecordSet, endOffset: number): RawRecord[] {
  const copies: RawRecord[] = []
  const cursor = set.cursor()
  while (cursor.next() && cursor.offset < endOffset) {
    const { offset, timestamp } = cursor
    const [key, value] = [keyView(cursor), valueView(cursor)]
    copies.push({
      partition: set.partition,
      offset,
      timestamp,
      headers: cursor.headers(),
      key: key && Buffer.from(key),
      value: value && Buffer.from(value),
    })
  }
  return copies
}

async function decoded<T>(
  serde: Serde<T>,
  bytes: Uint8Array | null,
  topic: string,
  headers: Headers,
  what: () => string,
): Promise<T | null> {
  if (bytes === null) return null
  try {
    await serde.pending?.(bytes, topic, headers)
    return serde.deserialize(bytes, topic, headers)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TestingError(
      'MILLRACE_TEST_RECORDS_MISSING',
      `the ${what()} cannot be read with the serde ${serde.name}: ${reason}; read it with the serde that it was written with`,
      { cause },
    )
  }
}

// --- errors ---------------------------------------------------------------------------------------------------------

async function recordsMissing<K, V>(
  client: KafkaClient,
  query: RecordQuery<K, V>,
  records: readonly TopicRecord<K, V>[],
  failure?: Error,
): Promise<TestingError> {
  const { topic, isolation, timeoutMs, wanted, partitions } = query
  const hidden =
    isolation === 'read_uncommitted'
      ? []
      : await hiddenBelow(
          client,
          query,
          await offsetsAt(client, partitionsOf(topic, partitions), -1, 'read_uncommitted'),
        ).catch(() => [])
  const lines = [
    `topic ${topic} did not have ${wanted} ${failure === undefined ? `within ${timeoutMs} ms` : 'when the application stopped'}, but ${countOf(records.length)}${records.length > shownMax ? `, the last of them` : ''}`,
    ...records.slice(-shownMax).map(shown),
    ...(hidden.length === 0 ? [] : [`an open transaction hides ${hidden.join(', ')}`]),
    ...(failure === undefined ? [] : [`the application stopped: ${failure.message}`]),
  ]
  return new TestingError('MILLRACE_TEST_RECORDS_MISSING', lines.join('\n  '), { cause: failure })
}

export function countOf(records: number): string {
  return `${records} ${records === 1 ? 'record' : 'records'}`
}

/** `0@17 ada: { total: 30 }`: partition, offset, key, value. */
function shown<K, V>({ partition, offset, key, value }: TopicRecord<K, V>): string {
  return `${partition}@${offset} ${textOf(key)}: ${textOf(value)}`
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY })
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text
}

function tooMany(topic: string): TestingError {
  return new TestingError(
    'MILLRACE_TEST_RECORDS_MISSING',
    `topic ${topic} has more than the ${recordsMax} records that a test can read at once; give each test a topic of its own`,
  )
}

/** Whether a run wrote what it should have: read as a read_committed consumer reads it. */
import { partitionsOf, readRanges, readToEnd } from '../../../src/cli/topic-reader.ts'
import { systemClock } from '../../../src/common/clock.ts'
import { noHeaders } from '../../../src/common/headers.ts'
import { silentLogger } from '../../../src/common/logger.ts'
import { systemRandom } from '../../../src/common/random.ts'
import { topicPartitionKey } from '../../../src/common/topic-partition.ts'
import { createKafkaClient } from '../../../src/kafka/client/client.ts'
import type { KafkaClient } from '../../../src/kafka/client/kafka-client.ts'
import { KafkajsTransport } from '../../../src/kafka/transport/kafkajs-transport.ts'
import { keyView } from '../../../src/processor/record-set.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { BenchCase } from './cases.ts'

const partitions = 4
const counting: readonly BenchCase['workload'][] = ['count', 'rekey', 'window']
/** That of `StreamsBench.java`. */
const joinDifferenceMs = 1000

/** Throws where records, or counts, do not add up to what `n` records of the stream have to give. */
export async function checkOutput(
  port: number,
  { workload, input }: BenchCase,
  topic: string,
  n: number,
): Promise<void> {
  const transport = new KafkajsTransport({
    bootstrap: [{ host: '127.0.0.1', port }],
    clientId: 'check',
    clock: systemClock,
  })
  const client = createKafkaClient({
    transport,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    clientId: 'check',
  })
  await client.connect()
  try {
    const isCount = counting.includes(workload)
    const found = isCount ? await sumOfLastCounts(client, topic) : await recordsIn(client, topic)
    const wanted = workload === 'join-ss' ? await pairsIn(client, input) : n
    if (found !== wanted)
      throw new Error(`${topic}: ${isCount ? 'the counts add up to' : 'there are'} ${found}, not ${wanted}`)
  } finally {
    await client.close()
  }
}

async function recordsIn(client: KafkaClient, topic: string): Promise<number> {
  let records = 0
  await readToEnd(client, partitionsOf(topic, partitions), () => records++)
  return records
}

async function sumOfLastCounts(client: KafkaClient, topic: string): Promise<number> {
  const counts = new Map<string, number>()
  await readToEnd(client, partitionsOf(topic, partitions), (key, value) => {
    if (key === null || value === null) throw new Error(`${topic}: a record without key or value`)
    const count = serdes.int64.deserialize(value, topic, noHeaders)
    const word = key.toString('latin1')
    if (count <= (counts.get(word) ?? 0)) throw new Error(`${topic}: ${word} counts ${counts.get(word)}, then ${count}`)
    counts.set(word, count)
  })
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

const pairs = new Map<string, number>()

/** How many records of both topics have one key and times that are near enough; counted once per input. */
async function pairsIn(client: KafkaClient, input: string): Promise<number> {
  const known = pairs.get(input)
  if (known !== undefined) return known
  const [left = new Map(), right = new Map()] = await Promise.all(input.split(',').map((each) => timesIn(client, each)))
  let count = 0
  for (const [key, times] of left) count += pairsOf(times, right.get(key) ?? [])
  pairs.set(input, count)
  return count
}

/** By key, ascending, as the topics were filled. */
async function timesIn(client: KafkaClient, topic: string): Promise<Map<string, number[]>> {
  const query = partitionsOf(topic, partitions).map((partition) => ({ ...partition, timestamp: -1 }))
  const ends = await client.listOffsets(query, 'read_committed')
  const ranges = partitionsOf(topic, partitions).map((each) => {
    const key = topicPartitionKey(each.topic, each.partition)
    return [key, { start: 0, end: ends.get(key) ?? 0 }] as const
  })
  const times = new Map<string, number[]>()
  await readRanges(client, new Map(ranges), (cursor) => {
    const key = keyView(cursor)?.toString('latin1') ?? ''
    const ofKey = times.get(key)
    if (ofKey === undefined) times.set(key, [cursor.timestamp])
    else ofKey.push(cursor.timestamp)
  })
  return times
}

function pairsOf(left: readonly number[], right: readonly number[]): number {
  let count = 0
  let first = 0
  for (const time of left) {
    while ((right[first] ?? Infinity) < time - joinDifferenceMs) first++
    for (let at = first; (right[at] ?? Infinity) <= time + joinDifferenceMs; at++) count++
  }
  return count
}

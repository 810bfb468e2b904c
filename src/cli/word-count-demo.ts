/**
 * Counts the words of a text the way an application would: an input topic of four partitions, a repartition topic, a
 * store with a changelog, transactions, and the result read back with read_committed. Used by `npm start`.
 *
 * 1. Make the topics. 2. Start the application. 3. Produce the text while it is already being counted. 4. Wait until
 * the group has committed all of the input, and then all of the repartition topic. 5. Read the counts.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '../common/clock.ts'
import { noHeaders } from '../common/headers.ts'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import type { KafkaConnection } from '../processor/streams-config.ts'
import { connectKafka } from '../runtime/connect-kafka.ts'
import { KafkaStreams } from '../runtime/kafka-streams.ts'
import { serdes } from '../serde/serdes.ts'
import type { Topology } from '../topology/topology.ts'
import { committedToEnd, partitionsOf, readToEnd } from './topic-reader.ts'

const partitions = 4

export interface DemoOptions {
  readonly kafka: KafkaConnection
  /** Application id, and prefix of all topics. */
  readonly applicationId: string
  /** Pieces of text, each shorter than a record may be. */
  readonly lines: AsyncIterable<string>
  readonly onProgress: (lines: number) => void
  /** Aborted: the count ends with the signal's reason; what it made is left to the caller. */
  readonly signal: AbortSignal
}

export interface DemoTopics {
  readonly input: string
  readonly output: string
  readonly repartition: string
  readonly changelog: string
}

export function demoTopics(applicationId: string): DemoTopics {
  return {
    input: `${applicationId}-text-lines`,
    output: `${applicationId}-word-counts`,
    repartition: `${applicationId}-counts-repartition`,
    changelog: `${applicationId}-counts-changelog`,
  }
}

function wordCount({ input, output }: DemoTopics): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream(input, { value: serdes.string })
    .flatMapValues((line) => (line.match(/\w+/g) ?? []).map((word) => word.toLowerCase()))
    .groupBy((word) => word, { key: serdes.string, value: serdes.string })
    .count({ store: 'counts' })
    .toStream()
    .to(output, { key: serdes.string, value: serdes.int64 })
  return builder.build()
}

export async function countWords(options: DemoOptions): Promise<Map<string, number>> {
  const topics = demoTopics(options.applicationId)
  const client = connectKafka({ kafka: options.kafka, applicationId: `${options.applicationId}-client` })
  await client.connect()
  try {
    await client.admin.createTopics(
      [topics.input, topics.output].map((name) => ({ name, partitions, replicationFactor: -1, config: {} })),
    )
    const stateDir = await mkdtemp(path.join(tmpdir(), 'millrace-start-'))
    const streams = new KafkaStreams(wordCount(topics), {
      applicationId: options.applicationId,
      kafka: options.kafka,
      store: 'memory',
      stateDir,
    })
    const failed = new Promise<never>((_, reject) => streams.on('error', ({ error }) => reject(error)))
    const started = streams.start()
    try {
      await Promise.race([failed, aborted(options.signal), countAll(client, topics, options, started)])
    } finally {
      await started.catch(() => undefined)
      await streams.close()
      await rm(stateDir, { recursive: true, force: true })
    }
    return await readCounts(client, topics.output)
  } finally {
    await client.close()
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

async function countAll(
  client: KafkaClient,
  topics: DemoTopics,
  options: DemoOptions,
  started: Promise<void>,
): Promise<void> {
  await produce(client, topics.input, options)
  await started
  // In this order: the repartition topic is complete only when all of the input is committed.
  await committedToEnd(client, options.applicationId, partitionsOf(topics.input, partitions))
  await committedToEnd(client, options.applicationId, partitionsOf(topics.repartition, partitions))
}

async function produce(client: KafkaClient, topic: string, { lines, onProgress, signal }: DemoOptions): Promise<void> {
  const producer = client.producer({ lingerMs: 5 })
  await producer.init()
  let count = 0
  for await (const line of lines) {
    const fits = producer.append(topic, count++ % partitions, null, Buffer.from(line), systemClock.now(), noHeaders)
    if (!fits) await producer.drained()
    if (count % 1000 === 0) onProgress(count)
    if (signal.aborted) break
  }
  await producer.flush()
  await producer.close()
}

/** The newest count of every word. */
async function readCounts(client: KafkaClient, topic: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  await readToEnd(client, partitionsOf(topic, partitions), (key, value) => {
    if (key === null || value === null) return
    counts.set(key.toString(), serdes.int64.deserialize(value, topic, noHeaders))
  })
  return counts
}

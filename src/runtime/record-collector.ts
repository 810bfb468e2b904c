/**
 * Where the tasks of a thread send their records: chooses the partition, checks the size, and hands over to the
 * producer. Synchronous; see {@link RecordSink}.
 *
 * A topic named by a function may be new to us. Who writes to it waits here, in order, until `resolveTopics` has asked
 * the broker (before every commit), because asking takes a round trip that no record may wait for. Nothing that needs the
 * topic is decided before: neither the partition nor whether the record is too large for it.
 */
import { assert } from '../common/assert.ts'
import { systemClock, type Clock } from '../common/clock.ts'
import { murmur2Partition } from '../common/murmur2.ts'
import type { Headers } from '../common/headers.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import type { KafkaClient, Producer, TopicMetadata } from '../kafka/client/kafka-client.ts'
import { noTimestamp, type RecordSink } from '../processor/record-sink.ts'

interface SinkTopic {
  metadata: TopicMetadata
  readonly maxMessageBytes: number
  /** For null keys: stays for a batch's worth of bytes, then moves on (KIP-794's sticky partitioner). */
  stickyPartition: number
  stickyBytes: number
}

interface Waiting {
  readonly topic: string
  readonly send: (missing: Error | undefined) => void
}

const stickyBatchBytes = 16_384
/** Kafka's default of max.message.bytes, taken when the topic's own cannot be read. */
const defaultMaxMessageBytes = 1_048_588
const waitingMax = 10_000
const waitingMaxBytes = 16 * 1024 * 1024

export class RecordCollector implements RecordSink {
  readonly #client: KafkaClient
  readonly #clock: Clock
  readonly #topics = new Map<string, SinkTopic>()
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #producer: Producer
  #full = false

  constructor(client: KafkaClient, producer: Producer, clock: Clock = systemClock) {
    this.#client = client
    this.#clock = clock
    this.#producer = producer
  }

  get producer(): Producer {
    return this.#producer
  }

  /** After a fencing; what the old one had not committed is gone with it. */
  replaceProducer(producer: Producer): void {
    this.#producer = producer
    this.discard()
  }

  /** Looks up the topics that tasks write to. Throws where one does not exist and is not created on first use. */
  async prepareTopics(names: readonly string[]): Promise<void> {
    const [missing] = await this.#lookUp(names)
    if (missing !== undefined) throw topicMissing(missing)
  }

  /** Returns those that do not exist. */
  async #lookUp(names: readonly string[]): Promise<Set<string>> {
    const wanted = names.filter((name) => !this.#topics.has(name))
    if (wanted.length === 0) return new Set()
    const described = await this.#client.describeTopics(wanted, { autoCreate: true })
    const limits = await this.#messageLimits([...described.keys()])
    for (const [name, metadata] of described) {
      this.#topics.set(name, {
        metadata,
        maxMessageBytes: limits.get(name) ?? defaultMaxMessageBytes,
        stickyPartition: 0,
        stickyBytes: 0,
      })
    }
    return new Set(wanted.filter((name) => !described.has(name)))
  }

  partitionCount(topic: string): number | undefined {
    return this.#topics.get(topic)?.metadata.partitionCount
  }

  /** What the topic admits of one record, as far as that could be learned. */
  maxMessageBytes(topic: string): number | undefined {
    return this.#topics.get(topic)?.maxMessageBytes
  }

  /** What records are partitioned with. */
  get written(): ReadonlyMap<string, TopicMetadata> {
    return new Map([...this.#topics].map(([name, { metadata }]) => [name, metadata]))
  }

  /** It has more partitions now, or is another topic of the same name: from here on its records go where those of others do. */
  resize(metadata: TopicMetadata): void {
    const topic = this.#topics.get(metadata.name)
    if (topic === undefined) return
    topic.metadata = metadata
    topic.stickyPartition = 0
  }

  whenKnown(topic: string, bytes: number, send: (missing: Error | undefined) => void): void {
    this.#waiting.push({ topic, send })
    this.#waitingBytes += bytes
  }

  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers,
  ): void {
    const target = this.#topics.get(topic)
    assert(target !== undefined, `the topic ${topic} was looked up before anything is written to it`)
    const bytes = (key?.byteLength ?? 0) + (value?.byteLength ?? 0)
    // The exact size is worth computing only for a record that may come near the limit.
    if (bytes > target.maxMessageBytes >> 1 || headers.length > 0) this.#checkSize(topic, target, key, value, headers)
    const chosen = partition >= 0 ? partition : choosePartition(target, key, bytes)
    const time = timestamp === noTimestamp ? this.#clock.now() : timestamp
    if (!this.#producer.append(topic, chosen, key, value, time, headers)) this.#full = true
  }

  /** Whether processing should wait for `drained`. */
  get isFull(): boolean {
    return this.#full || this.#waiting.length >= waitingMax || this.#waitingBytes >= waitingMaxBytes
  }

  async drained(): Promise<void> {
    await this.resolveTopics()
    await this.#producer.drained()
    this.#full = false
  }

  /** Looks up the topics that are waited for, and lets those who wait send. */
  async resolveTopics(): Promise<void> {
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting
      const missing = await this.#lookUp([...new Set(waiting.map(({ topic }) => topic))])
      // Rolled back meanwhile.
      if (this.#waiting !== waiting) continue
      this.#waiting = []
      this.#waitingBytes = 0
      for (const { topic, send } of waiting) send(missing.has(topic) ? topicMissing(topic) : undefined)
    }
  }

  /** Where nothing waits, all batches are sealed before this returns: what is appended next is not part of it. */
  async flush(): Promise<void> {
    if (this.#waiting.length > 0) await this.resolveTopics()
    await this.#producer.flush()
    this.#full = false
  }

  /** After a rollback. */
  discard(): void {
    this.#waiting = []
    this.#waitingBytes = 0
    this.#full = false
  }

  #checkSize(
    topic: string,
    target: SinkTopic,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): void {
    // Of a batch with nothing else in it: a record that fits alone fits the topic.
    const bytes = this.#producer.recordBytes(key, value, headers)
    if (bytes <= target.maxMessageBytes) return
    throw new RuntimeError(
      'MILLRACE_RECORD_TOO_LARGE',
      `a record of ${bytes} bytes for topic '${topic}' is larger than its max.message.bytes (${target.maxMessageBytes}); raise that limit, make the record smaller, or set onProductionError`,
      { topic },
    )
  }

  async #messageLimits(names: readonly string[]): Promise<Map<string, number>> {
    const configs = await this.#client.admin
      .describeTopicConfigs(names)
      .catch(() => new Map<string, ReadonlyMap<string, string>>())
    const limits = new Map<string, number>()
    for (const [name, config] of configs) {
      const limit = Number(config.get('max.message.bytes'))
      if (limit > 0) limits.set(name, limit)
    }
    return limits
  }
}

function topicMissing(topic: string): RuntimeError {
  return new RuntimeError(
    'MILLRACE_SINK_TOPIC_MISSING',
    `the output topic '${topic}' does not exist and the broker did not create it on first use; create it, or correct its name where the topology or an error policy names it`,
    { topic },
  )
}

function choosePartition(target: SinkTopic, key: Uint8Array | null, bytes: number): number {
  const { partitionCount } = target.metadata
  if (key !== null) return murmur2Partition(key, partitionCount)
  target.stickyBytes += bytes
  if (target.stickyBytes > stickyBatchBytes) {
    target.stickyBytes = 0
    target.stickyPartition = (target.stickyPartition + 1) % partitionCount
  }
  return target.stickyPartition
}

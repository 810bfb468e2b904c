/**
 * Where the tasks of a thread send their records: chooses the partition, checks the size, and hands over to the
 * producer. Synchronous; see {@link RecordSink}.
 *
 * A topic named by a function may be new to us. Its records wait here, in order, until `resolveTopics` has asked the
 * broker (before every flush), because asking takes a round trip that no record may wait for.
 */
import { RuntimeError } from '../errors/runtime-error.ts'
import { murmur2Partition } from '../common/murmur2.ts'
import type { Headers } from '../common/headers.ts'
import type { KafkaClient, Producer } from '../kafka/client/kafka-client.ts'
import type { RecordSink } from '../processor/record-sink.ts'

interface SinkTopic {
  readonly partitions: number
  readonly maxMessageBytes: number
  /** For null keys: stays for a batch's worth of bytes, then moves on (KIP-794's sticky partitioner). */
  stickyPartition: number
  stickyBytes: number
}

interface WaitingRecord {
  readonly topic: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
  readonly headers: Headers
}

const stickyBatchBytes = 16_384
/** Kafka's default of max.message.bytes, taken when the topic's own cannot be read. */
const defaultMaxMessageBytes = 1_048_588
const waitingRecordsMax = 10_000

export class RecordCollector implements RecordSink {
  readonly #client: KafkaClient
  readonly #topics = new Map<string, SinkTopic>()
  #waiting: WaitingRecord[] = []
  #producer: Producer
  #full = false

  constructor(client: KafkaClient, producer: Producer) {
    this.#client = client
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
    const wanted = names.filter((name) => !this.#topics.has(name))
    if (wanted.length === 0) return
    const described = await this.#client.describeTopics(wanted, { autoCreate: true })
    const missing = wanted.find((name) => !described.has(name))
    if (missing !== undefined) {
      throw new RuntimeError(
        'MILLRACE_SINK_TOPIC_MISSING',
        `the output topic '${missing}' does not exist and the broker did not create it on first use; create it, or correct its name in the topology`,
        { topic: missing },
      )
    }
    const limits = await this.#messageLimits(wanted)
    for (const name of wanted) {
      this.#topics.set(name, {
        partitions: described.get(name)?.partitionCount ?? 1,
        maxMessageBytes: limits.get(name) ?? defaultMaxMessageBytes,
        stickyPartition: 0,
        stickyBytes: 0,
      })
    }
  }

  partitionCount(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitions
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
    if (target === undefined) {
      this.#wait({ topic, key, value, timestamp, headers })
      return
    }
    const bytes = (key?.byteLength ?? 0) + (value?.byteLength ?? 0)
    // The exact size is worth computing only for a record that may come near the limit.
    if (bytes > target.maxMessageBytes >> 1 || headers.length > 0) this.#checkSize(topic, target, key, value, headers)
    const chosen = partition >= 0 ? partition : choosePartition(target, key, bytes)
    if (!this.#producer.append(topic, chosen, key, value, timestamp, headers)) this.#full = true
  }

  /** Whether processing should wait for `drained`. */
  get isFull(): boolean {
    return this.#full || this.#waiting.length >= waitingRecordsMax
  }

  async drained(): Promise<void> {
    await this.resolveTopics()
    await this.#producer.drained()
    this.#full = false
  }

  /** Looks up the topics that records wait for, and sends these. */
  async resolveTopics(): Promise<void> {
    while (this.#waiting.length > 0) {
      const records = this.#waiting
      await this.prepareTopics([...new Set(records.map((record) => record.topic))])
      this.#waiting = this.#waiting.slice(records.length)
      for (const { topic, key, value, timestamp, headers } of records)
        this.append(topic, -1, key, value, timestamp, headers)
    }
  }

  async flush(): Promise<void> {
    await this.resolveTopics()
    await this.#producer.flush()
    this.#full = false
  }

  /** After a rollback. */
  discard(): void {
    this.#waiting = []
    this.#full = false
  }

  #wait(record: WaitingRecord): void {
    // The bytes are lent by the caller only for the call.
    this.#waiting.push({
      ...record,
      key: record.key === null ? null : Buffer.from(record.key),
      value: record.value === null ? null : Buffer.from(record.value),
    })
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

function choosePartition(target: SinkTopic, key: Uint8Array | null, bytes: number): number {
  if (key !== null) return murmur2Partition(key, target.partitions)
  target.stickyBytes += bytes
  if (target.stickyBytes > stickyBatchBytes) {
    target.stickyBytes = 0
    target.stickyPartition = (target.stickyPartition + 1) % target.partitions
  }
  return target.stickyPartition
}

/** A client and a fetcher that tests move by hand: what arrives, where logs end, what was committed. */
import type { TopicPartitionKey } from '../../src/common/topic-partition.ts'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import type { Admin, Fetcher, KafkaClient, OffsetAndMetadata } from '../../src/kafka/client/kafka-client.ts'
import type { RecordCursor, RecordSet } from '../../src/processor/record-set.ts'

export class FakeFetcher implements Fetcher {
  readonly positions = new Map<TopicPartitionKey, number>()
  readonly paused = new Set<TopicPartitionKey>()
  wakeups = 0
  #arrived: RecordSet[] = []
  #error: Error | undefined

  /** For the next `take`. */
  arrive(...sets: readonly RecordSet[]): void {
    this.#arrived.push(...sets)
  }

  /** Markers and aborted records only. */
  pass(key: TopicPartitionKey, offset: number): void {
    this.positions.set(key, offset)
  }

  fail(error: Error): void {
    this.#error = error
  }

  assign(positions: ReadonlyMap<TopicPartitionKey, number>): void {
    for (const key of this.positions.keys()) {
      if (positions.has(key)) continue
      this.positions.delete(key)
      this.paused.delete(key)
    }
    for (const [key, offset] of positions) if (!this.positions.has(key)) this.positions.set(key, offset)
  }

  seek(key: TopicPartitionKey, offset: number): void {
    if (!this.positions.has(key)) return
    this.positions.set(key, offset)
    this.#error = undefined
  }

  pause(keys: Iterable<TopicPartitionKey>): void {
    for (const key of keys) this.paused.add(key)
  }

  resume(keys: Iterable<TopicPartitionKey>): void {
    for (const key of keys) this.paused.delete(key)
  }

  take(): RecordSet[] {
    if (this.#error !== undefined) throw this.#error
    const sets = this.#arrived
    this.#arrived = []
    for (const { topic, partition, nextOffset } of sets) {
      this.positions.set(topicPartitionKey(topic, partition), nextOffset)
    }
    return sets
  }

  wait(): Promise<void> {
    return Promise.resolve()
  }

  wakeup(): void {
    this.wakeups++
  }

  position(key: TopicPartitionKey): number | undefined {
    return this.positions.get(key)
  }

  watermarks(): undefined {
    return undefined
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export class FakeKafka {
  readonly fetcher = new FakeFetcher()
  /** That of changelogs. */
  readonly restore = new FakeFetcher()
  readonly starts = new Map<TopicPartitionKey, number>()
  readonly ends = new Map<TopicPartitionKey, number>()
  readonly committed = new Map<TopicPartitionKey, OffsetAndMetadata>()
  /** Topics that exist, with their partition counts. */
  readonly topics = new Map<string, number>()
  /** Their ids; none where it is not here. */
  readonly topicIds = new Map<string, string>()
  readonly topicConfigs = new Map<string, ReadonlyMap<string, string>>()
  readonly created: string[] = []
  /** Thrown by every call while it is set. */
  fault: Error | undefined

  /** What the tests need of it; everything else is missing. */
  get client(): KafkaClient {
    const client: Partial<KafkaClient> = {
      fetcher: ({ name }) => (name === 'restore' ? this.restore : this.fetcher),
      listOffsets: async (query) => {
        this.#throwFault()
        return new Map(
          query.map(({ topic, partition, timestamp }) => {
            const key = topicPartitionKey(topic, partition)
            return [key, (timestamp === -2 ? this.starts : this.ends).get(key) ?? 0]
          }),
        )
      },
      committedOffsets: async () => {
        this.#throwFault()
        return new Map(this.committed)
      },
      describeTopics: async (names) => {
        this.#throwFault()
        const wanted = names === 'all' ? [...this.topics.keys()] : names
        return new Map(
          wanted.flatMap((name) => {
            const partitionCount = this.topics.get(name)
            return partitionCount === undefined
              ? []
              : [[name, { name, topicId: this.topicIds.get(name) ?? '', internal: false, partitionCount }]]
          }),
        )
      },
      fenceProducers: () => Promise.resolve(),
      removeMembers: () => Promise.resolve(),
      admin: {
        createTopics: async (topics) => {
          this.#throwFault()
          for (const { name, partitions } of topics) {
            this.created.push(name)
            this.topics.set(name, partitions)
          }
        },
        describeTopicConfigs: async () => this.topicConfigs,
        deleteTopics: () => Promise.resolve(),
        deleteRecords: () => Promise.resolve(),
        deleteGroups: () => Promise.resolve(),
      } satisfies Partial<Admin> as unknown as Admin,
    }
    return client as KafkaClient
  }

  #throwFault(): void {
    if (this.fault !== undefined) throw this.fault
  }
}

/** `count` records `k<offset>` = `v<offset>` from `offset` on; `nextOffset` may lie behind markers. */
export function recordSet(
  topic: string,
  offset: number,
  count: number,
  nextOffset: number = offset + count,
  partition: number = 0,
): RecordSet {
  return {
    topic,
    partition,
    recordCount: count,
    byteLength: count * 10,
    nextOffset,
    highWatermark: nextOffset,
    cursor: () => new CountedCursor(offset, count),
  }
}

class CountedCursor implements RecordCursor {
  offset: number
  readonly timestamp = 1
  buffer: Buffer = Buffer.alloc(0)
  readonly keyStart = 0
  keyLength = 0
  valueStart = 0
  valueLength = 0
  readonly #end: number

  constructor(offset: number, count: number) {
    this.offset = offset - 1
    this.#end = offset + count
  }

  next(): boolean {
    if (++this.offset >= this.#end) return false
    this.buffer = Buffer.from(`k${this.offset}v${this.offset}`)
    this.keyLength = this.buffer.length / 2
    this.valueStart = this.keyLength
    this.valueLength = this.keyLength
    return true
  }

  headers(): [] {
    return []
  }
}

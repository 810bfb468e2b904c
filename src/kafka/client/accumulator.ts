import type { Clock, Timer } from '../../common/clock.ts'
import type { Headers } from '../../common/headers.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import { parseTopicPartition } from '../../common/topic-partition.ts'
import type { Compression } from '../records/compression.ts'
import { BatchMemory } from './batch-memory.ts'
import { PartitionQueue } from './partition-queue.ts'

export interface AccumulatorOptions {
  readonly clock: Clock
  readonly compression: Compression
  readonly batchMaxBytes: number
  readonly bufferMaxBytes: number
  readonly lingerMs: number
  /** A batch is begun; throws where no record may be taken. */
  readonly onOpened: () => void
  readonly onSealed: (queue: PartitionQueue) => void
  /** After the last of the batches that are sealed together. */
  readonly onAllSealed: () => void
}

/** Of memory that waits for the next batches, at most; what one commit interval sends on one core is less. */
const maxIdleBytes = 32 * 1024 * 1024

/**
 * The records of a producer that are not on their way yet: one open batch per partition. A batch is sealed when it is
 * full, when the oldest record has waited for `lingerMs`, when the buffer is full, or when it is asked for. What is
 * sealed belongs to the transaction that is set at that moment; bytes count until they are acknowledged.
 */
export class Accumulator {
  /** Where appends go. Changed only while nothing is open. */
  transaction = 0
  readonly #options: AccumulatorOptions
  readonly #topics = new Map<string, (PartitionQueue | undefined)[]>()
  readonly #open = new Set<PartitionQueue>()
  readonly #memory: BatchMemory
  #bufferedBytes = 0
  #linger: Timer | undefined
  /** Who appends is mostly where it appended before, or in another partition of that topic. */
  #lastQueue: PartitionQueue | undefined
  #lastTopic: (PartitionQueue | undefined)[] = []

  constructor(options: AccumulatorOptions) {
    this.#options = options
    this.#memory = new BatchMemory(options.batchMaxBytes, Math.min(options.bufferMaxBytes, maxIdleBytes))
  }

  get isFull(): boolean {
    return this.#bufferedBytes >= this.#options.bufferMaxBytes
  }

  /** False: the buffer is full. */
  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers,
  ): boolean {
    let queue = this.#lastQueue
    if (queue === undefined || queue.partition !== partition || queue.topic !== topic) {
      queue = (queue?.topic === topic ? this.#lastTopic[partition] : undefined) ?? this.#queue(topic, partition)
      this.#lastQueue = queue
    }
    if (queue.isFullFor(key, value, headers)) {
      this.#seal(queue)
      this.#options.onAllSealed()
    }
    if (!queue.hasOpenRecords) this.#onOpened(queue)
    this.#bufferedBytes += queue.append(key, value, timestamp, headers)
    if (!this.isFull) return true
    this.sealAll()
    return false
  }

  sealAll(): void {
    this.#linger?.cancel()
    this.#linger = undefined
    for (const queue of this.#open) this.#seal(queue)
    this.#options.onAllSealed()
  }

  onAcknowledged(bytes: number): void {
    this.#bufferedBytes -= bytes
  }

  acknowledged(key: TopicPartitionKey): number | undefined {
    const { topic, partition } = parseTopicPartition(key)
    return this.#topics.get(topic)?.[partition]?.acknowledged
  }

  *queues(): Iterable<PartitionQueue> {
    for (const partitions of this.#topics.values()) for (const queue of partitions) if (queue !== undefined) yield queue
  }

  /** Everything that is not acknowledged. */
  discard(): void {
    this.#linger?.cancel()
    this.#linger = undefined
    for (const queue of this.queues()) queue.discard()
    this.#open.clear()
    this.#bufferedBytes = 0
  }

  #queue(topic: string, partition: number): PartitionQueue {
    let partitions = this.#topics.get(topic)
    if (partitions === undefined) {
      partitions = []
      this.#topics.set(topic, partitions)
    }
    this.#lastTopic = partitions
    let queue = partitions[partition]
    if (queue === undefined) {
      const { compression, batchMaxBytes } = this.#options
      queue = new PartitionQueue(topic, partition, { compression, maxBytes: batchMaxBytes, memory: this.#memory })
      partitions[partition] = queue
    }
    return queue
  }

  #onOpened(queue: PartitionQueue): void {
    this.#options.onOpened()
    this.#open.add(queue)
    this.#linger ??= this.#options.clock.setTimer(this.#options.lingerMs, () => this.sealAll())
  }

  #seal(queue: PartitionQueue): void {
    queue.seal(this.transaction, this.#options.clock.now())
    this.#open.delete(queue)
    this.#options.onSealed(queue)
  }
}

import { noHeaders } from '../../common/headers.ts'
import type { Headers } from '../../common/headers.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import { topicPartitionKey } from '../../common/topic-partition.ts'
import { BatchBuilder } from '../records/batch-builder.ts'
import { stampBatch } from '../records/batch-stamp.ts'
import type { Compression } from '../records/compression.ts'
import type { BatchMemory } from './batch-memory.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { splitBatch } from './split-batch.ts'

export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

export interface PartitionQueueOptions {
  readonly compression: Compression
  /** Of a batch. */
  readonly maxBytes: number
  readonly memory: BatchMemory
}

/** A broker remembers this many batches of a producer to tell repetitions from gaps (KAFKA-5494). */
const maxInFlight = 5
/** More than a record adds to its key and value. */
const recordOverheadBytes = 40

/**
 * One partition of a producer: the open batch, and the sealed ones in the order of their sequences until each is
 * acknowledged. A batch is sent only while everything before it is under way or done and nothing after it is, because
 * the broker admits no gap; so a failed one is first waited for by its successors and then sent before them. The first of
 * an epoch travels alone where a broker that knows nothing of it yet would take its successor for the first (before
 * transaction protocol v2).
 */
export class PartitionQueue implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly key: TopicPartitionKey
  /** Where the batches under way were sent. */
  nodeId = -1
  /** After a fault: nothing is sent before. */
  retryAtMs = 0
  /** 1 + the offset of the last record acknowledged. */
  acknowledged: number | undefined
  readonly #builder = new BatchBuilder()
  readonly #compression: Compression
  readonly #memory: BatchMemory
  #maxBytes: number
  #openBytes = 0
  #batches: ProducerBatch[] = []
  #inFlight = 0
  #nextSequence = 0
  /** Whether the broker has seen a batch of this epoch: without one it takes any sequence for the first. */
  #isKnown = false

  constructor(topic: string, partition: number, options: PartitionQueueOptions) {
    this.topic = topic
    this.partition = partition
    this.key = topicPartitionKey(topic, partition)
    this.#compression = options.compression
    this.#memory = options.memory
    this.#maxBytes = options.maxBytes
  }

  get hasOpenRecords(): boolean {
    return this.#builder.recordCount > 0
  }

  get head(): ProducerBatch | undefined {
    return this.#batches[0]
  }

  get isInFlight(): boolean {
    return this.#inFlight > 0
  }

  /** Whether a batch was given a sequence that the broker may not have: then only a new epoch makes it whole again. */
  get hasUnsettledSequences(): boolean {
    return this.#batches.some(({ sequence }) => sequence >= 0)
  }

  /** True: the record does not fit into the open batch any more, seal it first. */
  isFullFor(key: Uint8Array | null, value: Uint8Array | null, headers: Headers): boolean {
    if (this.#builder.recordCount === 0) return false
    let bytes = this.#builder.byteLength + recordOverheadBytes
    if (key !== null) bytes += key.byteLength
    if (value !== null) bytes += value.byteLength
    if (headers !== noHeaders) bytes += headersBytes(headers)
    return bytes > this.#maxBytes
  }

  /** The bytes it added. */
  append(key: Uint8Array | null, value: Uint8Array | null, timestamp: number, headers: Headers): number {
    const bytes = this.#builder.append(timestamp, key, value, headers)
    this.#openBytes += bytes
    return bytes
  }

  seal(transaction: number, nowMs: number): void {
    const { recordCount } = this.#builder
    if (recordCount === 0) return
    this.#batches.push({
      bytes: this.#builder.seal(this.#compression, this.#memory),
      recordCount,
      bufferedBytes: this.#openBytes,
      transaction,
      sealedAtMs: nowMs,
      sequence: -1,
      isInFlight: false,
      attempts: 0,
    })
    this.#openBytes = 0
  }

  /** What may be sent to `nodeId` now. `isChecked`: the broker admits only sequence 0 as the first of an epoch. */
  sendable(transaction: number, nodeId: number, nowMs: number, isChecked = false): ProducerBatch | undefined {
    if (this.retryAtMs > nowMs || this.#inFlight >= (this.#isKnown || isChecked ? maxInFlight : 1)) return undefined
    if (this.#inFlight > 0 && this.nodeId !== nodeId) return undefined
    const batch = this.#batches[this.#inFlight]
    if (batch === undefined || batch.transaction > transaction) return undefined
    for (let index = 0; index < this.#inFlight; index++) {
      if (this.#batches[index]?.isInFlight !== true) return undefined
    }
    return batch
  }

  onSend(batch: ProducerBatch, nodeId: number, identity: ProducerIdentity, transactional: boolean): void {
    if (batch.sequence < 0) {
      batch.sequence = this.#nextSequence
      this.#nextSequence = (this.#nextSequence + batch.recordCount) & 0x7fff_ffff
      stampBatch(batch.bytes, { ...identity, baseSequence: batch.sequence, transactional })
    }
    this.nodeId = nodeId
    batch.isInFlight = true
    this.#inFlight++
  }

  /** `baseOffset` is -1 where the broker no longer knows it. */
  onAcknowledged(batch: ProducerBatch, baseOffset: number): void {
    const index = this.#batches.indexOf(batch)
    if (index < 0) return
    this.#batches.splice(index, 1)
    // Sent more than once, it may still wait in the socket whose answer did not come.
    if (batch.attempts === 0) this.#memory.giveBack(batch.bytes)
    this.#inFlight--
    this.retryAtMs = 0
    this.#isKnown = true
    if (baseOffset < 0) return
    const next = baseOffset + batch.recordCount
    if (this.acknowledged === undefined || next > this.acknowledged) this.acknowledged = next
  }

  /** It will be sent again, with the same sequence. */
  onFailed(batch: ProducerBatch, retryAtMs: number): void {
    if (!this.#batches.includes(batch)) return
    batch.isInFlight = false
    batch.attempts++
    this.#inFlight--
    this.retryAtMs = retryAtMs
  }

  /** The broker found it too large: the parts take its place and its sequences. False for a single record. */
  split(batch: ProducerBatch): boolean {
    const index = this.#batches.indexOf(batch)
    if (index < 0 || batch.recordCount < 2) return false
    this.#maxBytes = Math.max(1, Math.min(this.#maxBytes, batch.bytes.length) >> 1)
    const { producerId, producerEpoch, isTransactional, parts } = splitBatch(batch, this.#compression)
    this.#batches.splice(index, 1, ...parts)
    this.#inFlight--
    let sequence = batch.sequence
    for (const part of parts) {
      part.sequence = sequence
      stampBatch(part.bytes, { producerId, producerEpoch, baseSequence: sequence, transactional: isTransactional })
      sequence = (sequence + part.recordCount) & 0x7fff_ffff
    }
    return true
  }

  /** Drops what is open or not acknowledged; answers still under way find nothing any more. */
  discard(): void {
    this.#builder.reset()
    this.#openBytes = 0
    this.#batches = []
    this.#inFlight = 0
    this.retryAtMs = 0
  }

  /** With a new producer epoch. */
  resetSequence(): void {
    this.#nextSequence = 0
    this.#isKnown = false
  }
}

function headersBytes(headers: Headers): number {
  let bytes = 0
  for (const [name, value] of headers) bytes += 10 + name.length * 3 + (value === null ? 0 : value.byteLength)
  return bytes
}

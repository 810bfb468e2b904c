/**
 * The topics of a test driver: how many partitions each has, and what was written to it and not read by the test yet. It
 * stands in for the brokers, and forgets nothing but what the test has taken.
 */
import { murmur2, toPositive } from '../common/murmur2.ts'
import { noHeaders, type Headers } from '../common/headers.ts'
import type { RecordCursor, RecordSet } from '../processor/record-set.ts'
import type { RecordSink } from '../processor/record-sink.ts'

const slabBytes = 64 * 1024

/** One record of a topic, as a task reads it: a record set of one, which is its own cursor. */
export class DriverRecord implements RecordSet, RecordCursor {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly buffer: Buffer
  readonly keyStart: number
  readonly keyLength: number
  readonly valueStart: number
  readonly valueLength: number
  readonly recordCount = 1
  readonly #headers: Headers
  #isRead = false

  /** Key and value lie one after the other in `buffer`, from `start` on. */
  constructor(
    topic: string,
    partition: number,
    offset: number,
    buffer: Buffer,
    start: number,
    keyLength: number,
    valueLength: number,
    timestamp: number,
    headers: Headers,
  ) {
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.timestamp = timestamp
    this.buffer = buffer
    this.keyStart = start
    this.keyLength = keyLength
    this.valueStart = start + Math.max(0, keyLength)
    this.valueLength = valueLength
    this.#headers = headers.length === 0 ? noHeaders : headers
  }

  get byteLength(): number {
    return Math.max(0, this.keyLength) + Math.max(0, this.valueLength)
  }

  get nextOffset(): number {
    return this.offset + 1
  }

  get highWatermark(): number {
    return this.offset + 1
  }

  headers(): Headers {
    return this.#headers
  }

  cursor(): RecordCursor {
    this.#isRead = false
    return this
  }

  next(): boolean {
    if (this.#isRead) return false
    this.#isRead = true
    return true
  }
}

export class DriverTopics implements RecordSink {
  readonly #counts = new Map<string, number>()
  readonly #nextOffsets = new Map<string, number[]>()
  readonly #unread = new Map<string, DriverRecord[]>()
  /** Topics that the test reads by themselves. */
  readonly #opened = new Set<string>()
  readonly #onAppend: (record: DriverRecord) => void
  #log: DriverRecord[] = []
  #slab = Buffer.alloc(0)
  #used = 0

  constructor(counts: Readonly<Record<string, number>>, onAppend: (record: DriverRecord) => void) {
    for (const [topic, count] of Object.entries(counts)) this.#counts.set(topic, count)
    this.#onAppend = onAppend
  }

  /** A topic that nothing is known of has one partition. */
  partitionCount(topic: string): number {
    return this.#counts.get(topic) ?? 1
  }

  setPartitionCount(topic: string, count: number): void {
    this.#counts.set(topic, count)
  }

  /** What the topology writes. */
  append(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers,
  ): void {
    const chosen = partition >= 0 ? partition : this.partitionOf(topic, key)
    const record = this.make(topic, chosen, key, value, timestamp, headers)
    this.#log.push(record)
    const unread = this.#unread.get(topic)
    if (unread === undefined) this.#unread.set(topic, [record])
    else unread.push(record)
    this.#onAppend(record)
  }

  /** A record of the test or the topology, with the next offset of its partition. */
  make(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers,
  ): DriverRecord {
    const keyLength = key === null ? -1 : key.byteLength
    const valueLength = value === null ? -1 : value.byteLength
    const start = this.#reserve(Math.max(0, keyLength) + Math.max(0, valueLength))
    if (key !== null) this.#slab.set(key, start)
    if (value !== null) this.#slab.set(value, start + Math.max(0, keyLength))
    const offset = this.#nextOffset(topic, partition)
    return new DriverRecord(topic, partition, offset, this.#slab, start, keyLength, valueLength, timestamp, headers)
  }

  /** Room for that many bytes in the slab: the bytes of all records lie together, because a buffer each is dear. */
  #reserve(size: number): number {
    if (this.#used + size > this.#slab.byteLength) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, size))
      this.#used = 0
    }
    const start = this.#used
    this.#used += size
    return start
  }

  /** As Java's producer; a record without a key goes to the first partition, so that a test can say where it is. */
  partitionOf(topic: string, key: Uint8Array | null): number {
    const count = this.partitionCount(topic)
    return key === null || count === 1 ? 0 : toPositive(murmur2(key)) % count
  }

  /** The test reads this topic by itself, too. */
  open(topic: string): void {
    this.#opened.add(topic)
  }

  /** Everything since the last call, in order. Of topics that are not open it is kept no longer. */
  takeLog(): DriverRecord[] {
    const log = this.#log
    this.#log = []
    for (const topic of this.#unread.keys()) if (!this.#opened.has(topic)) this.#unread.delete(topic)
    return log
  }

  /** The records of one topic that were not taken yet. */
  takeUnread(topic: string): DriverRecord[] {
    const unread = this.#unread.get(topic) ?? []
    this.#unread.delete(topic)
    return unread
  }

  takeOneUnread(topic: string): DriverRecord | undefined {
    return this.#unread.get(topic)?.shift()
  }

  hasUnread(topic: string): boolean {
    return (this.#unread.get(topic)?.length ?? 0) > 0
  }

  #nextOffset(topic: string, partition: number): number {
    let offsets = this.#nextOffsets.get(topic)
    if (offsets === undefined) {
      offsets = []
      this.#nextOffsets.set(topic, offsets)
    }
    const offset = offsets[partition] ?? 0
    offsets[partition] = offset + 1
    return offset
  }
}

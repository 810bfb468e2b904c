/**
 * The topics of a test driver: how many partitions each has, and what was written to it and not read by the test yet. It
 * stands in for the brokers, and forgets nothing but what the test has taken.
 */
import { murmur2Partition } from '../common/murmur2.ts'
import { noHeaders, type Headers } from '../common/headers.ts'
import type { RecordCursor, RecordSet } from '../processor/record-set.ts'
import type { RecordSink } from '../processor/record-sink.ts'
import type { StreamTask } from '../runtime/task/stream-task.ts'

const slabBytes = 64 * 1024

/** A key or value: bytes, or well-formed text that stands for them as UTF-8. */
export type Part = Uint8Array | string | null

/** One record of a topic, as a task reads it: a record set of one, which is its own cursor. */
export class DriverRecord implements RecordSet, RecordCursor {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly buffer: Buffer
  readonly keyStart: number
  readonly keyLength: number
  readonly valueLength: number
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
    this.valueLength = valueLength
    this.#headers = headers.length === 0 ? noHeaders : headers
  }

  get valueStart(): number {
    return this.keyStart + Math.max(0, this.keyLength)
  }

  get recordCount(): number {
    return 1
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

/** What is known of one topic. */
export class DriverTopic {
  readonly name: string
  partitionCount = 1
  /** By partition; empty when the topology does not read it. */
  readonly readers: StreamTask[] = []
  /** The test reads it by itself. */
  isOpen = false
  /** What was written and not taken by the test. */
  unread: DriverRecord[] = []
  #nextOffsets: number[] = []

  constructor(name: string) {
    this.name = name
  }

  /** As Java's producer; a record without a key goes to the first partition, so that a test can say where it is. */
  partitionOf(key: Part): number {
    const count = this.partitionCount
    if (key === null || count === 1) return 0
    return murmur2Partition(typeof key === 'string' ? Buffer.from(key) : key, count)
  }

  /** Both count on from one number. */
  shareOffsets(other: DriverTopic): void {
    this.#nextOffsets = other.#nextOffsets
  }

  nextOffset(partition: number): number {
    const offset = this.#nextOffsets[partition] ?? 0
    this.#nextOffsets[partition] = offset + 1
    return offset
  }
}

export class DriverTopics implements RecordSink {
  readonly #topics = new Map<string, DriverTopic>()
  #onAppend: (record: DriverRecord, topic: DriverTopic) => void = () => undefined
  #log: DriverRecord[] = []
  /** How much of the log is committed. */
  #committed = 0
  /** What the test has taken of the log, and the transaction that is open has written. */
  #takenUncommitted: DriverRecord[] = []
  #slab = Buffer.alloc(0)
  #used = 0

  /** For a driver, which is told of every record that the topology writes. */
  open(counts: Readonly<Record<string, number>>, onAppend: (record: DriverRecord, topic: DriverTopic) => void): void {
    for (const [topic, count] of Object.entries(counts)) this.topic(topic).partitionCount = count
    this.#onAppend = onAppend
  }

  /** A topic that nothing is known of has one partition. */
  topic(name: string): DriverTopic {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      topic = new DriverTopic(name)
      this.#topics.set(name, topic)
    }
    return topic
  }

  /** The names of the topics that the topology reads. */
  get readTopics(): string[] {
    return [...this.#topics.values()].flatMap(({ name, readers }) => (readers.length > 0 ? [name] : []))
  }

  partitionCount(topic: string): number {
    return this.#topics.get(topic)?.partitionCount ?? 1
  }

  /** Every topic is known. */
  whenKnown(_topic: string, _bytes: number, send: (missing: Error | undefined) => void): void {
    send(undefined)
  }

  /** What the topology writes. */
  append(
    name: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers,
  ): void {
    const topic = this.topic(name)
    const chosen = partition >= 0 ? partition : topic.partitionOf(key)
    const record = this.make(topic, chosen, key, value, timestamp, headers)
    this.#log.push(record)
    if (topic.isOpen) topic.unread.push(record)
    this.#onAppend(record, topic)
  }

  /** The test reads the topic by itself: from what nobody has taken yet. */
  openForReading(name: string): DriverTopic {
    const topic = this.topic(name)
    if (!topic.isOpen) topic.unread = this.#log.filter((record) => record.topic === name)
    topic.isOpen = true
    return topic
  }

  /** What was written stays. */
  commit(): void {
    this.#committed = this.#log.length
    if (this.#takenUncommitted.length > 0) this.#takenUncommitted = []
  }

  /** What was written since the last commit was never there, but where a test has read it; returns it. */
  abort(): ReadonlySet<DriverRecord> {
    const aborted = new Set([...this.#takenUncommitted, ...this.#log.slice(this.#committed)])
    this.#takenUncommitted = []
    this.#log.length = this.#committed
    if (aborted.size === 0) return aborted
    for (const topic of this.#topics.values()) topic.unread = topic.unread.filter((record) => !aborted.has(record))
    return aborted
  }

  /** The tasks are gone. */
  forgetReaders(): void {
    for (const { readers } of this.#topics.values()) readers.length = 0
  }

  /** A record of the test or the topology, with the next offset of its partition. */
  make(
    topic: DriverTopic,
    partition: number,
    key: Part,
    value: Part,
    timestamp: number,
    headers: Headers,
  ): DriverRecord {
    const room = maxLength(key) + maxLength(value)
    if (this.#used + room > this.#slab.byteLength) this.#newSlab(room)
    const slab = this.#slab
    const start = this.#used
    const keyLength = write(slab, start, key)
    const valueStart = start + Math.max(0, keyLength)
    const valueLength = write(slab, valueStart, value)
    this.#used = valueStart + Math.max(0, valueLength)
    const offset = topic.nextOffset(partition)
    return new DriverRecord(topic.name, partition, offset, slab, start, keyLength, valueLength, timestamp, headers)
  }

  /** The bytes of all records lie together, because a buffer each is dear. */
  #newSlab(room: number): void {
    this.#slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, room))
    this.#used = 0
  }

  /** Everything since the last call, in order; whoever opens a topic later does not find it. */
  takeLog(): DriverRecord[] {
    const log = this.#log
    if (this.#committed < log.length) this.#takenUncommitted.push(...log.slice(this.#committed))
    this.#log = []
    this.#committed = 0
    return log
  }
}

function maxLength(part: Part): number {
  if (part === null) return 0
  return typeof part === 'string' ? part.length * 3 : part.byteLength
}

/** Returns how many bytes it wrote; -1: null. */
function write(slab: Buffer, at: number, part: Part): number {
  if (part === null) return -1
  if (typeof part === 'string') return slab.write(part, at)
  slab.set(part, at)
  return part.byteLength
}

/**
 * What waits of one input partition: record sets in order, and the head, the next record, already read. It is the source
 * of truth for the partition's position, which never moves past a record that was not processed or dropped.
 */
import { Fifo } from '../../common/fifo.ts'
import { noHeaders, type Headers } from '../../common/headers.ts'
import { topicPartitionKey, type TopicPartitionKey } from '../../common/topic-partition.ts'
import { keyView, valueView, type RecordCursor, type RecordSet } from '../../processor/record-set.ts'
import { RecordStats } from '../metrics/record-stats.ts'
import type { RawRecord } from './failure-handler.ts'

/** The next record as its source has read it. One object per queue. */
export interface HeadRecord {
  key: unknown
  value: unknown
  timestamp: number
  headers: Headers
}

/** What reads and processes the records of a queue. */
export interface RecordSource {
  /** Reads the current record into the queue's head; false drops it. */
  read(queue: RecordQueue, cursor: RecordCursor): boolean
  /** Makes the head of `queue` the record of the task. */
  enter(queue: RecordQueue): void
  process(key: unknown, value: unknown): void
}

export class RecordQueue {
  readonly id: TopicPartitionKey
  readonly topic: string
  readonly partition: number
  readonly head: HeadRecord = { key: null, value: null, timestamp: -1, headers: noHeaders }
  /** Of the records that were processed; bytes of the sets that were read to their end. */
  readonly stats: RecordStats = new RecordStats()
  /** The highest timestamp of the records taken; -1 before the first. */
  partitionTime = -1
  /** Records on the broker that were not added yet; undefined: unknown. */
  lag: number | undefined
  /** When the partition was found empty and caught up; undefined while it is not. */
  idleSinceMs: number | undefined
  /** The record at this offset has failed before: it is neither read nor taken. */
  haltOffset: number = Infinity
  /** There while the task has processors. */
  source: RecordSource | undefined
  readonly #sets = new Fifo<RecordSet>()
  #cursor: RecordCursor | undefined
  #hasHead = false
  #position = 0
  #bufferedRecords = 0
  /** Of the first set: what its count promised and its cursor has not given yet. */
  #leftInSet = 0
  #bufferedBytes = 0
  #isHalted = false

  constructor(topic: string, partition: number) {
    this.id = topicPartitionKey(topic, partition)
    this.topic = topic
    this.partition = partition
  }

  /** The offset of the head, or where to go on once all was taken. */
  get position(): number {
    return this.#position
  }

  get place(): { readonly topic: string; readonly partition: number; readonly offset: number } {
    return { topic: this.topic, partition: this.partition, offset: this.#position }
  }

  /** Of the head; what decides which queue is next. */
  get timeMs(): number {
    return this.head.timestamp
  }

  /** At the head. */
  get cursor(): RecordCursor {
    return this.#cursor as RecordCursor
  }

  /** An upper bound. */
  get bufferedRecords(): number {
    return this.#bufferedRecords
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** The record that failed before is the next one. */
  get isHalted(): boolean {
    return this.#isHalted
  }

  /** Nothing more has been added than was taken. */
  get isEmpty(): boolean {
    return this.#sets.size === 0
  }

  add(set: RecordSet): void {
    this.#sets.push(set)
    this.#bufferedRecords += set.recordCount
    this.#bufferedBytes += set.byteLength
    this.idleSinceMs = undefined
  }

  resume(offset: number, partitionTime: number): void {
    this.clear()
    this.#position = offset
    this.partitionTime = partitionTime
  }

  clear(): void {
    this.#sets.clear()
    this.#cursor = undefined
    this.#hasHead = false
    this.haltOffset = Infinity
    this.#isHalted = false
    this.#bufferedRecords = 0
    this.#bufferedBytes = 0
    this.lag = undefined
    this.idleSinceMs = undefined
  }

  /** Whether there is a record to take. Reads the head, dropping those that its source refuses, and so may throw. */
  hasRecord(): boolean {
    while (!this.#hasHead) {
      if (this.#isHalted || !this.#toNextRecord()) return false
      this.#isHalted = this.#position >= this.haltOffset
      if (this.#isHalted) return false
      this.#hasHead = (this.source as RecordSource).read(this, this.cursor)
    }
    return true
  }

  /** The head was processed. */
  advance(): void {
    this.#hasHead = false
    this.#position++
    // Nothing can follow in the set: who looks whether the queue is empty should not have to ask for the next record.
    if (this.#leftInSet === 0) this.#dropSet()
  }

  /** The record at the cursor as it came. */
  raw(): RawRecord {
    const { topic, partition } = this
    const { headers } = this.head
    const { cursor } = this
    const { offset, timestamp } = cursor
    return { topic, partition, offset, timestamp, headers, key: keyView(cursor), value: valueView(cursor) }
  }

  #toNextRecord(): boolean {
    for (;;) {
      const set = this.#sets.peek()
      if (set === undefined) return false
      if (this.#cursor === undefined) this.#open(set)
      if (this.#cursor?.next()) {
        this.#position = this.#cursor.offset
        this.#countRecords(-1)
        return true
      }
      this.#dropSet()
    }
  }

  /** The first set is read to its end. */
  #dropSet(): void {
    const set = this.#sets.shift() as RecordSet
    this.#cursor = undefined
    this.#position = Math.max(this.#position, set.nextOffset)
    this.#bufferedBytes -= set.byteLength
    this.stats.bytes += set.byteLength
    this.#countRecords(-this.#leftInSet)
  }

  #open(set: RecordSet): void {
    this.#cursor = set.cursor()
    this.#leftInSet = set.recordCount
  }

  #countRecords(change: number): void {
    this.#leftInSet += change
    this.#bufferedRecords += change
  }
}

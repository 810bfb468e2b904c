/** The ends of a topology in a test: typed topics to write to and to read from. */
import { noHeaders, type Headers } from '../common/headers.ts'
import { TestingError } from '../errors/testing-error.ts'
import { keyView, valueView } from '../processor/record-set.ts'
import { noTimestamp } from '../processor/record-sink.ts'
import { rangeReader, type RangeReader } from '../serde/range-reader.ts'
import type { AnySerde, Serde } from '../serde/serde.ts'
import { stringSerde } from '../serde/string-serde.ts'
import type { DriverRecord, DriverTopic, Part } from './driver-topics.ts'

/** A record as it is on its topic. */
export interface RawRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number | null
  readonly headers: Headers
}

/** A record as a test reads it. */
export interface TestRecord<K, V> {
  readonly key: K | null
  readonly value: V | null
  readonly timestamp: number
  readonly headers: Headers
  readonly partition: number
}

/** A record as a test gives it; what is left out is null, or as it says. */
export interface InputRecord<K, V> {
  readonly key?: K | null
  readonly value?: V | null
  /** Default: the driver's wall clock, on a Kafka this machine's. */
  readonly timestamp?: number
  readonly headers?: Headers
  /** Default: by the key's bytes as Java's producer; without a key the driver's first, on a Kafka one after the other. */
  readonly partition?: number
}

export type Pipe = (
  key: Part,
  value: Part,
  record: Pick<InputRecord<unknown, unknown>, 'timestamp' | 'headers' | 'partition'>,
) => void

/** Writes records to a topic that the topology reads. */
export class TestInputTopic<K, V> {
  readonly topic: string
  readonly #key: Serde<K>
  readonly #value: Serde<V>
  readonly #pipe: Pipe

  constructor(topic: string, key: Serde<K>, value: Serde<V>, pipe: Pipe) {
    this.topic = topic
    this.#key = key
    this.#value = value
    this.#pipe = pipe
  }

  /** Processes the record to its end: everything it causes is produced and committed when this returns. */
  pipeInput(record: InputRecord<K, V>): void {
    const { key = null, value = null, headers = noHeaders, timestamp } = record
    if (timestamp !== undefined && !Number.isInteger(timestamp)) refuseTimestamp(this.topic, timestamp)
    this.#pipe(toPart(this.#key, key, this.topic, headers), toPart(this.#value, value, this.topic, headers), record)
  }
}

/** Reads what the topology wrote to a topic. */
export class TestOutputTopic<K, V> {
  readonly topic: string
  readonly #readKey: RangeReader
  readonly #readValue: RangeReader
  readonly #from: DriverTopic

  constructor(from: DriverTopic, key: Serde<K>, value: Serde<V>) {
    this.topic = from.name
    this.#readKey = rangeReader(key)
    this.#readValue = rangeReader(value)
    this.#from = from
  }

  get isEmpty(): boolean {
    return this.#from.unread.length === 0
  }

  /** The next record; undefined when there is none. */
  readRecord(): TestRecord<K, V> | undefined {
    const record = this.#from.unread.shift()
    return record === undefined ? undefined : this.#read(record)
  }

  /** All records that were not read yet. */
  readRecords(): TestRecord<K, V>[] {
    const records = this.#from.unread
    this.#from.unread = []
    return records.map((record) => this.#read(record))
  }

  #read(record: DriverRecord): TestRecord<K, V> {
    const { partition, timestamp, keyStart, keyLength, valueStart, valueLength } = record
    return {
      key: this.#readRange(this.#readKey, record, keyStart, keyLength) as K | null,
      value: this.#readRange(this.#readValue, record, valueStart, valueLength) as V | null,
      timestamp,
      headers: record.headers(),
      partition,
    }
  }

  #readRange(reader: RangeReader, record: DriverRecord, start: number, length: number): unknown {
    return length < 0 ? null : reader(record.buffer, start, start + length, this.topic, record.headers())
  }
}

/** A Date would be compared as a number and written as text; brokers have whole milliseconds. */
export function refuseTimestamp(topic: string, timestamp: unknown): never {
  throw new TestingError(
    'MILLRACE_TEST_TIME_INVALID',
    `a record for topic ${topic} has the timestamp ${String(timestamp)}; it takes whole milliseconds since the epoch, such as date.getTime() gives`,
  )
}

/** Text is written where its record lies; a buffer of its own costs more. */
function toPart<T>(serde: Serde<T>, value: T | null, topic: string, headers: Headers): Part {
  if (value === null) return null
  const isText = typeof value === 'string' && (serde as AnySerde).serialize === stringSerde.serialize
  return isText && value.isWellFormed() ? value : serde.serialize(value, topic, headers)
}

export function rawRecord(record: DriverRecord): RawRecord {
  const { topic, partition } = record
  const timestamp = record.timestamp === noTimestamp ? null : record.timestamp
  return { topic, partition, key: keyView(record), value: valueView(record), timestamp, headers: record.headers() }
}

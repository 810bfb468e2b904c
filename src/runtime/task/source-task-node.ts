/** Reads records: gives them key, value and event time, or says what is wrong with them. */
import { StreamsError } from '../../errors/streams-error.ts'
import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import { timestampExtractors } from '../../processor/timestamp-extractors.ts'
import type { TimestampExtractor } from '../../processor/timestamp-extractor.ts'
import type { RecordCursor } from '../../processor/record-set.ts'
import { keepsItsBytes, standsForBytes } from '../../serde/canonical.ts'
import { rangeReader, readsBytes, type RangeReader } from '../../serde/range-reader.ts'
import { isNullable, type AnySerde } from '../../serde/serde.ts'
import { serdes } from '../../serde/serdes.ts'
import type { SourceNode } from '../../topology/topology-node.ts'
import type { RecordQueue, RecordSource } from './record-queue.ts'
import type { TaskNode, TaskScope } from './task-scope.ts'
import { unreadText } from './unread-text.ts'

/** Of the sources of global stores, which take every record, whatever its timestamp. */
export const asRecorded: TimestampExtractor = ({ timestamp }) => timestamp

export class SourceTaskNode implements TaskNode, RecordSource {
  readonly name: string
  readonly #spec: SourceNode
  readonly #scope: TaskScope
  readonly #children: TaskNode[] = []
  readonly #key: AnySerde
  readonly #value: AnySerde
  readonly #readKey: RangeReader
  readonly #readValue: RangeReader
  readonly #nullKey: boolean
  readonly #nullValue: boolean
  readonly #keepsRawKey: boolean
  readonly #extractor: TimestampExtractor
  /** The extractor gives the record's own timestamp wherever that is valid, and need not be called then. */
  readonly #takesOwnTimestamp: boolean
  readonly #takesWallClock: boolean
  /** Bytes that go from here straight to a topic are not copied in between. */
  #lendsKey = false
  #lendsValue = false
  /** Nobody reads the text, and reading it cannot fail. */
  #skipsText = false

  constructor(spec: SourceNode, scope: TaskScope) {
    this.name = spec.name
    this.#spec = spec
    this.#scope = scope
    this.#key = spec.key ?? serdes.bytes
    this.#value = spec.value ?? serdes.bytes
    this.#readKey = rangeReader(this.#key)
    this.#readValue = rangeReader(this.#value)
    this.#nullKey = spec.admitsNull || spec.key === undefined || isNullable(spec.key)
    this.#nullValue = spec.admitsNull || spec.value === undefined || isNullable(spec.value)
    this.#keepsRawKey = standsForBytes(this.#key)
    this.#extractor = spec.timestampExtractor ?? scope.config.timestampExtractor
    const { failOnInvalid, skipOnInvalid, partitionTimeOnInvalid, wallClock } = timestampExtractors
    this.#takesOwnTimestamp = [failOnInvalid, skipOnInvalid, partitionTimeOnInvalid].includes(this.#extractor)
    this.#takesWallClock = this.#extractor === wallClock
  }

  addChild(child: TaskNode): void {
    this.#children.push(child)
    const isCopiedAtOnce = this.#children.every((each) => each.keepsNothing === true)
    this.#lendsKey = isCopiedAtOnce && readsBytes(this.#key)
    this.#lendsValue = isCopiedAtOnce && readsBytes(this.#value)
    this.#skipsText =
      this.#children.every((each) => each.readsValue === false) &&
      this.#value.deserialize === serdes.string.deserialize &&
      // Other extractors are given the value.
      (this.#takesOwnTimestamp || this.#takesWallClock)
  }

  process(key: unknown, value: unknown): void {
    const children = this.#children
    for (let i = 0; i < children.length; i++) (children[i] as TaskNode).process(key, value)
  }

  read(queue: RecordQueue, cursor: RecordCursor): boolean {
    const { head, topic } = queue
    const { buffer, keyStart, keyLength, valueStart, valueLength } = cursor
    this.#scope.failures.source = queue
    let part = 'key'
    try {
      const headers = cursor.headers()
      head.headers = headers
      head.key =
        keyLength < 0
          ? this.#null('key', this.#nullKey)
          : this.#lendsKey
            ? buffer.subarray(keyStart, keyStart + keyLength)
            : this.#readKey(buffer, keyStart, keyStart + keyLength, topic, headers)
      part = 'value'
      head.value =
        valueLength < 0
          ? this.#null('value', this.#nullValue)
          : this.#skipsText
            ? unreadText
            : this.#lendsValue
              ? buffer.subarray(valueStart, valueStart + valueLength)
              : this.#readValue(buffer, valueStart, valueStart + valueLength, topic, headers)
    } catch (error) {
      this.#handle(error, 'MILLRACE_DESERIALIZATION_FAILED', `its ${part} cannot be read`)
      return false
    }
    return this.#stamp(queue, cursor)
  }

  enter(queue: RecordQueue): void {
    const { record, failures } = this.#scope
    const { head } = queue
    failures.wasSent = false
    record.source = undefined
    record.topic = queue.topic
    record.partition = queue.partition
    record.offset = queue.position
    record.timestamp = head.timestamp
    record.headers = head.headers
    const { cursor } = queue
    if (this.#keepsRawKey && cursor.keyLength >= 0 && keepsItsBytes(head.key)) {
      record.lendKey(head.key, this.#key, cursor.buffer, cursor.keyStart, cursor.keyLength)
    } else {
      record.rawKey = undefined
    }
  }

  #null(part: 'key' | 'value', admitted: boolean): null {
    if (admitted) return null
    const serde = part === 'key' ? this.#key : this.#value
    throw new StreamsError(
      'MILLRACE_NULL_NOT_ADMITTED',
      `it is null, and the serde ${serde.name} does not admit null: use nullable(serdes.${serde.name}) for it, or read the topic as a table`,
    )
  }

  #stamp(queue: RecordQueue, cursor: RecordCursor): boolean {
    const { head } = queue
    head.timestamp = cursor.timestamp
    if (this.#takesOwnTimestamp && cursor.timestamp >= 0) return true
    if (this.#extractor === asRecorded) return true
    try {
      head.timestamp = this.#takesWallClock ? this.#scope.clock.now() : this.#extract(queue, cursor)
    } catch (error) {
      this.#handle(error, 'MILLRACE_TIMESTAMP_INVALID', 'it has no timestamp')
      return false
    }
    if (head.timestamp >= 0) return true
    this.#scope.dropped.drop('negative timestamp', this.name, { ...queue.place })
    return false
  }

  #extract({ topic, partition, position, partitionTime, head }: RecordQueue, cursor: RecordCursor): number {
    const { headers, key, value } = head
    const { timestamp } = cursor
    const found: unknown = this.#extractor(
      { topic, partition, offset: position, timestamp, headers, key, value },
      partitionTime,
    )
    if (isThenable(found)) refusePromise(this.name, 'timestamp extractor', found)
    if (typeof found === 'number' && Number.isSafeInteger(found)) return found
    throw new TypeError(
      `the timestamp extractor returned ${String(found)}, and must return whole milliseconds as a number`,
    )
  }

  #handle(error: unknown, code: 'MILLRACE_DESERIALIZATION_FAILED' | 'MILLRACE_TIMESTAMP_INVALID', what: string): void {
    const isNull = error instanceof StreamsError && error.code === 'MILLRACE_NULL_NOT_ADMITTED'
    const isTimestamp = code === 'MILLRACE_TIMESTAMP_INVALID'
    this.#scope.failures.handle(error, {
      kind: 'deserialization',
      code: isNull ? 'MILLRACE_NULL_NOT_ADMITTED' : code,
      node: this.name,
      // An extractor that throws fails the task: which records it takes is for the extractor to say.
      policy: isTimestamp ? 'fail' : (this.#spec.onDeserializationError ?? this.#scope.config.onDeserializationError),
      what,
      advice: isTimestamp ? '' : "or set onDeserializationError to 'skip' or a dead-letter topic to go on",
      key: null,
      value: null,
    })
  }
}

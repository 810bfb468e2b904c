/** Writes records to a topic: serialises what has changed since the source, chooses partitions, hands to the sink. */
import { isTopicName } from '../../common/topic-name.ts'
import { murmur2Partition } from '../../common/murmur2.ts'
import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { RecordMetadata } from '../../processor/record.ts'
import type { StreamPartitioner } from '../../processor/stream-partitioner.ts'
import { readsBytes } from '../../serde/range-reader.ts'
import { lentWriter, type LentWriter } from '../../serde/lent-writer.ts'
import { serdes } from '../../serde/serdes.ts'
import type { AnySerde } from '../../serde/serde.ts'
import type { SinkNode } from '../../topology/topology-node.ts'
import type { RecordStats } from '../metrics/record-stats.ts'
import type { Failure } from './failure-handler.ts'
import type { TaskNode, TaskScope } from './task-scope.ts'

type TopicFunction = (value: unknown, key: unknown, context: RecordMetadata) => unknown

export class SinkTaskNode implements TaskNode {
  readonly name: string
  /** Unless functions of the user are given the record. */
  readonly keepsNothing: boolean
  readonly #spec: SinkNode
  readonly #scope: TaskScope
  readonly #topic: string | TopicFunction
  readonly #key: AnySerde
  readonly #writeKey: LentWriter
  readonly #writeValue: LentWriter
  readonly #partitioner: StreamPartitioner<unknown, unknown> | undefined
  readonly #stats: RecordStats
  /** A windowed key is partitioned by its inner key: by all bytes but the last ones. */
  readonly #keySuffix: number

  /** `topic`: with the broker's name. */
  constructor(spec: SinkNode, topic: string | TopicFunction, scope: TaskScope) {
    this.name = spec.name
    this.#spec = spec
    this.#scope = scope
    this.#topic = topic
    this.#stats = scope.metrics.sink(
      spec.name,
      typeof topic === 'string' ? topic : (spec.topicLabel ?? 'named by a function'),
    )
    this.#key = spec.key ?? serdes.bytes
    this.#writeKey = lentWriter(this.#key)
    this.#writeValue = lentWriter(spec.value ?? serdes.bytes)
    this.#partitioner = spec.partitioner as StreamPartitioner<unknown, unknown> | undefined
    this.#keySuffix = spec.partitionsByInnerKey === true ? suffixLength(this.#key) : 0
    this.keepsNothing =
      typeof topic === 'string' &&
      this.#partitioner === undefined &&
      readsBytes(this.#key) &&
      readsBytes(spec.value ?? serdes.bytes)
  }

  process(key: unknown, value: unknown): void {
    const { record, sink } = this.#scope
    const topic = typeof this.#topic === 'string' ? this.#topic : this.#nameTopic(this.#topic, key, value)
    if (topic === undefined) return
    let keyBytes: Uint8Array | null
    let valueBytes: Uint8Array | null
    try {
      keyBytes = key === null ? null : this.#keyBytes(key, topic)
      valueBytes = value === null ? null : this.#writeValue(value, topic, record.headers)
    } catch (error) {
      return this.#handle(error, `the result cannot be written to topic ${topic}`, key, value)
    }
    if (typeof this.#topic !== 'string' && sink.partitionCount(topic) === undefined) {
      return this.#sendLater(topic, key, value, keyBytes, valueBytes)
    }
    this.#send(topic, key, value, keyBytes, valueBytes)
  }

  #send(topic: string, key: unknown, value: unknown, keyBytes: Uint8Array | null, valueBytes: Uint8Array | null): void {
    const { record, sink, failures } = this.#scope
    let partitions: readonly number[] | null = null
    if (this.#partitioner !== undefined) {
      try {
        partitions = this.#choose(topic, sink.partitionCount(topic) ?? 1, key, value)
      } catch (error) {
        return this.#handleCallback(error, `no partition of topic ${topic} can be chosen for the result`, key, value)
      }
      if (partitions?.length === 0) return this.#scope.dropped.drop('no partition', this.name, record)
    }
    if (failures.tracksSent) failures.wasSent = true
    try {
      if (partitions === null) {
        const partition = this.#keySuffix > 0 && keyBytes !== null ? this.#windowedPartition(topic, keyBytes) : -1
        sink.append(topic, partition, keyBytes, valueBytes, record.timestamp, record.headers)
        this.#count(keyBytes, valueBytes)
        return
      }
      for (const partition of partitions) {
        sink.append(topic, partition, keyBytes, valueBytes, record.timestamp, record.headers)
        this.#count(keyBytes, valueBytes)
      }
    } catch (error) {
      this.#handle(error, `the result cannot be sent to topic ${topic}`, key, value)
    }
  }

  #count(keyBytes: Uint8Array | null, valueBytes: Uint8Array | null): void {
    const stats = this.#stats
    stats.note(this.#scope.record.timestamp)
    if (keyBytes !== null) stats.bytes += keyBytes.byteLength
    if (valueBytes !== null) stats.bytes += valueBytes.byteLength
  }

  /** A function has named a topic for the first time: everything that is lent for the record is copied. */
  #sendLater(
    topic: string,
    key: unknown,
    value: unknown,
    keyBytes: Uint8Array | null,
    valueBytes: Uint8Array | null,
  ): void {
    const { sink, failures } = this.#scope
    const keyCopy = keyBytes && Buffer.from(keyBytes)
    const valueCopy = valueBytes && Buffer.from(valueBytes)
    const moment = failures.moment()
    sink.whenKnown(topic, (keyCopy?.length ?? 0) + (valueCopy?.length ?? 0) + moment.byteLength, (missing) => {
      failures.at(moment, () => {
        if (missing === undefined) this.#send(topic, key, value, keyCopy, valueCopy)
        else this.#handle(missing, `the result cannot be sent to topic ${topic}`, key, value)
      })
    })
  }

  #keyBytes(key: unknown, topic: string): Uint8Array {
    const { record } = this.#scope
    if (record.rawKeyValue === key && record.rawKeySerde?.serialize === this.#key.serialize) {
      const { rawKey } = record
      if (rawKey !== undefined) return rawKey
    }
    return this.#writeKey(key, topic, record.headers)
  }

  #nameTopic(topicOf: TopicFunction, key: unknown, value: unknown): string | undefined {
    try {
      const topic = topicOf(value, key, this.#scope.record)
      if (isThenable(topic)) refusePromise(this.name, 'topic function', topic)
      if (typeof topic !== 'string' || !isTopicName(topic)) {
        refuseResult(
          this.name,
          'topic function',
          "the name of a topic (up to 249 of A-Z, a-z, 0-9, '.', '_', '-')",
          topic,
        )
      }
      return topic
    } catch (error) {
      this.#handleCallback(error, 'the topic of the result cannot be named', key, value)
      return undefined
    }
  }

  #windowedPartition(topic: string, keyBytes: Uint8Array): number {
    const partitions = this.#scope.sink.partitionCount(topic) ?? 1
    const inner = keyBytes.subarray(0, keyBytes.byteLength - this.#keySuffix)
    return murmur2Partition(inner, partitions)
  }

  /** The user's partitioner: null is the default, several are a multicast, none drops the record (KIP-873). */
  #choose(topic: string, partitions: number, key: unknown, value: unknown): readonly number[] | null {
    const { headers } = this.#scope.record
    const result = this.#partitioner?.(value, key, { topic, partitions, headers }) as unknown
    if (isThenable(result)) refusePromise(this.name, 'partitioner', result)
    if (result === null) return null
    const chosen: readonly unknown[] = Array.isArray(result) ? [...new Set<unknown>(result)] : [result]
    const isValid = (partition: unknown): partition is number =>
      Number.isInteger(partition) && (partition as number) >= 0 && (partition as number) < partitions
    if (chosen.every(isValid)) return chosen
    return refuseResult(
      this.name,
      'partitioner',
      `partitions from 0 to ${partitions - 1} of topic ${topic}, or null`,
      result,
    )
  }

  #handle(error: unknown, what: string, key: unknown, value: unknown): void {
    this.#scope.failures.handle(error, this.#failure(what, key, value))
  }

  /** In Java the policy of the application is not asked about partitioners and functions that name a topic. */
  #handleCallback(error: unknown, what: string, key: unknown, value: unknown): void {
    const { failures } = this.#scope
    if (failures.likeJava && this.#spec.onProductionError === undefined) {
      failures.failSink(error, this.#failure(what, key, value))
    }
    this.#handle(error, what, key, value)
  }

  #failure(what: string, key: unknown, value: unknown): Failure {
    return {
      kind: 'production',
      code: 'MILLRACE_PRODUCTION_FAILED',
      node: this.name,
      policy: this.#spec.onProductionError ?? this.#scope.config.onProductionError,
      what,
      advice: '',
      key,
      value,
    }
  }
}

function suffixLength(serde: AnySerde): number {
  return 'suffixLength' in serde && typeof serde.suffixLength === 'number' ? serde.suffixLength : 0
}

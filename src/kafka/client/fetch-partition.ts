import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import { parseTopicPartition } from '../../common/topic-partition.ts'
import type { RecordSet } from '../../processor/record-set.ts'

/** One partition of a fetcher: where it stands, and the one response of it that was not taken yet. */
export class FetchPartition implements TopicPartition {
  readonly key: TopicPartitionKey
  readonly topic: string
  readonly partition: number
  paused = false
  /** Arrived, not taken. */
  buffered: RecordSet | undefined
  /** Thrown by `take`; nothing is fetched until a seek. */
  error: Error | undefined
  /** After a fault: not fetched before this time. */
  retryAtMs = 0
  faults = 0
  /** Raised by a seek: a response to an older request is dropped. */
  generation = 0
  highWatermark = -1
  lastStableOffset = -1
  /** Of the last record fetched, for the broker to detect that its log was cut (KIP-320); -1 after a seek. */
  lastEpoch = -1
  /** Of the topic that the position belongs to: under one name there can be another topic later. */
  topicId: string | undefined
  #fetchOffset: number
  #taken: number

  constructor(key: TopicPartitionKey, offset: number) {
    const { topic, partition } = parseTopicPartition(key)
    this.key = key
    this.topic = topic
    this.partition = partition
    this.#fetchOffset = offset
    this.#taken = offset
  }

  /** Where the next request begins. */
  get fetchOffset(): number {
    return this.#fetchOffset
  }

  /** Everything below it was taken, or holds no record for us. */
  get position(): number {
    return this.#taken
  }

  seek(offset: number): void {
    this.generation++
    this.#fetchOffset = offset
    this.#taken = offset
    this.buffered = undefined
    this.error = undefined
    this.lastEpoch = -1
    this.retryAtMs = 0
    this.faults = 0
  }

  /** A response, of which `set` holds the records, if any. */
  advance(nextOffset: number, lastEpoch: number, set: RecordSet | undefined): void {
    this.#fetchOffset = nextOffset
    if (lastEpoch >= 0) this.lastEpoch = lastEpoch
    this.faults = 0
    if (set === undefined) this.#taken = nextOffset
    else this.buffered = set
  }

  take(): RecordSet | undefined {
    const set = this.buffered
    if (set === undefined) return undefined
    this.buffered = undefined
    this.#taken = set.nextOffset
    return set
  }

  wantsFetch(nowMs: number): boolean {
    return !this.paused && this.buffered === undefined && this.error === undefined && this.retryAtMs <= nowMs
  }
}

/**
 * The input queues of a task: which record is next, and whether the task should rather wait for one that may come before
 * it (KIP-353, KIP-695; Java's PartitionGroup). Tasks have few inputs, so the queues are simply looked through.
 */
import { assert } from '../../common/assert.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import type { RecordQueue } from './record-queue.ts'

export class PartitionGroup {
  readonly queues: RecordQueue[] = []
  readonly #byId = new Map<TopicPartitionKey, RecordQueue>()
  /** -1: never wait. 0: wait where records are known to be on their way. Above: that long for an idle input, too. */
  readonly #maxIdleMs: number

  constructor(maxIdleMs: number) {
    this.#maxIdleMs = maxIdleMs
  }

  add(queue: RecordQueue): void {
    assert(!this.#byId.has(queue.id), `the input ${queue.id} is added once`)
    this.queues.push(queue)
    this.#byId.set(queue.id, queue)
  }

  queue(id: TopicPartitionKey): RecordQueue {
    const queue = this.#byId.get(id)
    assert(queue !== undefined, `the task has the input ${id}`)
    return queue
  }

  queueOf(topic: string): RecordQueue {
    const queue = this.queues.find((candidate) => candidate.topic === topic)
    assert(queue !== undefined, `the task reads the topic ${topic}`)
    return queue
  }

  /** The queue whose head has the smallest timestamp; undefined when there is none or it should wait. */
  next(now: () => number): RecordQueue | undefined {
    const { queues } = this
    const first = queues[0]
    if (queues.length === 1) return first?.hasRecord() ? first : undefined
    let best: RecordQueue | undefined
    let anyEmpty = false
    for (const queue of queues) {
      if (!queue.hasRecord()) anyEmpty = true
      else if (best === undefined || queue.head.timestamp < best.head.timestamp) best = queue
    }
    if (anyEmpty && this.isHalted) return undefined
    return best === undefined || !anyEmpty || this.#maxIdleMs < 0 || this.#mayGoOn(now()) ? best : undefined
  }

  /** Holds a record back for one that may still come. */
  get isWaiting(): boolean {
    return this.queues.length > 1 && this.queues.some(({ isEmpty }) => !isEmpty)
  }

  get isHalted(): boolean {
    return this.queues.some((queue) => queue.isHalted)
  }

  /** No empty input is worth waiting for. */
  #mayGoOn(now: number): boolean {
    let ready = true
    for (const queue of this.queues) {
      if (!queue.isEmpty) continue
      if (queue.lag !== 0) {
        queue.idleSinceMs = undefined
        ready = false
      } else if (this.#maxIdleMs > 0) {
        queue.idleSinceMs ??= now
        if (now - queue.idleSinceMs < this.#maxIdleMs) ready = false
      }
    }
    return ready
  }
}

/**
 * The input queues of a task: which record is next, and whether the task should rather wait for one that may come before
 * it (KIP-353, KIP-695; Java's PartitionGroup).
 */
import { assert } from '../../common/assert.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import type { RecordSet } from '../../processor/record-set.ts'
import { QueueOrder } from './queue-order.ts'
import type { RecordQueue } from './record-queue.ts'

export class PartitionGroup {
  readonly queues: RecordQueue[] = []
  readonly #byId = new Map<TopicPartitionKey, RecordQueue>()
  /** -1: never wait. 0: wait where records are known to be on their way. Above: that long for an idle input, too. */
  readonly #maxIdleMs: number
  readonly #order: QueueOrder
  readonly #sharesOrder: boolean

  /** `order`: shared with other tasks; then whoever shares it asks for a record only of the task of the first queue. */
  constructor(maxIdleMs: number, order?: QueueOrder) {
    this.#maxIdleMs = maxIdleMs
    this.#order = order ?? new QueueOrder()
    this.#sharesOrder = order !== undefined
  }

  add(queue: RecordQueue): void {
    assert(!this.#byId.has(queue.id), `the input ${queue.id} is added once`)
    const [only] = this.queues
    if (this.#isAlone && only?.isEmpty === false) this.#order.join(only)
    this.queues.push(queue)
    this.#byId.set(queue.id, queue)
  }

  /** A queue without others needs no order. */
  get #isAlone(): boolean {
    return this.queues.length === 1 && !this.#sharesOrder
  }

  addSet(queue: RecordQueue, set: RecordSet): void {
    if (queue.isEmpty && !this.#isAlone) this.#order.join(queue)
    queue.add(set)
  }

  /** The head of what `next` returned was processed. */
  advance(queue: RecordQueue): void {
    if (this.#isAlone) queue.advance()
    else this.#order.advanceFirst()
  }

  /** Where a queue goes on; drops what it has. */
  resume(queue: RecordQueue, offset: number, partitionTime: number): void {
    queue.resume(offset, partitionTime)
    this.#order.leave(queue)
  }

  clear(): void {
    for (const queue of this.queues) {
      queue.clear()
      this.#order.leave(queue)
    }
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
    if (this.#isAlone) return queues[0]?.hasRecord() === true ? queues[0] : undefined
    const first = this.#order.first()
    if (first === undefined || this.#order.size === queues.length) return first
    if (this.isHalted) return undefined
    return this.#maxIdleMs < 0 || this.#mayGoOn(now()) ? first : undefined
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

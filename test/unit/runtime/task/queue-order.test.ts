import { describe, expect, test } from 'vitest'
import type { RecordSet } from '../../../../src/processor/record-set.ts'
import { QueueOrder } from '../../../../src/runtime/task/queue-order.ts'
import { RecordQueue } from '../../../../src/runtime/task/record-queue.ts'

/** A record set of which only the timestamps are read. */
function setOf(timestamps: readonly number[]): RecordSet {
  let at = -1
  const cursor = {
    next: () => ++at < timestamps.length,
    get offset() {
      return at
    },
    get timestamp() {
      return timestamps[at] ?? -1
    },
  }
  const { length } = timestamps
  return { recordCount: length, byteLength: length, nextOffset: length, cursor: () => cursor } as unknown as RecordSet
}

class Inputs {
  readonly order = new QueueOrder()
  readonly queues = new Map<string, RecordQueue>()

  add(topic: string, ...timestamps: number[]): void {
    let queue = this.queues.get(topic)
    if (queue === undefined) {
      queue = new RecordQueue(topic, 0)
      queue.source = {
        read(from, cursor) {
          from.head.timestamp = cursor.timestamp
          return from.head.timestamp >= 0
        },
        enter: () => undefined,
        process: () => undefined,
      }
      this.queues.set(topic, queue)
    }
    if (queue.isEmpty) this.order.join(queue)
    queue.add(setOf(timestamps))
  }

  takeAll(): string {
    const taken: string[] = []
    for (let queue = this.order.first(); queue !== undefined; queue = this.order.first()) {
      taken.push(`${queue.topic}${queue.head.timestamp}`)
      this.order.advanceFirst()
    }
    return taken.join(' ')
  }
}

describe('the order of several queues', () => {
  test('is that of the timestamps of their heads', () => {
    const inputs = new Inputs()
    inputs.add('a', 3, 1, 9)
    inputs.add('b', 2, 8)
    inputs.add('c', 5)
    expect(inputs.takeAll()).toBe('b2 a3 a1 c5 b8 a9')
  })

  test('takes turns where two are equal', () => {
    const inputs = new Inputs()
    inputs.add('b', 1, 1, 1)
    inputs.add('a', 1, 1)
    expect(inputs.takeAll()).toBe('b1 a1 b1 a1 b1')
  })

  // As java.util.PriorityQueue does: what joins last comes to the top when the first is taken.
  test("is Java's where three are equal", () => {
    const inputs = new Inputs()
    inputs.add('a', 1, 1)
    inputs.add('b', 1, 1)
    inputs.add('c', 1, 1)
    expect(inputs.takeAll()).toBe('a1 c1 a1 c1 b1 b1')
  })

  test('passes over records that are dropped when they are read', () => {
    const inputs = new Inputs()
    inputs.add('a', -1, -1)
    inputs.add('b', 4, -1)
    expect(inputs.takeAll()).toBe('b4')
    inputs.add('a', 2)
    inputs.add('b', -1, 1)
    expect(inputs.takeAll()).toBe('b1 a2')
  })

  test('forgets a queue that leaves, and takes it up again', () => {
    const inputs = new Inputs()
    inputs.add('a', 1, 5)
    inputs.add('b', 2)
    inputs.add('c', 3)
    expect(inputs.order.first()?.topic).toBe('a')
    const a = inputs.queues.get('a') as RecordQueue
    a.clear()
    inputs.order.leave(a)
    expect(inputs.order.size).toBe(2)
    inputs.add('a', 4)
    expect(inputs.takeAll()).toBe('b2 c3 a4')
  })
})

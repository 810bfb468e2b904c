import { beforeEach, describe, expect, test } from 'vitest'
import { BatchMemory } from '../../../../src/kafka/client/batch-memory.ts'
import { PartitionQueue } from '../../../../src/kafka/client/partition-queue.ts'
import type { ProducerBatch } from '../../../../src/kafka/client/producer-batch.ts'
import { RecordBatch } from '../../../../src/kafka/records/record-batch.ts'

const identity = { producerId: 7, producerEpoch: 1 }
let queue: PartitionQueue
let memory: BatchMemory

beforeEach(() => {
  memory = new BatchMemory(1 << 20, 1 << 20)
  queue = new PartitionQueue('topic', 0, { compression: 'none', maxBytes: 1000, memory })
})

function seal(records: number, transaction = 0): void {
  for (let index = 0; index < records; index++) queue.append(null, Buffer.from(`${index}`), 1, [])
  queue.seal(transaction, 0)
}

function send(nodeId = 1, transaction = 0): ProducerBatch | undefined {
  const batch = queue.sendable(transaction, nodeId, 0)
  if (batch !== undefined) queue.onSend(batch, nodeId, identity, false)
  return batch
}

/** The broker knows the producer from then on. */
function acknowledgeFirst(): void {
  seal(1)
  const batch = send()
  if (batch !== undefined) queue.onAcknowledged(batch, 0)
}

describe('a partition queue', () => {
  test('sends the first batch of an epoch alone', () => {
    seal(1)
    seal(1)
    expect(send()?.sequence).toBe(0)
    expect(send()).toBeUndefined()
  })

  test('sends the first batches of an epoch together where the broker lets only sequence 0 be the first', () => {
    for (let index = 0; index < 3; index++) seal(2)
    const sent = [0, 1, 2, 3].map(() => {
      const batch = queue.sendable(0, 1, 0, true)
      if (batch !== undefined) queue.onSend(batch, 1, identity, true)
      return batch?.sequence
    })
    expect(sent).toEqual([0, 2, 4, undefined])
  })

  test('has at most five batches under way', () => {
    acknowledgeFirst()
    for (let index = 0; index < 7; index++) seal(2)
    expect([send(), send(), send(), send(), send(), send()].map((batch) => batch?.sequence)).toEqual([
      1,
      3,
      5,
      7,
      9,
      undefined,
    ])
  })

  test('repeats a failed batch with its sequence, before its successors and only when they are back', () => {
    acknowledgeFirst()
    for (let index = 0; index < 3; index++) seal(1)
    const [one, two, three] = [send(), send(), send()]
    if (one === undefined || two === undefined || three === undefined) throw new Error('not sent')
    queue.onFailed(one, 0)
    expect(send()).toBeUndefined()
    queue.onFailed(two, 0)
    expect(send()).toBeUndefined()
    queue.onFailed(three, 0)
    expect([send()?.sequence, send()?.sequence, send()?.sequence]).toEqual([1, 2, 3])
  })

  test('goes on behind a batch that was acknowledged after its successor failed', () => {
    acknowledgeFirst()
    seal(1)
    seal(1)
    const [one, two] = [send(), send()]
    if (one === undefined || two === undefined) throw new Error('not sent')
    queue.onFailed(two, 0)
    queue.onAcknowledged(one, 1)
    expect(send()).toBe(two)
    expect(two.sequence).toBe(2)
  })

  test('sends to another leader only when nothing is under way to the one before', () => {
    acknowledgeFirst()
    seal(1)
    seal(1)
    const one = send(1)
    expect(send(2)).toBeUndefined()
    if (one !== undefined) queue.onAcknowledged(one, 1)
    expect(send(2)?.sequence).toBe(2)
  })

  test('waits until its time to retry has come', () => {
    acknowledgeFirst()
    seal(1)
    const batch = send()
    if (batch === undefined) throw new Error('not sent')
    queue.onFailed(batch, 100)
    expect(queue.sendable(0, 1, 99)).toBeUndefined()
    expect(queue.sendable(0, 1, 100)).toBe(batch)
  })

  test('holds back batches of the next transaction', () => {
    acknowledgeFirst()
    seal(1, 0)
    seal(1, 1)
    expect(send(1, 0)).toBeDefined()
    expect(send(1, 0)).toBeUndefined()
    expect(send(1, 1)).toBeDefined()
  })

  test('counts sequences on behind 2^31 - 1 with 0', () => {
    acknowledgeFirst()
    seal(1)
    // A batch that says it has so many records stands for all those that were sent before.
    const large = queue.sendable(0, 1, 0)
    if (large === undefined) throw new Error('nothing to send')
    Object.assign(large, { recordCount: 0x7fff_fffd })
    queue.onSend(large, 1, identity, false)
    queue.onAcknowledged(large, 1)
    seal(3)
    const wrapping = send()
    expect(wrapping?.sequence).toBe(0x7fff_fffe)
    seal(1)
    expect(send()?.sequence).toBe(1)
  })

  test('knows what was acknowledged, and never less than before', () => {
    seal(3)
    const batch = send()
    if (batch === undefined) throw new Error('not sent')
    queue.onAcknowledged(batch, 40)
    expect(queue.acknowledged).toBe(43)
    seal(2)
    const duplicate = send()
    if (duplicate !== undefined) queue.onAcknowledged(duplicate, -1)
    expect(queue.acknowledged).toBe(43)
  })

  test('gives back the memory of a batch that was acknowledged when it was first sent, and of no other', () => {
    const large = (): ProducerBatch | undefined => {
      queue.append(null, Buffer.alloc(50_000), 1, [])
      queue.seal(0, 0)
      return send()
    }
    const once = large()
    if (once === undefined) throw new Error('the first batch is not sent')
    queue.onAcknowledged(once, 0)
    expect(memory.idleBytes).toBe(65_536)
    queue.onAcknowledged(once, 0)
    expect(memory.idleBytes).toBe(65_536)
    const twice = large()
    if (twice === undefined) throw new Error('the second batch is not sent')
    queue.onFailed(twice, 0)
    queue.onAcknowledged(twice, 1)
    expect(memory.idleBytes).toBe(0)
  })

  test('splits a batch into parts with the sequences it had', () => {
    acknowledgeFirst()
    seal(5)
    seal(1)
    const batch = send()
    if (batch === undefined) throw new Error('not sent')
    expect(queue.split(batch)).toBe(true)
    const parts = [send(), send(), send()]
    expect(parts.map((part) => [part?.sequence, part?.recordCount])).toEqual([
      [1, 2],
      [3, 3],
      [6, 1],
    ])
    const second = new RecordBatch(parts[1]?.bytes ?? Buffer.alloc(0))
    expect([second.baseSequence, second.producerId, second.isCrcValid]).toEqual([3, 7, true])
  })

  test('does not split a single record', () => {
    seal(1)
    const batch = send()
    expect(batch !== undefined && queue.split(batch)).toBe(false)
  })

  test('has nothing left after a discard, and begins an epoch with sequence 0', () => {
    acknowledgeFirst()
    seal(1)
    const batch = send()
    queue.discard()
    if (batch !== undefined) queue.onAcknowledged(batch, 9)
    expect([queue.head, queue.isInFlight, queue.acknowledged]).toEqual([undefined, false, 1])
    queue.resetSequence()
    seal(1)
    expect(send()?.sequence).toBe(0)
  })

  test('is full for a record that would take the open batch over its limit', () => {
    queue.append(null, Buffer.alloc(500), 1, [])
    expect(queue.isFullFor(null, Buffer.alloc(300), [])).toBe(false)
    expect(queue.isFullFor(null, Buffer.alloc(500), [])).toBe(true)
  })
})

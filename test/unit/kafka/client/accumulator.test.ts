import { beforeEach, describe, expect, it } from 'vitest'
import { Accumulator } from '../../../../src/kafka/client/accumulator.ts'
import type { PartitionQueue } from '../../../../src/kafka/client/partition-queue.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

describe('Accumulator', () => {
  let clock: ManualClock
  let sealed: PartitionQueue[]
  let accumulator: Accumulator

  beforeEach(() => {
    clock = new ManualClock()
    sealed = []
    accumulator = new Accumulator({
      clock,
      compression: 'none',
      batchMaxBytes: 200,
      bufferMaxBytes: 1000,
      lingerMs: 100,
      onOpened: () => undefined,
      onSealed: (queue) => sealed.push(queue),
      onAllSealed: () => undefined,
    })
  })

  function append(partition = 0, bytes = 10): boolean {
    return accumulator.append('t', partition, null, Buffer.alloc(bytes), 1, [])
  }

  it('seals all open batches when the oldest has waited for the linger time', async () => {
    append(0)
    await clock.advance(99)
    append(1)
    expect(sealed).toEqual([])
    await clock.advance(1)
    expect(sealed.map(({ partition }) => partition)).toEqual([0, 1])
    expect(clock.pendingTimers).toBe(0)
  })

  it('gives the first record after a cut the whole linger time', async () => {
    append()
    await clock.advance(60)
    accumulator.sealAll()
    accumulator.transaction = 1
    append()
    await clock.advance(99)
    expect(sealed).toHaveLength(1)
    await clock.advance(1)
    expect(sealed).toHaveLength(2)
    expect(sealed[0]?.head?.transaction).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  it('leaves no timer behind after a discard', () => {
    append()
    accumulator.discard()
    expect(clock.pendingTimers).toBe(0)
    accumulator.sealAll()
    expect(sealed).toEqual([])
  })

  it('seals a batch that has no room for the next record, and that one only', () => {
    append(0, 100)
    append(1, 10)
    append(0, 100)
    expect(sealed.map(({ partition }) => partition)).toEqual([0])
  })

  it('is full from its limit on, seals everything then, and has room again for what is acknowledged', () => {
    for (let partition = 0; partition < 4; partition++) expect(append(partition, 180)).toBe(true)
    expect(append(4, 300)).toBe(false)
    expect(sealed).toHaveLength(5)
    expect(accumulator.isFull).toBe(true)
    accumulator.onAcknowledged(300)
    expect(accumulator.isFull).toBe(false)
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProducerState } from '../../../../src/kafka/broker/producer-state.ts'
import type { StoredBatch } from '../../../../src/kafka/broker/stored-batch.ts'

describe('ProducerState', () => {
  it('knows the last five batches of a producer by their sequences', () => {
    const state = new ProducerState()
    for (let index = 0; index < 7; index++)
      state.append(batch({ baseSequence: index * 2, baseOffset: 100 + index * 2 }))
    expect(state.duplicateOf(batch({ baseSequence: 4 }))).toBe(104)
    expect(state.duplicateOf(batch({ baseSequence: 12 }))).toBe(112)
    expect(state.duplicateOf(batch({ baseSequence: 2 }))).toBeUndefined()
    expect(state.duplicateOf(batch({ baseSequence: 4, recordCount: 1 }))).toBeUndefined()
    expect(state.duplicateOf(batch({ baseSequence: 4, producerEpoch: 1 }))).toBeUndefined()
  })

  it('expects the next sequence, 0 after 2^31 - 1, and 0 with a new epoch', () => {
    const state = new ProducerState()
    state.append(batch({ baseSequence: 2 ** 31 - 2 }))
    expect(() => state.check(batch({ baseSequence: 0 }))).not.toThrow()
    expect(() => state.check(batch({ baseSequence: 1 }))).toThrow('expected was 0')
    state.append(batch({ baseSequence: 0 }))
    expect(() => state.check(batch({ baseSequence: 0, producerEpoch: 1 }))).not.toThrow()
    expect(() => state.check(batch({ baseSequence: 2, producerEpoch: 1 }))).toThrow('expected was 0')
    expect(() => state.check(batch({ baseSequence: 2 }))).not.toThrow()
  })

  it('takes any sequence of a producer it does not know', () => {
    expect(() => new ProducerState().check(batch({ baseSequence: 77 }))).not.toThrow()
  })

  it('refuses an epoch that a marker has ended', () => {
    const state = new ProducerState()
    state.append(batch({ isTransactional: true }))
    state.complete(1, 3, 9, false, 0)
    expect(() => state.check(batch({ baseSequence: 2, isTransactional: true }))).toThrow('older than its last one, 3')
  })

  it('refuses a plain write within an open transaction', () => {
    const state = new ProducerState()
    state.append(batch({ isTransactional: true }))
    expect(() => state.check(batch({ baseSequence: 2 }))).toThrow('outside of its open transaction')
  })

  it('forgets the oldest producers without an open transaction, never one with', () => {
    const state = new ProducerState()
    for (let producerId = 0; producerId < 10_010; producerId++) {
      state.append(batch({ producerId, isTransactional: producerId === 0 }))
    }
    expect(state.hasOpenTransaction(0, 0)).toBe(true)
    expect(state.get(1)).toBeUndefined()
    expect(state.get(10_009)).toBeDefined()
  })

  it('agrees with a plain account of open and aborted transactions', () => {
    const step = fc.record({ producerId: fc.nat(3), action: fc.constantFrom('write', 'commit', 'abort') })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), fc.nat(60), (steps, from, length) => {
        const state = new ProducerState()
        const open = new Map<number, number>()
        const aborted: { producerId: number; firstOffset: number; lastOffset: number }[] = []
        const sequences = new Map<number, number>()
        for (const [offset, { producerId, action }] of steps.entries()) {
          if (action === 'write') {
            const baseSequence = sequences.get(producerId) ?? 0
            sequences.set(producerId, baseSequence + 1)
            state.append(batch({ producerId, baseSequence, recordCount: 1, baseOffset: offset, isTransactional: true }))
            if (!open.has(producerId)) open.set(producerId, offset)
            continue
          }
          state.complete(producerId, 0, offset, action === 'commit', 0)
          const firstOffset = open.get(producerId)
          open.delete(producerId)
          if (firstOffset !== undefined && action === 'abort')
            aborted.push({ producerId, firstOffset, lastOffset: offset })
        }
        expect(state.firstUnstableOffset).toBe(open.size === 0 ? undefined : Math.min(...open.values()))
        const to = from + length
        expect(state.abortedIn(from, to)).toEqual(
          aborted.filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < to),
        )
      }),
    )
  })
})

function batch(fields: Partial<StoredBatch>): StoredBatch {
  const recordCount = fields.recordCount ?? 2
  const baseOffset = fields.baseOffset ?? 0
  return {
    bytes: Buffer.alloc(0),
    baseOffset,
    lastOffset: baseOffset + recordCount - 1,
    maxTimestamp: 0,
    producerId: 1,
    producerEpoch: 0,
    baseSequence: 0,
    recordCount,
    isTransactional: false,
    isControl: false,
    ...fields,
  }
}

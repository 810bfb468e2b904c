import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeaderEpochs } from '../../../../src/kafka/broker/leader-epochs.ts'
import { LogBudget } from '../../../../src/kafka/broker/log-budget.ts'
import { PartitionLog } from '../../../../src/kafka/broker/partition-log.ts'
import { rawBatch } from '../../../support/raw-kafka.ts'

describe('PartitionLog', () => {
  it('reads the batches a plain list would give, whatever the offset and the limits', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 })
    fc.assert(
      fc.property(
        sizes,
        fc.nat(70),
        fc.nat(70),
        fc.nat(1000),
        fc.boolean(),
        (counts, from, end, maxBytes, atLeastOne) => {
          const log = new PartitionLog(new LogBudget(1 << 20))
          const batches = counts.map((count) => log.append(rawBatch({ values: Array(count).fill('value') }), 0))
          const expected: typeof batches = []
          let bytes = 0
          for (const batch of batches.filter(({ lastOffset, baseOffset }) => lastOffset >= from && baseOffset < end)) {
            bytes += batch.bytes.length
            if (bytes > maxBytes && !(atLeastOne && expected.length === 0)) break
            expected.push(batch)
          }
          expect(log.read(from, end, maxBytes, atLeastOne).batches).toEqual(expected)
          expect(log.endOffset).toBe(counts.reduce((sum, count) => sum + count, 0))
        },
      ),
    )
  })

  it('counts its bytes in the budget, refuses an append beyond it, and gives them back', () => {
    const bytes = rawBatch({ values: ['a'] })
    const budget = new LogBudget(bytes.length * 2)
    const log = new PartitionLog(budget)
    log.append(Buffer.from(bytes), 0)
    log.append(Buffer.from(bytes), 0)
    expect(() => log.append(Buffer.from(bytes), 0)).toThrow('raise maxLogBytes')
    log.append(Buffer.from(bytes), 0, true)
    log.deleteBefore(2)
    expect(budget.usedBytes).toBe(bytes.length)
    expect([log.startOffset, log.endOffset]).toEqual([2, 3])
    log.drop()
    expect(budget.usedBytes).toBe(0)
  })

  it('finds the first record that is not older than a time', () => {
    const log = new PartitionLog(new LogBudget(1 << 20))
    log.append(rawBatch({ values: ['a', 'b'], timestamps: [10, 30] }), 0)
    log.append(rawBatch({ values: ['c', 'd'], timestamps: [20, 25], compression: 'gzip' }), 0)
    expect(log.offsetOfTimestamp(11, 4)).toEqual({ offset: 1, timestamp: 30 })
    expect(log.offsetOfTimestamp(31, 4)).toBeUndefined()
    expect(log.offsetOfTimestamp(11, 1)).toBeUndefined()
    log.deleteBefore(2)
    expect(log.offsetOfTimestamp(11, 4)).toEqual({ offset: 2, timestamp: 20 })
    expect(log.offsetOfMaxTimestamp()).toEqual({ offset: 3, timestamp: 25 })
  })
})

describe('LeaderEpochs', () => {
  it('know where an epoch ended', () => {
    const epochs = new LeaderEpochs()
    epochs.begin(0, 0)
    epochs.begin(1, 10)
    epochs.begin(3, 10)
    epochs.begin(4, 15)
    const ends = [-1, 0, 1, 2, 3, 4, 5].map((epoch) => epochs.endOf(epoch, 20))
    expect(ends).toEqual([
      { epoch: -1, endOffset: -1 },
      { epoch: 0, endOffset: 10 },
      { epoch: 0, endOffset: 10 },
      { epoch: 0, endOffset: 10 },
      { epoch: 3, endOffset: 15 },
      { epoch: 4, endOffset: 20 },
      { epoch: -1, endOffset: -1 },
    ])
  })
})

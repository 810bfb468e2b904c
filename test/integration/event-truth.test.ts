/** What the kill test and the simulation take for right, by examples that one can work out by hand. */
import { describe, expect, it } from 'vitest'
import { joinTruth, sessionTruth, windowTruth } from '../support/event-truth.ts'
import type { PartitionEvents } from '../support/event-truth.ts'

/** One partition: values are numbers in order. */
function events(...given: readonly (readonly [key: string, timestamp: number])[]): readonly PartitionEvents[] {
  return [given.map(([key, timestamp], number) => ({ key, value: String(number), timestamp }))]
}

describe('the truth about windows', () => {
  it('counts what is out of order, and not what comes when its window has closed', () => {
    const { counts, closed } = windowTruth(events(['a', 5], ['a', 12], ['a', 6], ['a', 15], ['a', 7]), {
      sizeMs: 10,
      graceMs: 5,
    })
    expect(Object.fromEntries(counts)).toEqual({ 'a@0': 2, 'a@10': 2 })
    expect(Object.fromEntries(closed)).toEqual({ 'a@0': 2 })
  })

  it('has a time for every partition', () => {
    const partitions = [...events(['a', 5], ['a', 100]), ...events(['b', 5])]
    expect(Object.fromEntries(windowTruth(partitions, { sizeMs: 10, graceMs: 0 }).closed)).toEqual({ 'a@0': 1 })
  })
})

describe('the truth about sessions', () => {
  it('merges those that an event connects, and drops what is later than gap and grace', () => {
    const truth = sessionTruth(events(['a', 10], ['a', 30], ['a', 20], ['a', 100], ['a', 10]), {
      gapMs: 10,
      graceMs: 15,
    })
    expect(Object.fromEntries(truth)).toEqual({ 'a@10-30': 3, 'a@100-100': 1 })
  })
})

describe('the truth about joins', () => {
  const isLeft = (value: string): boolean => Number(value) % 2 === 0
  const within = { withinMs: 5, graceMs: 10 }

  it('pairs what is near enough, and gives up what met nobody when window and grace are over', () => {
    const { pairs, misses, waiting } = joinTruth(events(['a', 10], ['a', 14], ['a', 30], ['b', 46]), isLeft, within)
    expect([...pairs]).toEqual(['0+1'])
    expect([...misses]).toEqual(['2+'])
    expect([...waiting]).toEqual(['+3'])
  })

  it('gives up at once what is late, and leaves open what was due when its match came', () => {
    // The left side has come to 10 only, and keeps what the time of both has left behind.
    const { pairs, misses, eitherWay } = joinTruth(
      events(['a', 10], ['b', 26], ['a', 12], ['c', 12]),
      (value) => value === '0',
      { withinMs: 5, graceMs: 5 },
    )
    expect([...pairs]).toEqual(['0+2'])
    expect([...eitherWay]).toEqual(['0+'])
    expect([...misses]).toEqual(['+3'])
  })
})

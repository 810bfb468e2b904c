import { describe, expect, it } from 'vitest'
import { offsetReset, parseOffsets, parseTimestamp } from '../../../../src/runtime/operations/reset-target.ts'
import type { ResetTarget } from '../../../../src/runtime/operations/reset-target.ts'

const partition = { topic: 'in', partition: 3 }
const bounds = { logStart: 10, end: 50 }

function resetTo(target: ResetTarget, committed?: number, atTime?: number): readonly unknown[] {
  const found = offsetReset(partition, target, { ...bounds, atTime }, committed)
  return found === undefined ? [] : [found.from, found.to, found.asked]
}

type Row = readonly [string, ResetTarget, number | undefined, number | undefined, readonly unknown[]]

const rows: readonly Row[] = [
  ['earliest', { kind: 'earliest' }, 30, undefined, [30, 10, null]],
  ['latest', { kind: 'latest' }, undefined, undefined, [null, 50, null]],
  ['a time', { kind: 'time', timestampMs: 1 }, 30, 22, [30, 22, null]],
  ['a time after the last record', { kind: 'time', timestampMs: 1 }, 30, -1, [30, 50, null]],
  ['a shift on', { kind: 'shift', by: 5 }, 30, undefined, [30, 35, null]],
  ['a shift back', { kind: 'shift', by: -5 }, 30, undefined, [30, 25, null]],
  ['a shift where nothing is committed', { kind: 'shift', by: 5 }, undefined, undefined, [null, 15, null]],
  ['an offset', { kind: 'offset', offset: 44 }, 30, undefined, [30, 44, null]],
  ['its own', { kind: 'offsets', offsets: new Map([['in-3' as const, 12]]) }, 30, undefined, [30, 12, null]],
  ['nothing where it is not named', { kind: 'offsets', offsets: new Map([['in-2' as const, 12]]) }, 30, undefined, []],
  ['the beginning for what is before it', { kind: 'shift', by: -25 }, 30, undefined, [30, 10, 5]],
  ['the end for what is behind it', { kind: 'offset', offset: 99 }, 30, undefined, [30, 50, 99]],
]

describe('The offset that input is reset to', () => {
  it.each(rows)('is %s', (_, target, committed, atTime, expected) => {
    expect(resetTo(target, committed, atTime)).toEqual(expected)
  })
})

describe('A time', () => {
  it.each([
    ['2026-03-01T10:00:00', Date.UTC(2026, 2, 1, 10)],
    ['2026-03-01T10:00', Date.UTC(2026, 2, 1, 10)],
    ['2026-03-01T10:00:00.250', Date.UTC(2026, 2, 1, 10, 0, 0, 250)],
    ['2026-03-01T10:00:00Z', Date.UTC(2026, 2, 1, 10)],
    ['2026-03-01T10:00:00+02:00', Date.UTC(2026, 2, 1, 8)],
    ['2026-03-01T10:00:00-0530', Date.UTC(2026, 2, 1, 15, 30)],
    ['2026-03-01', Date.UTC(2026, 2, 1)],
    ['2026-13-01', undefined],
    ['yesterday', undefined],
    ['1700000000000', undefined],
  ])('%s is understood in UTC where it names no zone', (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected)
  })
})

describe('A file of offsets', () => {
  it('is a line for each partition', () => {
    expect(parseOffsets('in,0,12\r\n"a-b",2, 7\n\n')).toEqual({
      offsets: new Map([
        ['in-0', 12],
        ['a-b-2', 7],
      ]),
    })
  })

  it.each([
    ['in,0,12\nin,0,13', 2, /named before/],
    ['topic,partition,offset', 1, /is not topic,partition,offset/],
    ['in,0', 1, /is not/],
    ['in,0,-4', 1, /is not/],
    ['\n\n', 1, /no offset/],
  ])('says what is wrong with %j, and where', (text, line, problem) => {
    expect(parseOffsets(text)).toEqual({ line, problem: expect.stringMatching(problem) })
  })
})

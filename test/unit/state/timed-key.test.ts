import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { int32Text, startTail, TimedKeyLayout, timeText } from '../../../src/state/timed-key.ts'

const keys = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\xff'), maxLength: 4 })
const times = fc.integer({ min: 0, max: 3 })
const entries = fc.array(fc.tuple(times, keys, times), { minLength: 2, maxLength: 20 })
const windows = new TimedKeyLayout(4)
const sessions = new TimedKeyLayout(8)

type Entry = readonly [time: number, key: string, tail: number]

function compare(one: string | number, two: string | number): number {
  return one < two ? -1 : one > two ? 1 : 0
}

describe('The id of a window or session with its time in front', () => {
  it('is in order of time, then key, then number, also where keys begin with each other', () => {
    fc.assert(
      fc.property(entries, (given) => {
        const text = ([time, key, number]: Entry): string => windows.timeFirst(key + timeText(time) + int32Text(number))
        const sorted = given.toSorted((x, y) => compare(x[0], y[0]) || compare(x[1], y[1]) || compare(x[2], y[2]))
        expect(given.map(text).toSorted(compare)).toEqual(sorted.map(text))
      }),
    )
  })

  it('has later starts of sessions of one key and end first', () => {
    fc.assert(
      fc.property(entries, (given) => {
        const text = ([end, key, start]: Entry): string => sessions.timeFirst(key + timeText(end) + startTail(start))
        const sorted = given.toSorted((x, y) => compare(x[0], y[0]) || compare(x[1], y[1]) || compare(y[2], x[2]))
        expect(given.map(text).toSorted(compare)).toEqual(sorted.map(text))
      }),
    )
  })

  it('leads back to the id', () => {
    fc.assert(
      fc.property(keys, times, times, (key, time, number) => {
        const id = key + timeText(time) + int32Text(number)
        expect(windows.keyFirst(windows.timeFirst(id))).toBe(id)
        const session = key + timeText(time) + startTail(number)
        expect(sessions.keyFirst(sessions.timeFirst(session))).toBe(session)
      }),
    )
  })
})

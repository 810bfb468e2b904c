import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EarliestExpiry } from '../../../../src/dsl/operators/join-expiry.ts'
import type { JoinSide, UnmatchedEntry } from '../../../../src/dsl/operators/unmatched-records.ts'

const none = new Uint8Array()

/** Waiting records as a list, of which `looked` counts how many were handed out. */
class Waiting {
  readonly entries: UnmatchedEntry[] = []
  looked = 0

  add(side: JoinSide, timestamp: number): void {
    this.entries.push({ side, timestamp, bytes: none, list: none })
    this.entries.sort((one, two) => one.timestamp - two.timestamp || (one.side < two.side ? 1 : -1))
  }

  remove(entry: UnmatchedEntry): void {
    const at = this.entries.indexOf(entry)
    if (at >= 0) this.entries.splice(at, 1)
  }

  between(from: number, to: number): UnmatchedEntry[] {
    const found = this.entries.filter(({ timestamp }) => timestamp >= from && timestamp < to)
    this.looked += found.length
    return found
  }
}

type Action = readonly [what: 'left' | 'right' | 'match', by: number, late: number]

const actions = fc.array(
  fc.tuple(fc.constantFrom('left' as const, 'right' as const, 'match' as const), fc.nat(40), fc.nat(60)),
  { maxLength: 60 },
)

function dueBefore(waiting: Waiting, windows: Windows, streamTime: number): UnmatchedEntry[] {
  const { beforeMs, afterMs, graceMs } = windows
  return waiting.entries.filter(
    ({ side, timestamp }) => timestamp + (side === 'left' ? afterMs : beforeMs) + graceMs < streamTime,
  )
}

interface Windows {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
}

/** Runs the actions; at each new time everything that is due must be emitted, in order. */
function check(expiry: EarliestExpiry, waiting: Waiting, windows: Windows, steps: readonly Action[]): void {
  let now = 100
  for (const [what, by, late] of steps) {
    now += by
    const due = dueBefore(waiting, windows, now)
    const emitted: UnmatchedEntry[] = []
    if (expiry.mayBeDue('left', now)) {
      expiry.emitDue(
        now,
        (from, to) => waiting.between(from, to),
        (entry) => {
          emitted.push(entry)
          waiting.remove(entry)
        },
      )
    }
    expect(emitted).toEqual(due)
    if (what === 'match') {
      const [entry] = waiting.entries.slice(late % Math.max(1, waiting.entries.length))
      if (entry === undefined) continue
      expect(expiry.mayWait(entry.side, entry.timestamp)).toBe(true)
      waiting.remove(entry)
    } else {
      waiting.add(what, now - late)
      expiry.waits(what, now - late)
    }
  }
}

describe('What is due', () => {
  it('is emitted at once and in order, whatever waits, matches and comes late', () => {
    const windows = fc.record({ beforeMs: fc.nat(80), afterMs: fc.nat(80), graceMs: fc.nat(10) })
    fc.assert(
      fc.property(windows, actions, (within, steps) => {
        const expiry = new EarliestExpiry({ kind: 'join', ...within }, 'outer')
        expiry.start(Infinity)
        check(expiry, new Waiting(), within, steps)
      }),
    )
  })

  it('is found after a restart, also when it is newer than the time that is known', () => {
    const within = { beforeMs: 10, afterMs: 10, graceMs: 0 }
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom<JoinSide>('left', 'right'), fc.nat(400))),
        actions,
        (waited, steps) => {
          const waiting = new Waiting()
          for (const [side, timestamp] of waited) waiting.add(side, timestamp)
          const expiry = new EarliestExpiry({ kind: 'join', ...within }, 'outer')
          expiry.start(waiting.entries[0]?.timestamp ?? Infinity)
          check(expiry, waiting, within, steps)
        },
      ),
    )
  })

  it('is found without a look at the many that wait behind it', () => {
    const waiting = new Waiting()
    const expiry = new EarliestExpiry({ kind: 'join', beforeMs: 0, afterMs: 1000, graceMs: 0 }, 'left')
    expiry.start(Infinity)
    for (let timestamp = 0; timestamp < 1000; timestamp++) {
      waiting.add('left', timestamp)
      expiry.waits('left', timestamp)
    }
    const emitted: number[] = []
    for (const now of [1001, 1002, 1003]) {
      expiry.emitDue(
        now,
        (from, to) => waiting.between(from, to),
        (entry) => {
          emitted.push(entry.timestamp)
          waiting.remove(entry)
        },
      )
    }
    expect(emitted).toEqual([0, 1, 2])
    expect(waiting.looked).toBeLessThan(100)
  })
})

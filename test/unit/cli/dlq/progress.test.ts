import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clipped,
  firstOpen,
  fits,
  forgotten,
  noProgress,
  parseProgress,
  ProgressPass,
  progressText,
} from '../../../../src/cli/dlq/progress.ts'
import type { Progress } from '../../../../src/cli/dlq/progress.ts'

/** Looks at these letters from `start` on, and sends those that are wanted and were not sent before. */
function pass(before: Progress, letters: readonly number[], wanted: (offset: number) => boolean, start?: number): Pass {
  const from = start ?? firstOpen(before)
  const looking = new ProgressPass(before, from)
  const sent: number[] = []
  for (const offset of letters.filter((letter) => letter >= from)) {
    if (looking.wasSent(offset)) looking.sent(offset)
    else if (wanted(offset)) {
      sent.push(offset)
      looking.sent(offset)
    } else expect(looking.leave(offset)).toBe(true)
  }
  return { sent, progress: looking.now() }
}

interface Pass {
  readonly sent: readonly number[]
  readonly progress: Progress
}

const roundTrip = (progress: Progress): Progress | undefined => parseProgress(progress.next, progressText(progress))

describe('what is known of the letters that were sent', () => {
  it('lets every letter be sent once, whatever was selected in which order, and wherever a call began', () => {
    const letters = fc.uniqueArray(fc.nat(400), { maxLength: 60 }).map((some) => some.toSorted((a, b) => a - b))
    const call = fc.record({
      wanted: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      start: fc.option(fc.nat(400)),
    })
    fc.assert(
      fc.property(letters, fc.array(call, { maxLength: 8 }), (offsets, calls) => {
        const sent: number[] = []
        let progress: Progress = noProgress
        for (const { wanted, start } of [...calls, { wanted: [true], start: null }]) {
          const from = start === null ? undefined : Math.max(start, firstOpen(progress))
          const done = pass(progress, offsets, (offset) => wanted[offset % wanted.length] === true, from)
          sent.push(...done.sent)
          progress = roundTrip(done.progress)!
          expect(progress).toEqual(done.progress)
        }
        expect(sent.toSorted((a, b) => a - b)).toEqual(offsets)
      }),
    )
  })

  it('says nothing of offsets without a letter, so that it stays small', () => {
    const letters = [0, 2, 4, 6, 8, 10]
    const none = pass(noProgress, letters, () => false).progress
    expect(none).toEqual({ next: 11, left: [{ from: 0, to: 11 }] })
    const some = pass(none, letters, (offset) => offset < 6).progress
    expect(some.left).toEqual([{ from: 6, to: 11 }])
    expect(pass(some, letters, () => true).progress).toEqual({ next: 11, left: [] })
  })

  it('ends a pass before its text is too long for a broker', () => {
    const looking = new ProgressPass(noProgress, 0)
    let offset = 0
    for (; looking.leave(offset); offset += 2) looking.sent(offset + 1)
    expect(offset).toBeGreaterThan(2000)
    expect(fits(looking.now())).toBe(true)
    expect(progressText(looking.now()).length).toBeLessThanOrEqual(4000)
    expect(looking.now().next).toBe(offset)
  })

  it('forgets what is gone from the log, and single letters where that is asked for', () => {
    const progress = { next: 20, left: [{ from: 2, to: 5 }, { from: 9, to: 10 }] } // prettier-ignore
    expect(clipped(progress, 4).left).toEqual([{ from: 4, to: 5 }, { from: 9, to: 10 }]) // prettier-ignore
    expect(forgotten(progress, 5).left).toEqual([{ from: 2, to: 6 }, { from: 9, to: 10 }]) // prettier-ignore
    expect(forgotten(progress, 9)).toEqual(progress)
    expect(forgotten(progress, 20)).toEqual(progress)
  })

  it.each([
    ['text of others', 'consumer-2'],
    ['an unknown character', '1:A!'],
    ['half a range', '1:A'],
    ['a number without an end', '1:Ag'],
    ['more than was looked at', '1:AAAAAAAAAAAAAB-'],
    ['numbers beyond all offsets', `1:${'-'.repeat(30)}AA`],
  ])('is unknown where its note is %s', (_, text) => {
    expect(parseProgress(0, text)).toBeUndefined()
  })

  it('has nothing left out where there is no note', () => {
    expect(parseProgress(7, '')).toEqual({ next: 7, left: [] })
  })
})

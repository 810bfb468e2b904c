import { describe, expect, it } from 'vitest'
import { deferred, type Deferred } from '../../../src/common/deferred.ts'
import { oneAtATime } from '../../../src/server/one-at-a-time.ts'
import { settled } from '../../support/manual-clock.ts'

/** Work that ends when the test says so. */
function work(): { readonly ask: () => Promise<string>; readonly runs: Deferred<string>[] } {
  const runs: Deferred<string>[] = []
  const ask = oneAtATime(() => {
    const run = deferred<string>()
    runs.push(run)
    return run.promise
  })
  return { ask, runs }
}

describe('oneAtATime', () => {
  it('gives whoever asks meanwhile what is found out after that, once for all of them', async () => {
    const { ask, runs } = work()
    const first = ask()
    const later = [ask(), ask(), ask()]
    expect(runs).toHaveLength(1)
    runs[0]?.resolve('first')
    expect(await first).toBe('first')
    await settled()
    expect(runs).toHaveLength(2)
    runs[1]?.resolve('second')
    expect(await Promise.all(later)).toEqual(['second', 'second', 'second'])
    const last = ask()
    runs[2]?.resolve('third')
    expect(await last).toBe('third')
  })

  it('never runs twice at a time, whenever somebody asks', async () => {
    let running = 0
    let most = 0
    const ask = oneAtATime(async () => {
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
    })
    const asked: Promise<void>[] = []
    for (let turn = 0; turn < 100; turn++) {
      asked.push(ask())
      for (let i = 0; i < turn % 7; i++) await Promise.resolve()
    }
    await Promise.all(asked)
    expect(most).toBe(1)
  })

  it('fails those who wait for a run that fails, and nobody after them', async () => {
    const { ask, runs } = work()
    const first = ask()
    const second = ask()
    runs[0]?.reject(new Error('no'))
    await expect(first).rejects.toThrow('no')
    await settled()
    runs[1]?.resolve('well')
    expect(await second).toBe('well')
  })
})

import { describe, expect, it } from 'vitest'
import { Patience } from '../../../src/cli/patience.ts'
import { deferred } from '../../../src/common/deferred.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

const limitMs = 1000

interface Bed {
  readonly clock: ManualClock
  readonly patience: Patience
  /** What it has said so far; empty while it waits. */
  readonly said: string[]
  readonly end: AbortController
}

function watched(limit: number | 'none' = limitMs): Bed {
  const clock = new ManualClock()
  const patience = new Patience(limit === 'none' ? undefined : limit, clock)
  const end = new AbortController()
  const said: string[] = []
  patience.watch('tail', end.signal).then(
    () => said.push('ended'),
    (error: unknown) => said.push((error as Error).message),
  )
  return { clock, patience, said, end }
}

describe('patience', () => {
  it('ends after its time where nothing comes', async () => {
    const { clock, patience, said } = watched()
    await clock.advance(limitMs - 1)
    expect({ said, isOver: patience.over.aborted }).toEqual({ said: [], isOver: false })
    await clock.advance(1)
    expect(said).toEqual([expect.stringContaining("'millrace tail' did not end within 1000 ms")])
    expect(patience.over.aborted).toBe(true)
  })

  it('begins anew with everything that comes', async () => {
    const { clock, patience, said } = watched()
    for (let step = 0; step < 10; step++) {
      await clock.advance(limitMs - 1)
      patience.renew()
    }
    await clock.advance(limitMs - 1)
    expect(said).toEqual([])
    await clock.advance(1)
    expect(said).toEqual([expect.stringContaining('Kafka has not answered for 1000 ms')])
  })

  it('does not count what others take', async () => {
    const { clock, patience, said } = watched()
    const answer = deferred()
    const excluded = patience.excluding(() => answer.promise)
    await clock.advance(limitMs * 10)
    answer.resolve()
    await excluded
    await clock.advance(limitMs - 1)
    expect(said).toEqual([])
    await clock.advance(1)
    expect(said).toHaveLength(1)
  })

  it('counts what is done with each part of what others write, not the time in which they write it', async () => {
    const { clock, patience, said } = watched()
    const parts = [deferred<string>(), deferred<string>()]
    async function* written(): AsyncGenerator<string> {
      for (const part of parts) yield await part.promise
    }
    const taken = patience.between(written())
    for (const part of parts) {
      const next = taken.next()
      await clock.advance(limitMs * 5)
      part.resolve('line')
      expect(await next).toEqual({ value: 'line', done: false })
    }
    expect(said).toEqual([])
    await clock.advance(limitMs)
    expect(said).toHaveLength(1)
    await taken.return()
  })

  it('goes on for as long as a number changes, looked at when the time is over', async () => {
    const { clock, patience, said } = watched()
    let acknowledged = 0
    patience.heed(() => acknowledged)
    for (let step = 0; step < 5; step++) {
      await clock.advance(limitMs - 1)
      acknowledged++
      await clock.advance(1)
      expect(said).toEqual([])
    }
    await clock.advance(limitMs)
    expect(said).toHaveLength(1)
  })

  it.each([limitMs, 'none'] as const)('ends with what it watches, at a limit of %s', async (limit) => {
    const { clock, said, end } = watched(limit)
    await clock.advance(limitMs - 1)
    end.abort()
    await settled()
    expect(said).toEqual(['ended'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('has no end without a limit', async () => {
    const { clock, said } = watched('none')
    await clock.advance(limitMs * 1000)
    expect(said).toEqual([])
  })
})

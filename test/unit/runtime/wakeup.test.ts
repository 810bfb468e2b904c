import { describe, expect, it } from 'vitest'
import { Wakeup } from '../../../src/runtime/wakeup.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

function sleeping(wakeup: Wakeup, ms: number): { isOver: boolean } {
  const state = { isOver: false }
  void wakeup.wait(ms).then(() => (state.isOver = true))
  return state
}

describe('Wakeup', () => {
  it('sleeps for its time, and no longer when it is woken', async () => {
    const clock = new ManualClock()
    const wakeup = new Wakeup(clock)
    const first = sleeping(wakeup, 100)
    await clock.advance(99)
    expect(first.isOver).toBe(false)
    await clock.advance(1)
    expect(first.isOver).toBe(true)

    const second = sleeping(wakeup, 100)
    wakeup.wake()
    await settled()
    expect(second.isOver).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  it('counts a wake-up that nobody slept through for the next sleep, once', async () => {
    const clock = new ManualClock()
    const wakeup = new Wakeup(clock)
    wakeup.wake()
    wakeup.wake()
    const first = sleeping(wakeup, 100)
    await settled()
    expect(first.isOver).toBe(true)
    const second = sleeping(wakeup, 100)
    await settled()
    expect(second.isOver).toBe(false)
    await clock.advance(100)
    expect(second.isOver).toBe(true)
  })
})

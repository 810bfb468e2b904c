import { systemClock } from '../../src/common/clock.ts'
import type { Clock } from '../../src/common/clock.ts'

/** The time of the system, with leaps: what is due in half a minute is due now. */
export class LeapingClock implements Clock {
  #aheadMs = 0
  readonly setTimer: Clock['setTimer'] = (delayMs, callback) => systemClock.setTimer(delayMs, callback)
  readonly yieldTurn: Clock['yieldTurn'] = () => systemClock.yieldTurn()

  now(): number {
    return systemClock.now() + this.#aheadMs
  }

  leap(ms: number): void {
    this.#aheadMs += ms
  }
}

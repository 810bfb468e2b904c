import type { Clock } from '../common/clock.ts'

/** A sleep that others can end. A wake-up that nobody slept through counts for the next sleep. */
export class Wakeup {
  readonly #clock: Clock
  #woken = false
  #wakeNow: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wake(): void {
    this.#woken = true
    this.#wakeNow?.()
  }

  wait(maxWaitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        resolve()
        // A sleep that somebody else has ended meanwhile must not take a wake-up away from the next.
        if (this.#wakeNow !== end) return
        this.#wakeNow = undefined
        this.#woken = false
      }
      const timer = this.#clock.setTimer(maxWaitMs, end)
      this.#wakeNow = end
      if (this.#woken) end()
    })
  }
}

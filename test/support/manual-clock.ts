import type { Clock, Timer } from '../../src/common/clock.ts'

/** A clock that stands still until it is moved; timers fire in the order of their time, then of their making. */
export class ManualClock implements Clock {
  #nowMs: number
  #timers: { readonly atMs: number; readonly callback: () => void }[] = []

  /** By default far ahead, so that real times are not in its future. */
  constructor(nowMs = 4_000_000_000_000) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  get pendingTimers(): number {
    return this.#timers.length
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    this.#timers.sort((one, other) => one.atMs - other.atMs)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  async yieldTurn(): Promise<void> {
    await settled()
  }

  /** Moves the time, and lets whatever it wakes run to its end. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs
    for (;;) {
      const [next] = this.#timers
      if (next === undefined || next.atMs > endMs) break
      this.#timers.shift()
      this.#nowMs = next.atMs
      next.callback()
      await settled()
    }
    this.#nowMs = endMs
    await settled()
  }
}

/** After everything that is ready to run has run. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** The pause after a failure: none for one that comes alone, longer and longer for those that follow one another. */
import type { Clock } from '../common/clock.ts'
import type { Wakeup } from './wakeup.ts'

const firstMs = 50
const maxMs = 10_000

export class BackOff {
  readonly #clock: Clock
  readonly #wake: Wakeup
  readonly #isInterrupted: () => boolean
  #failuresInRow = 0
  #lastFailureMs = 0

  /** `isInterrupted`: there is something that cannot wait. Looked at whenever `wake` wakes, which others do, too. */
  constructor(clock: Clock, wake: Wakeup, isInterrupted: () => boolean) {
    this.#clock = clock
    this.#wake = wake
    this.#isInterrupted = isInterrupted
  }

  /** The next failure comes alone. */
  reset(): void {
    this.#failuresInRow = 0
  }

  async wait(): Promise<void> {
    const now = this.#clock.now()
    if (now - this.#lastFailureMs > 2 * maxMs) this.#failuresInRow = 0
    this.#lastFailureMs = now
    const endMs = now + Math.min(maxMs, firstMs * 2 ** this.#failuresInRow++)
    if (this.#failuresInRow < 2) return
    do await this.#wake.wait(endMs - this.#clock.now())
    while (this.#clock.now() < endMs && !this.#isInterrupted())
  }
}

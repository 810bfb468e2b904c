/**
 * Time and turns of the event loop, as seen by everything above the sockets. Nothing else in `src` reads a clock, sets a
 * timer or yields, so that a simulation can own all three.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `callback` once after `delayMs`; a timer alone does not keep the process alive. */
  setTimer(delayMs: number, callback: () => void): Timer
  /** Resolves in a later turn of the event loop, after sockets and timers had theirs. */
  yieldTurn(): Promise<void>
}

export interface Timer {
  cancel(): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
}

/** The process does not end by itself until this is cancelled, although nothing may be open: no socket, no file. */
export function keepProcessAlive(): Timer {
  const timer = setInterval(() => undefined, 0x7fff_ffff)
  return { cancel: () => clearInterval(timer) }
}

/** Resolves after `delayMs`, or at once (without an error) when `signal` is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.setTimer(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}

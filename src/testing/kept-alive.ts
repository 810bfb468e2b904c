/** Waiting in a test must not end the process that waits. */
import { keepProcessAlive } from '../common/clock.ts'

/** Timers alone keep no process alive, and a broker that is down has no connection that would. */
export async function keptAlive<T>(run: () => Promise<T>): Promise<T> {
  const alive = keepProcessAlive()
  try {
    return await run()
  } finally {
    alive.cancel()
  }
}

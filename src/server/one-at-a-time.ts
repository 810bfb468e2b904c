/** For work that takes a while and that anybody may ask for at any time: it runs once at a time, however many ask. */

/**
 * Whoever asks while it runs gets what the next run gives, together with all others who do: nobody is given what was found
 * out before they asked. A run that fails fails those who wait for it.
 */
export function oneAtATime<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined
  const start = (): Promise<T> => {
    running = run().finally(() => (running = undefined))
    return running
  }
  return () => {
    // First: between two runs there is none for a moment.
    if (next !== undefined) return next
    if (running === undefined) return start()
    next = running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }
}

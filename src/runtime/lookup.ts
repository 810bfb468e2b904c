/**
 * A question to the brokers whose answer the loop does not wait for: some take as long as a leader is missing or a
 * transaction of somebody else is open, and meanwhile other tasks run, commits are due and rebalances want an answer.
 */
export class Lookup<T> {
  #answer: { readonly value: T } | undefined
  #error: { readonly cause: unknown } | undefined

  /** `onSettled` wakes who will `take` it. */
  constructor(question: Promise<T>, onSettled: () => void) {
    question.then(
      (value) => {
        this.#answer = { value }
        onSettled()
      },
      (cause: unknown) => {
        this.#error = { cause }
        onSettled()
      },
    )
  }

  /** The answer once it is there, undefined before; throws what it failed with. */
  take(): { readonly value: T } | undefined {
    if (this.#error !== undefined) throw this.#error.cause
    return this.#answer
  }
}

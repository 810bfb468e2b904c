/**
 * What the group membership wants of the thread. It calls at any time; the thread answers at its own pace, between two
 * steps of its loop, so that no callback ever meets a half-done commit.
 */
import { deferred } from '../common/deferred.ts'
import type { Deferred } from '../common/deferred.ts'

export type Mail<A> =
  | { readonly kind: 'prepareJoin'; readonly deadlineMs: number; readonly done: Deferred<void> }
  | { readonly kind: 'assigned'; readonly assignment: A; readonly done: Deferred<void> }
  | { readonly kind: 'lost'; readonly cause: Error; readonly done: Deferred<void> }

type WithoutDone<M> = M extends unknown ? Omit<M, 'done'> : never

export class Mailbox<A> {
  #mail: Mail<A>[] = []
  #closed = false
  readonly #wakeup: () => void

  constructor(wakeup: () => void) {
    this.#wakeup = wakeup
  }

  /** Settles when the thread has dealt with it; at once when the thread is no longer there. */
  send(mail: WithoutDone<Mail<A>>): Promise<void> {
    if (this.#closed) return Promise.resolve()
    const done = deferred()
    this.#mail.push({ ...mail, done })
    this.#wakeup()
    return done.promise
  }

  take(): Mail<A> | undefined {
    return this.#mail.shift()
  }

  get isEmpty(): boolean {
    return this.#mail.length === 0
  }

  /** Nobody will answer any more. */
  close(): void {
    this.#closed = true
    for (const { done } of this.#mail) done.resolve()
    this.#mail = []
  }
}

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
  readonly #onMail: (mail: Mail<A>) => void

  /** `onMail` is told at once, in the middle of whatever the thread is doing: it may wake it and set limits, no more. */
  constructor(onMail: (mail: Mail<A>) => void) {
    this.#onMail = onMail
  }

  /** Settles when the thread has dealt with it; at once when the thread is no longer there. */
  send(mail: WithoutDone<Mail<A>>): Promise<void> {
    if (this.#closed) return Promise.resolve()
    const done = deferred()
    const sent = { ...mail, done }
    this.#mail.push(sent)
    this.#onMail(sent)
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

/** The guards of every place that calls user code: callbacks are synchronous, whatever their types claim. */
import { CallbackError } from '../errors/callback-error.ts'

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/** `callback` says which one: `mapValues callback`, `aggregator`. */
export function refusePromise(node: string, callback: string, promise: PromiseLike<unknown>): never {
  // Nobody waits for it: its rejection must not end the process as unhandled.
  promise.then(undefined, () => undefined)
  throw new CallbackError(
    'MILLRACE_CALLBACK_RETURNED_PROMISE',
    node,
    `node ${node}: the ${callback} returned a promise, and callbacks are synchronous; remove 'async' and 'await' from it, or do the asynchronous work before the record is produced or after it is consumed`,
  )
}

export function refuseResult(node: string, callback: string, expected: string, found: unknown): never {
  const type = found === null ? 'null' : Array.isArray(found) ? `array of ${found.length}` : typeof found
  throw new CallbackError(
    'MILLRACE_CALLBACK_RESULT_INVALID',
    node,
    `node ${node}: the ${callback} must return ${expected}, and returned ${type}`,
  )
}

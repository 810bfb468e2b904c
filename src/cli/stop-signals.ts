/**
 * SIGINT and SIGTERM as what somebody means by them: end, and then: at once. One Ctrl-C or one stop may arrive twice,
 * because `timeout`, npm and other parents pass on to their child what its process group has been sent already; so what
 * comes right after the first is no second wish.
 */
import type { EventEmitter } from 'node:events'
import { systemClock, type Clock } from '../common/clock.ts'

const sameSignalMs = 500

export interface StopHandlers {
  readonly first: (signal: NodeJS.Signals) => void
  readonly again: (signal: NodeJS.Signals) => void
}

/** Until the returned function is called. */
export function onStopSignal(
  { first, again }: StopHandlers,
  { clock = systemClock, source = process }: { readonly clock?: Clock; readonly source?: EventEmitter } = {},
): () => void {
  let firstAt: number | undefined
  const stop = (signal: NodeJS.Signals): void => {
    const now = clock.now()
    if (firstAt === undefined) {
      firstAt = now
      first(signal)
    } else if (now - firstAt >= sameSignalMs) again(signal)
  }
  source.on('SIGINT', stop)
  source.on('SIGTERM', stop)
  return () => {
    source.off('SIGINT', stop)
    source.off('SIGTERM', stop)
  }
}

import type { ObservedTime, OperatorContext } from '../../processor/operator.ts'

interface RestoredStore {
  readonly restoredTimeMs: number
}

/**
 * The time that the node of a windowed aggregation has seen. Where it was lost with the local state, the changelog knows
 * it from the records that were aggregated; else what comes late would open windows again whose final results are out.
 * Streams that share a store each have a time of their own, which it does not tell apart: those begin anew, and lose
 * nothing. (Java's nodes lose that time with every restart.)
 */
export function resumedTime(
  { observedTime }: OperatorContext<never, never>,
  { restoredTimeMs }: RestoredStore,
  sharesStore: boolean = false,
): ObservedTime {
  if (!sharesStore && restoredTimeMs > observedTime.ms) observedTime.ms = restoredTimeMs
  return observedTime
}

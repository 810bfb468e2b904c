import type { ObservedTime, OperatorContext } from '../../processor/operator.ts'

interface RestoredStore {
  readonly restoredTimeMs: number
}

/**
 * The time that the node of a windowed aggregation has seen. Where it was lost with the local state, the changelog knows
 * it from the records that were aggregated; else what comes late would open windows again whose final results are out.
 * Streams that share a store each have a time of their own, which it does not tell apart: those begin anew, and lose
 * nothing. So does everything with `at_least_once`, whose changelog may be ahead of the records that come again: judged by
 * its time they would be late, and lost. (Java's nodes lose that time with every restart.)
 */
export function resumedTime(
  { observedTime, isExactlyOnce }: OperatorContext<never, never>,
  { restoredTimeMs }: RestoredStore,
  sharesStore: boolean = false,
): ObservedTime {
  if (isExactlyOnce && !sharesStore && restoredTimeMs > observedTime.ms) observedTime.ms = restoredTimeMs
  return observedTime
}

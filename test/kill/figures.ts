/** Sums of a run, and how they are shown. */

export interface Spread {
  readonly n: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { n: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

export function showSpread({ n, p50, p99, max }: Spread): string {
  return n === 0 ? 'none' : `p50 ${seconds(p50)}, p99 ${seconds(p99)}, max ${seconds(max)} (${n})`
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

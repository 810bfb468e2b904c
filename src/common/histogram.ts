/** Counts values by upper bounds, for Prometheus: what quantiles over many instances can be computed from. */
export interface HistogramSnapshot {
  /** Ascending; what is above the last one is in `count` alone. */
  readonly bounds: readonly number[]
  /** Per bound how many values are at most that large. */
  readonly cumulative: readonly number[]
  readonly count: number
  readonly sum: number
}

/** From a millisecond, which is what our clock can tell, to a minute. In seconds. */
export const secondsBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]

export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #count = 0
  #sum = 0

  constructor(bounds: readonly number[] = secondsBounds) {
    this.#bounds = bounds
    this.#counts = bounds.map(() => 0)
  }

  get count(): number {
    return this.#count
  }

  /** `weight` times the same value. */
  observe(value: number, weight: number = 1): void {
    this.#count += weight
    this.#sum += value * weight
    const at = this.#bounds.findIndex((bound) => value <= bound)
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + weight
  }

  snapshot(): HistogramSnapshot {
    let sum = 0
    return {
      bounds: this.#bounds,
      cumulative: this.#counts.map((count) => (sum += count)),
      count: this.#count,
      sum: this.#sum,
    }
  }
}

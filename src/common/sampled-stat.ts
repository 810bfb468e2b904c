/** Average, highest and lowest of what was recorded in this window and the one before it. Plain arithmetic, no clock. */
export class SampledStat {
  #count = 0
  #sum = 0
  #max = -Infinity
  #min = Infinity
  #countBefore = 0
  #sumBefore = 0
  #maxBefore = -Infinity
  #minBefore = Infinity

  record(value: number): void {
    this.recordMany(1, value, value, value)
  }

  /** `count` values whose sum, lowest and highest are known. */
  recordMany(count: number, sum: number, min: number, max: number): void {
    this.#count += count
    this.#sum += sum
    if (max > this.#max) this.#max = max
    if (min < this.#min) this.#min = min
  }

  /** NaN, as in Kafka Streams, where nothing was recorded. */
  get avg(): number {
    const count = this.#count + this.#countBefore
    return count === 0 ? Number.NaN : (this.#sum + this.#sumBefore) / count
  }

  get max(): number {
    return finite(Math.max(this.#max, this.#maxBefore))
  }

  get min(): number {
    return finite(Math.min(this.#min, this.#minBefore))
  }

  roll(): void {
    this.#countBefore = this.#count
    this.#sumBefore = this.#sum
    this.#maxBefore = this.#max
    this.#minBefore = this.#min
    this.#count = 0
    this.#sum = 0
    this.#max = -Infinity
    this.#min = Infinity
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN
}

/**
 * What is counted per record at one place of a task: at an input partition, at a node that ends a path. `note` is all that
 * a record costs: an increment, a sum, two comparisons. No clock is read: how late records are is worked out at the end of
 * a slice, for all of it (as in Java, whose task has one time for all records that it processes in one go).
 */
import type { Histogram } from '../../common/histogram.ts'
import type { SampledStat } from '../../common/sampled-stat.ts'

export class RecordStats {
  records = 0
  bytes = 0
  #recordsBefore = 0
  #timestamps = 0
  #first = Infinity
  #last = -Infinity

  note(timestamp: number): void {
    this.records++
    this.#timestamps += timestamp
    if (timestamp < this.#first) this.#first = timestamp
    if (timestamp > this.#last) this.#last = timestamp
  }

  /** The slice is over: its records are told to who keeps latencies, in milliseconds and in seconds. */
  endSlice(nowMs: number, latency: SampledStat, seconds: Histogram): void {
    const count = this.records - this.#recordsBefore
    if (count === 0) return
    const total = count * nowMs - this.#timestamps
    latency.recordMany(count, total, nowMs - this.#last, nowMs - this.#first)
    // A timestamp ahead of our clock is no latency.
    seconds.observe(Math.max(0, total / count / 1000), count)
    this.#recordsBefore = this.records
    this.#timestamps = 0
    this.#first = Infinity
    this.#last = -Infinity
  }
}

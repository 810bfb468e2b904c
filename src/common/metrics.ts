/**
 * The registry of metrics. Owners keep plain numbers and increment them (`counter.value++`, a few nanoseconds); everything
 * else is done by who reads: rates are differences between what was read at the window's begin and now, averages and
 * highest values come from windows that are closed now and then (`roll`). Nothing here is called per record.
 *
 * What a metric is called, and means, is in its definition; there is one per name, so that no two have different types.
 */
import { systemClock, type Clock } from './clock.ts'
import { Histogram, type HistogramSnapshot } from './histogram.ts'
import { SampledStat } from './sampled-stat.ts'

export interface Counter {
  value: number
}

export type Tags = Readonly<Record<string, string>>

export interface MetricDefinition {
  /** As in Kafka Streams: `stream-task-metrics`. */
  readonly group: string
  /** As in Kafka Streams, without the group: `dropped-records-total`. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** The Prometheus family, where it does not follow from group and name. */
  readonly family?: string | undefined
  /** What a value is multiplied with for Prometheus and OpenTelemetry, which count in base units. Default 1. */
  readonly scale?: number | undefined
}

/** A counter and the rate that Kafka Streams has beside it. */
export interface RatedDefinition extends MetricDefinition {
  readonly type: 'counter'
  readonly rate: MetricDefinition
}

/** Average, highest and, where wanted, lowest value. */
export interface StatDefinition {
  readonly avg: MetricDefinition
  readonly max: MetricDefinition
  readonly min?: MetricDefinition | undefined
}

export interface MetricSample {
  readonly definition: MetricDefinition
  readonly tags: Tags
  /** NaN: nothing was recorded. Of a histogram how many values it has. */
  readonly value: number
  readonly histogram?: HistogramSnapshot | undefined
}

/** One of several values that are looked up together. */
export interface TaggedValue {
  readonly tags: Tags
  readonly value: number
}

interface Metric {
  readonly definition: MetricDefinition
  readonly tags: Tags
  readonly read: (nowMs: number) => number
  /** In place of `read` and `tags`. */
  readonly readAll?: () => Iterable<TaggedValue>
  readonly histogram?: Histogram
  readonly roll?: (nowMs: number) => void
}

/** Kafka's: two windows of 30 s, so that a rate is of the last 30 to 60 s. */
const windowMs = 30_000

export class MetricsRegistry {
  readonly #metrics = new Set<Metric>()
  readonly #clock: Pick<Clock, 'now'>
  readonly #shared = new Map<string, Histogram>()
  readonly #beforeRead = new Set<() => void>()
  #windowBeganMs: number

  constructor(clock: Pick<Clock, 'now'> = systemClock) {
    this.#clock = clock
    this.#windowBeganMs = clock.now()
  }

  counter(definition: MetricDefinition | RatedDefinition, tags: Tags = {}): Counter & Disposable {
    const counter = { value: 0 }
    const disposable = this.observe(definition, tags, () => counter.value)
    return Object.assign(counter, { [Symbol.dispose]: () => disposable[Symbol.dispose]() })
  }

  /** A gauge, or a counter that its owner keeps elsewhere; with its rate, where the definition has one. */
  observe(definition: MetricDefinition | RatedDefinition, tags: Tags, read: () => number): Disposable {
    const added: Metric[] = [{ definition, tags, read }]
    if ('rate' in definition) added.push(rateOf(definition.rate, tags, read, this.#clock.now()))
    return this.#add(added)
  }

  /** Of what comes and goes: partitions, names. What is read has its own tags. */
  observeAll(definition: MetricDefinition, readAll: () => Iterable<TaggedValue>): Disposable {
    return this.#add([{ definition, tags: {}, read: () => Number.NaN, readAll }])
  }

  /** A share of the time: `read` gives milliseconds that were spent, ever more. */
  ratio(definition: MetricDefinition, tags: Tags, read: () => number): Disposable {
    const rate = rateOf(definition, tags, read, this.#clock.now())
    return this.#add([{ ...rate, read: (nowMs) => Math.min(1, rate.read(nowMs) / 1000) }])
  }

  stat(definition: StatDefinition, tags: Tags): SampledStat & Disposable {
    const stat = new SampledStat()
    const metrics: Metric[] = [
      { definition: definition.avg, tags, read: () => stat.avg, roll: () => stat.roll() },
      { definition: definition.max, tags, read: () => stat.max },
    ]
    if (definition.min !== undefined) metrics.push({ definition: definition.min, tags, read: () => stat.min })
    return Object.assign(stat, this.#add(metrics))
  }

  /** One for all who ask with the same tags; it stays as long as the registry, since its counters must never fall. */
  histogram(definition: MetricDefinition, tags: Tags, bounds?: readonly number[]): Histogram {
    const key = `${definition.name} ${JSON.stringify(tags)}`
    let histogram = this.#shared.get(key)
    if (histogram === undefined) {
      const made = new Histogram(bounds)
      this.#shared.set(key, made)
      this.show(definition, tags, made)
      histogram = made
    }
    return histogram
  }

  /** A histogram that its owner keeps elsewhere. */
  show(definition: MetricDefinition, tags: Tags, histogram: Histogram): Disposable {
    return this.#add([{ definition, tags, read: () => histogram.count, histogram }])
  }

  /** Called before every reading: for figures that are taken together. */
  beforeRead(prepare: () => void): Disposable {
    this.#beforeRead.add(prepare)
    return { [Symbol.dispose]: () => void this.#beforeRead.delete(prepare) }
  }

  /** Closes windows that are over. To be called now and then also where nobody reads; it costs a comparison. */
  roll(nowMs: number): void {
    // A clock that was set back begins a new window, or none would ever end.
    if (nowMs - this.#windowBeganMs < windowMs && nowMs >= this.#windowBeganMs) return
    this.#windowBeganMs = nowMs
    for (const { roll } of this.#metrics) roll?.(nowMs)
  }

  /** The sum over all metrics of that name whose tags include `tags`; undefined when there is none. */
  get(name: string, tags: Tags = {}): number | undefined {
    const nowMs = this.#read()
    let sum: number | undefined
    for (const metric of this.#metrics) {
      if (metric.definition.name !== name) continue
      for (const { tags: own, value } of valuesOf(metric, nowMs)) if (includes(own, tags)) sum = (sum ?? 0) + value
    }
    return sum
  }

  /** Of what is there now; what goes while somebody takes his time is left out from then on. */
  *[Symbol.iterator](): IterableIterator<MetricSample> {
    const nowMs = this.#read()
    // What comes meanwhile would be told beside what it replaces: a task that was closed and opened again.
    for (const metric of [...this.#metrics]) {
      if (!this.#metrics.has(metric)) continue
      const { definition, histogram } = metric
      for (const { tags, value } of valuesOf(metric, nowMs)) {
        yield { definition, tags, value, histogram: histogram?.snapshot() }
      }
    }
  }

  #read(): number {
    const nowMs = this.#clock.now()
    this.roll(nowMs)
    for (const prepare of this.#beforeRead) prepare()
    return nowMs
  }

  #add(metrics: readonly Metric[]): Disposable {
    for (const metric of metrics) this.#metrics.add(metric)
    return {
      [Symbol.dispose]: () => {
        for (const metric of metrics) this.#metrics.delete(metric)
      },
    }
  }
}

function valuesOf({ tags, read, readAll }: Metric, nowMs: number): Iterable<TaggedValue> {
  return readAll === undefined ? [{ tags, value: read(nowMs) }] : readAll()
}

/** Per second, since the begin of the window before this one. */
function rateOf(definition: MetricDefinition, tags: Tags, total: () => number, nowMs: number): Metric {
  let before = { value: total(), ms: nowMs }
  let begin = before
  return {
    definition,
    tags,
    read: (atMs) => {
      // Of less than a second nothing can be said: a single record would be a thousand per second.
      const elapsedMs = Math.max(1000, atMs - before.ms)
      return ((total() - before.value) * 1000) / elapsedMs
    },
    roll: (atMs) => {
      before = begin
      begin = { value: total(), ms: atMs }
    },
  }
}

function includes(tags: Tags, wanted: Tags): boolean {
  return Object.entries(wanted).every(([name, value]) => tags[name] === value)
}

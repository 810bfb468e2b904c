/**
 * An application's metrics as observable instruments of OpenTelemetry: nothing is recorded while records are processed, a
 * reader asks when it collects. Needs `@opentelemetry/api` and nothing else of it.
 *
 * Instruments have the names of `docs/metrics.md` without `_total`, which exporters to Prometheus add to counters again.
 * OpenTelemetry has no observable histograms: theirs are three counters, `…_bucket` (attribute `le`), `…_sum`, `…_count`.
 */
import { metrics, type Attributes, type BatchObservableCallback, type Meter, type Observable } from '@opentelemetry/api'
import type { HistogramSnapshot } from '../common/histogram.ts'
import type { MetricDefinition, MetricSample } from '../common/metrics.ts'
import { prometheusFamily } from '../common/prometheus.ts'
import { packageVersion } from '../common/version.ts'
import type { StreamsMetrics } from '../runtime/kafka-streams.ts'
import { allMetrics } from '../runtime/metrics/catalogue.ts'

export interface ObserveOptions {
  /** Default: that of the global meter provider, as `millrace`. */
  readonly meter?: Meter
  /** Of every value: `{ 'deployment.environment.name': 'production' }`. */
  readonly attributes?: Attributes
}

interface Instruments {
  /** Of a histogram: how many values. */
  readonly value: Observable
  readonly sum?: Observable
  readonly bucket?: Observable
}

type Observe = (instrument: Observable, value: number, attributes: Attributes) => void

/**
 * Tells OpenTelemetry what the application counts, until what is returned is disposed of.
 *
 * @example
 * const observed = observeStreams(streams, { attributes: { 'service.name': 'word-count' } })
 * observed[Symbol.dispose]()
 */
export function observeStreams(
  streams: { readonly metrics: StreamsMetrics },
  options: ObserveOptions = {},
): Disposable {
  const { attributes = {} } = options
  const meter = options.meter ?? metrics.getMeter('millrace', packageVersion())
  const instruments = new Map(allMetrics.map((definition) => [definition, instrumentsOf(meter, definition)]))
  const callback: BatchObservableCallback = (result) => {
    for (const sample of streams.metrics.collect()) {
      const known = instruments.get(sample.definition)
      if (known !== undefined)
        observe(sample, known, attributes, (instrument, value, given) => result.observe(instrument, value, given))
    }
  }
  const all = [...instruments.values()].flatMap(({ value, sum, bucket }) => [value, sum, bucket].filter(isThere))
  meter.addBatchObservableCallback(callback, all)
  return { [Symbol.dispose]: () => meter.removeBatchObservableCallback(callback, all) }
}

function instrumentsOf(meter: Meter, definition: MetricDefinition): Instruments {
  const family = prometheusFamily(definition)
  const { type, help: description } = definition
  const unit = /_seconds(?:_|$)/.test(family) ? 's' : /_bytes(?:_|$)/.test(family) ? 'By' : undefined
  const described = { description, ...(unit !== undefined && { unit }) }
  if (type === 'gauge') return { value: meter.createObservableGauge(family, described) }
  if (type === 'counter') return { value: meter.createObservableCounter(family.replace(/_total$/, ''), described) }
  return {
    value: meter.createObservableCounter(`${family}_count`, { description }),
    sum: meter.createObservableCounter(`${family}_sum`, described),
    bucket: meter.createObservableCounter(`${family}_bucket`, { description }),
  }
}

function observe(
  { definition, tags, value, histogram }: MetricSample,
  { value: instrument, sum, bucket }: Instruments,
  common: Attributes,
  tell: Observe,
): void {
  const attributes: Attributes = { ...common }
  for (const [name, text] of Object.entries(tags)) attributes[name.replaceAll('-', '_')] = text
  if (histogram === undefined) {
    // Nothing was recorded: OpenTelemetry has no value for that.
    if (!Number.isNaN(value)) tell(instrument, value * (definition.scale ?? 1), attributes)
    return
  }
  tell(instrument, histogram.count, attributes)
  if (sum !== undefined) tell(sum, histogram.sum, attributes)
  if (bucket !== undefined) tellBuckets(bucket, histogram, attributes, tell)
}

function tellBuckets(
  bucket: Observable,
  { bounds, cumulative, count }: HistogramSnapshot,
  attributes: Attributes,
  tell: Observe,
): void {
  for (const [at, bound] of bounds.entries()) tell(bucket, cumulative[at] ?? 0, { ...attributes, le: String(bound) })
  tell(bucket, count, { ...attributes, le: '+Inf' })
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined
}

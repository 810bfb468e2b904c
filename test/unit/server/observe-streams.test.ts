import { metrics } from '@opentelemetry/api'
import type { Attributes, BatchObservableCallback, Meter, MetricOptions, Observable } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { MetricsRegistry } from '../../../src/common/metrics.ts'
import { renderPrometheus } from '../../../src/common/prometheus.ts'
import { packageVersion } from '../../../src/common/version.ts'
import { observeStreams } from '../../../src/otel.ts'
import { allMetrics, processMetrics, taskMetrics, threadMetrics } from '../../../src/runtime/metrics/catalogue.ts'

interface Instrument {
  readonly kind: 'gauge' | 'counter'
  readonly name: string
  readonly unit: string | undefined
  readonly description: string | undefined
}

/** What a meter of an SDK would be given. */
class FakeMeter {
  readonly instruments: Instrument[] = []
  readonly callbacks = new Map<BatchObservableCallback, readonly Observable[]>()

  createObservableGauge(name: string, { unit, description }: MetricOptions = {}): Observable {
    return this.#add({ kind: 'gauge', name, unit, description })
  }

  createObservableCounter(name: string, { unit, description }: MetricOptions = {}): Observable {
    return this.#add({ kind: 'counter', name, unit, description })
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.callbacks.set(callback, observables)
  }

  removeBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    expect(observables).toEqual(this.callbacks.get(callback))
    this.callbacks.delete(callback)
  }

  collect(): Map<string, { readonly value: number; readonly attributes: Attributes | undefined }[]> {
    const collected = new Map<string, { value: number; attributes: Attributes | undefined }[]>()
    for (const [callback, observables] of this.callbacks) {
      void callback({
        observe: (instrument, value, attributes) => {
          expect(observables).toContain(instrument)
          const { name } = instrument as unknown as Instrument
          collected.set(name, [...(collected.get(name) ?? []), { value, attributes }])
        },
      })
    }
    return collected
  }

  #add(instrument: Instrument): Observable {
    this.instruments.push(instrument)
    return instrument as unknown as Observable
  }
}

function observed(attributes?: Attributes): {
  readonly registry: MetricsRegistry
  readonly meter: FakeMeter
  readonly end: Disposable
} {
  const registry = new MetricsRegistry()
  const meter = new FakeMeter()
  const counted = { get: () => undefined, prometheus: () => renderPrometheus(registry), collect: () => registry }
  const end = observeStreams(
    { metrics: counted },
    { meter: meter as unknown as Meter, ...(attributes && { attributes }) },
  )
  return { registry, meter, end }
}

describe('observeStreams', () => {
  it('makes an instrument of every metric: counters without _total, units where the name has them', () => {
    const { meter } = observed()
    const names = meter.instruments.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBe(allMetrics.length + 2 * allMetrics.filter(({ type }) => type === 'histogram').length)
    const known = (wanted: string): Instrument | undefined => meter.instruments.find(({ name }) => name === wanted)
    expect(known('kafka_stream_task_process')).toMatchObject({ kind: 'counter', unit: undefined })
    expect(known('process_resident_memory_bytes')).toMatchObject({ kind: 'gauge', unit: 'By' })
    expect(known('kafka_stream_thread_blocked_time_seconds')).toMatchObject({ unit: 's' })
    expect(known('nodejs_gc_duration_seconds_sum')).toMatchObject({ kind: 'counter', unit: 's' })
    for (const part of ['bucket', 'count']) {
      expect(known(`nodejs_gc_duration_seconds_${part}`)).toMatchObject({ unit: undefined })
    }
    const told = new Set(allMetrics.map(({ help }) => help))
    expect(meter.instruments.filter(({ description }) => !told.has(description ?? ''))).toEqual([])
    expect(names.filter((name) => name.endsWith('_total'))).toEqual([])
  })

  it('tells values when a reader collects, in base units, with labels as attributes beside those given', () => {
    const { registry, meter } = observed({ environment: 'test' })
    registry.counter(taskMetrics.process, { 'thread-id': 't', 'task-id': '0_1' }).value = 7
    registry.counter(threadMetrics.blockedTime, { 'thread-id': 't' }).value = 3e9
    const collected = meter.collect()
    expect(collected.get('kafka_stream_task_process')).toEqual([
      { value: 7, attributes: { environment: 'test', thread_id: 't', task_id: '0_1' } },
    ])
    expect(collected.get('kafka_stream_thread_blocked_time_seconds')?.[0]?.value).toBe(3)
  })

  it('asks the global meter provider for a meter of this package where it is given none', () => {
    const meter = new FakeMeter()
    const asked: unknown[] = []
    const getMeter = (...of: readonly unknown[]): Meter => {
      asked.push(of.slice(0, 2))
      return meter as unknown as Meter
    }
    metrics.setGlobalMeterProvider({ getMeter })
    try {
      const registry = new MetricsRegistry()
      registry.counter(taskMetrics.process, {}).value = 7
      const given = { get: () => undefined, prometheus: () => '', collect: () => registry }
      const end = observeStreams({ metrics: given })
      expect(asked).toEqual([['millrace', packageVersion()]])
      expect(meter.collect().get('kafka_stream_task_process')?.[0]?.value).toBe(7)
      end[Symbol.dispose]()
    } finally {
      metrics.disable()
    }
  })

  it('passes by a metric that it has no instrument for', () => {
    const { registry, meter } = observed()
    registry.histogram({ ...processMetrics.gc, name: 'of-somebody-else' }, {}, [1]).observe(1, 1)
    expect(meter.collect().size).toBe(0)
  })

  it('tells a histogram as buckets, sum and count', () => {
    const { registry, meter } = observed()
    registry.histogram(processMetrics.gc, { kind: 'major' }, [1, 2]).observe(1.5, 2)
    const collected = meter.collect()
    const buckets = collected.get('nodejs_gc_duration_seconds_bucket')
    expect(buckets?.map(({ value, attributes }) => [attributes?.['le'], value])).toEqual([
      ['1', 0],
      ['2', 2],
      ['+Inf', 2],
    ])
    expect(collected.get('nodejs_gc_duration_seconds_sum')?.[0]?.value).toBe(3)
    expect(collected.get('nodejs_gc_duration_seconds_count')?.[0]?.value).toBe(2)
  })

  it('tells nothing where nothing was recorded, and nothing after its end', () => {
    const { registry, meter, end } = observed()
    registry.stat(taskMetrics.lateness, {})
    registry.counter(taskMetrics.process, {})
    expect([...meter.collect().keys()].toSorted()).toEqual([
      'kafka_stream_task_process',
      'kafka_stream_task_process_rate',
    ])
    end[Symbol.dispose]()
    expect(meter.collect().size).toBe(0)
  })
})

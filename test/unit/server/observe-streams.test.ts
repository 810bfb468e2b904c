import type { Attributes, BatchObservableCallback, Meter, Observable } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { MetricsRegistry } from '../../../src/common/metrics.ts'
import { renderPrometheus } from '../../../src/common/prometheus.ts'
import { observeStreams } from '../../../src/otel.ts'
import { allMetrics, processMetrics, taskMetrics, threadMetrics } from '../../../src/runtime/metrics/catalogue.ts'

interface Instrument {
  readonly kind: 'gauge' | 'counter'
  readonly name: string
  readonly unit: string | undefined
}

/** What a meter of an SDK would be given. */
class FakeMeter {
  readonly instruments: Instrument[] = []
  readonly callbacks = new Map<BatchObservableCallback, readonly Observable[]>()

  createObservableGauge(name: string, { unit }: { unit?: string } = {}): Observable {
    return this.#add({ kind: 'gauge', name, unit })
  }

  createObservableCounter(name: string, { unit }: { unit?: string } = {}): Observable {
    return this.#add({ kind: 'counter', name, unit })
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.callbacks.set(callback, observables)
  }

  removeBatchObservableCallback(callback: BatchObservableCallback): void {
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
  const metrics = { get: () => undefined, prometheus: () => renderPrometheus(registry), collect: () => registry }
  const end = observeStreams({ metrics }, { meter: meter as unknown as Meter, ...(attributes && { attributes }) })
  return { registry, meter, end }
}

describe('observeStreams', () => {
  it('makes an instrument of every metric: counters without _total, units where the name has them', () => {
    const { meter } = observed()
    const names = meter.instruments.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBe(allMetrics.length + 2 * allMetrics.filter(({ type }) => type === 'histogram').length)
    expect(meter.instruments).toContainEqual({ kind: 'counter', name: 'kafka_stream_task_process', unit: undefined })
    expect(meter.instruments).toContainEqual({ kind: 'gauge', name: 'process_resident_memory_bytes', unit: 'By' })
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

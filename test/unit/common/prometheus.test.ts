import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MetricsRegistry, type MetricDefinition } from '../../../src/common/metrics.ts'
import { renderInTurns, renderPrometheus } from '../../../src/common/prometheus.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function defined(group: string, name: string, type: MetricDefinition['type'], more: object = {}): MetricDefinition {
  return { group, name, type, help: `What ${name} says.`, ...more }
}

const dropped = defined('stream-task-metrics', 'dropped-records-total', 'counter')

describe('renderPrometheus', () => {
  it('names families as the exporters of Kafka Streams do, with one line of help and type each, in order of name', () => {
    const registry = new MetricsRegistry()
    registry.observe(defined('stream-task-metrics', 'buffered-records', 'gauge'), { 'task-id': '0_0' }, () => 7)
    registry.counter(dropped, { 'task-id': '0_1' }).value = 2
    registry.counter(dropped, { 'task-id': '0_0' }).value = 1
    registry.observe(defined('stream-metrics', 'alive', 'gauge'), {}, () => 1)
    expect(renderPrometheus(registry)).toBe(
      [
        '# HELP kafka_stream_alive What alive says.',
        '# TYPE kafka_stream_alive gauge',
        'kafka_stream_alive 1',
        '# HELP kafka_stream_task_buffered_records What buffered-records says.',
        '# TYPE kafka_stream_task_buffered_records gauge',
        'kafka_stream_task_buffered_records{task_id="0_0"} 7',
        '# HELP kafka_stream_task_dropped_records_total What dropped-records-total says.',
        '# TYPE kafka_stream_task_dropped_records_total counter',
        'kafka_stream_task_dropped_records_total{task_id="0_1"} 2',
        'kafka_stream_task_dropped_records_total{task_id="0_0"} 1',
        '',
      ].join('\n'),
    )
  })

  it('gives a definition its own family and its base unit', () => {
    const registry = new MetricsRegistry()
    const definition = defined('g', 'blocked-time-ns-total', 'counter', {
      family: 'blocked_seconds_total',
      scale: 1e-9,
    })
    registry.counter(definition).value = 2_500_000_000
    expect(renderPrometheus(registry)).toContain('\nblocked_seconds_total 2.5\n')
    expect(registry.get('blocked-time-ns-total')).toBe(2_500_000_000)
  })

  it('writes the buckets of a histogram one above the other, then sum and count', () => {
    const registry = new MetricsRegistry()
    const histogram = registry.histogram(
      defined('g', 'took', 'histogram', { family: 'took_seconds' }),
      { phase: 'cut' },
      [1, 2],
    )
    histogram.observe(0.5)
    histogram.observe(1)
    histogram.observe(1.5, 2)
    histogram.observe(7)
    expect(renderPrometheus(registry).split('\n').slice(2)).toEqual([
      'took_seconds_bucket{phase="cut",le="1"} 2',
      'took_seconds_bucket{phase="cut",le="2"} 4',
      'took_seconds_bucket{phase="cut",le="+Inf"} 5',
      'took_seconds_sum{phase="cut"} 11.5',
      'took_seconds_count{phase="cut"} 5',
      '',
    ])
  })

  it('escapes what a label and a help text may not hold', () => {
    const registry = new MetricsRegistry()
    const definition = { ...defined('g', 'n', 'gauge'), help: 'one\ntwo\\three' }
    registry.observe(definition, { topic: 'a"b\\c\nd' }, () => 0)
    expect(renderPrometheus(registry)).toContain('kafka_g_n{topic="a\\"b\\\\c\\nd"} 0\n')
    expect(renderPrometheus(registry)).toContain('# HELP kafka_g_n one\\ntwo\\\\three\n')
  })

  it('adds up what is told twice with the same labels, and writes what is not a number as Prometheus does', () => {
    const registry = new MetricsRegistry()
    registry.counter(dropped, { 'task-id': '0_0' }).value = 1
    registry.counter(dropped, { 'task-id': '0_0' }).value = 2
    registry.observe(defined('g', 'none', 'gauge'), {}, () => Number.NaN)
    expect(renderPrometheus(registry)).toContain('kafka_stream_task_dropped_records_total{task_id="0_0"} 3\n')
    expect(renderPrometheus(registry)).toContain('kafka_g_none NaN\n')
  })

  it('renders nothing of what was disposed', () => {
    const registry = new MetricsRegistry()
    registry.counter(dropped)[Symbol.dispose]()
    expect(renderPrometheus(registry)).toBe('')
  })
})

describe('renderInTurns', () => {
  function filled(): MetricsRegistry {
    const registry = new MetricsRegistry()
    for (let task = 0; task < 5000; task++) registry.counter(dropped, { 'task-id': `0_${task}` }).value = task
    registry.histogram(defined('g', 'took', 'histogram'), { phase: 'cut' }, [1, 2]).observe(1)
    return registry
  }

  it('writes what is written at once, and gives the event loop its turn every few samples and lines', async () => {
    let nowMs = 0
    let turns = 0
    // Every look at the clock takes a millisecond.
    const clock = { now: () => nowMs++, yieldTurn: async () => void turns++ }
    const registry = filled()
    expect(await renderInTurns(registry, clock)).toBe(renderPrometheus(registry))
    expect(turns).toBeGreaterThan(5000 / 32 / 11)
  })

  it('leaves out what goes meanwhile, and tells nothing beside what it has replaced', async () => {
    const registry = new MetricsRegistry()
    const size = defined('g', 'size', 'gauge')
    const own = Array.from({ length: 1000 }, (_, task) => registry.observe(size, { task: `${task}` }, () => 1))
    let nowMs = 0
    const yieldTurn = async (): Promise<void> => {
      for (const [task, shown] of own.splice(0).entries()) {
        shown[Symbol.dispose]()
        registry.observe(size, { task: `${task}` }, () => 1)
      }
    }
    const text = await renderInTurns(registry, { now: () => (nowMs += 10), yieldTurn })
    const samples = text.split('\n').filter((line) => line.startsWith('kafka_g_size{'))
    expect(samples).toHaveLength(32)
    expect(samples.filter((line) => !line.endsWith(' 1'))).toEqual([])
    expect(renderPrometheus(registry).split('\n')).toHaveLength(1003)
  })
})

describe('MetricsRegistry', () => {
  const rated = {
    ...dropped,
    type: 'counter' as const,
    rate: defined('stream-task-metrics', 'dropped-records-rate', 'gauge'),
  }

  it('gives a rate of the last 30 to 60 seconds, whoever reads in between', async () => {
    const clock = new ManualClock()
    const registry = new MetricsRegistry(clock)
    const counter = registry.counter(rated)
    counter.value += 100
    await clock.advance(10_000)
    expect(registry.get('dropped-records-rate')).toBe(10)
    await clock.advance(20_000)
    registry.roll(clock.now())
    await clock.advance(30_000)
    registry.roll(clock.now())
    // What came in the first window is not in it any more.
    await clock.advance(30_000)
    expect(registry.get('dropped-records-rate')).toBe(0)
    counter.value += 60
    expect(registry.get('dropped-records-rate')).toBe(2)
  })

  it('says nothing of less than a second', () => {
    const registry = new MetricsRegistry(new ManualClock())
    registry.counter(rated).value += 5
    expect(registry.get('dropped-records-rate')).toBe(5)
  })

  it('keeps average, highest and lowest of two windows, and NaN where nothing was recorded', async () => {
    const clock = new ManualClock()
    const registry = new MetricsRegistry(clock)
    const part = (suffix: string): MetricDefinition => defined('g', `latency-${suffix}`, 'gauge')
    const stat = registry.stat({ avg: part('avg'), max: part('max'), min: part('min') }, {})
    const read = (): (number | undefined)[] => ['avg', 'max', 'min'].map((name) => registry.get(`latency-${name}`))
    expect(read()).toEqual([NaN, NaN, NaN])
    stat.record(10)
    await clock.advance(30_000)
    registry.roll(clock.now())
    stat.recordMany(3, 6, 1, 3)
    expect(read()).toEqual([4, 10, 1])
    await clock.advance(30_000)
    expect(read()).toEqual([2, 3, 1])
  })

  it('sums what has the tags that are asked for, also of what comes and goes', () => {
    const registry = new MetricsRegistry()
    registry.observeAll(defined('g', 'lag', 'gauge'), () => [
      { tags: { topic: 'a', partition: '0' }, value: 1 },
      { tags: { topic: 'a', partition: '1' }, value: 2 },
      { tags: { topic: 'b', partition: '0' }, value: 4 },
    ])
    expect(registry.get('lag')).toBe(7)
    expect(registry.get('lag', { topic: 'a' })).toBe(3)
    expect(registry.get('lag', { topic: 'c' })).toBeUndefined()
  })
})

describe('A label', () => {
  it('that is no Unicode is the same as another one, as it is when it is written', () => {
    const registry = new MetricsRegistry()
    for (const topic of ['\uD800', '\uD801']) registry.counter(dropped, { topic }).value = 1
    expect(renderPrometheus(registry)).toMatch(/\n[a-z_]+\{topic="\uFFFD"\} 2\n$/)
  })

  it('has one line, whatever its value, and no two lines have the same labels', () => {
    const hostile = fc.array(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\n', '\r', '}', '\uD800', '\uDC01')),
    )
    const value = hostile.map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const registry = new MetricsRegistry()
        for (const one of values) registry.counter(dropped, { topic: one }).value = 1
        const lines = Buffer.from(renderPrometheus(registry)).toString().split('\n').slice(2, -1)
        const counts = lines.map((line) => {
          const [, labels, count] =
            /^kafka_stream_task_dropped_records_total\{(topic="(?:[^"\\]|\\["\\n])*")\} (\d+)$/s.exec(line) ?? []
          return [labels, Number(count)] as const
        })
        expect(new Set(counts.map(([labels]) => labels)).size).toBe(lines.length)
        expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBe(values.length)
      }),
    )
  })
})

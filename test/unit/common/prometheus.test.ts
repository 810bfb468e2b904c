import { describe, expect, it } from 'vitest'
import { MetricsRegistry } from '../../../src/common/metrics.ts'
import { renderPrometheus } from '../../../src/common/prometheus.ts'

describe('renderPrometheus', () => {
  it('names families as the exporters of Kafka Streams do, one type line each, in order of name', () => {
    const registry = new MetricsRegistry()
    registry.gauge('stream-task-metrics', 'buffered-records', { 'task-id': '0_0' }, () => 7)
    registry.counter('stream-task-metrics', 'dropped-records-total', { 'task-id': '0_1' }).value = 2
    registry.counter('stream-task-metrics', 'dropped-records-total', { 'task-id': '0_0' }).value = 1
    registry.gauge('stream-metrics', 'alive', {}, () => 1)
    expect(renderPrometheus(registry)).toBe(
      [
        '# TYPE kafka_stream_alive gauge',
        'kafka_stream_alive 1',
        '# TYPE kafka_stream_task_buffered_records gauge',
        'kafka_stream_task_buffered_records{task_id="0_0"} 7',
        '# TYPE kafka_stream_task_dropped_records_total counter',
        'kafka_stream_task_dropped_records_total{task_id="0_1"} 2',
        'kafka_stream_task_dropped_records_total{task_id="0_0"} 1',
        '',
      ].join('\n'),
    )
  })

  it('escapes what a label may not hold', () => {
    const registry = new MetricsRegistry()
    registry.gauge('g', 'n', { topic: 'a"b\\c\nd' }, () => 0)
    expect(renderPrometheus(registry)).toContain('kafka_g_n{topic="a\\"b\\\\c\\nd"} 0\n')
  })

  it('renders nothing of what was disposed', () => {
    const registry = new MetricsRegistry()
    registry.counter('g', 'n')[Symbol.dispose]()
    expect(renderPrometheus(registry)).toBe('')
  })
})

/**
 * The registry as Prometheus text. Names follow the exporters that existing Kafka Streams dashboards were made for:
 * group `stream-task-metrics` and name `dropped-records-total` become `kafka_stream_task_dropped_records_total`.
 */
import type { MetricsRegistry, Tags } from './metrics.ts'

export function renderPrometheus(registry: MetricsRegistry): string {
  const families = new Map<string, string[]>()
  for (const { group, name, tags, value } of registry) {
    const family = familyName(group, name)
    const lines = families.get(family) ?? []
    lines.push(`${family}${labels(tags)} ${value}`)
    families.set(family, lines)
  }
  return [...families]
    .toSorted(([one], [two]) => (one < two ? -1 : 1))
    .map(
      ([family, lines]) => `# TYPE ${family} ${family.endsWith('_total') ? 'counter' : 'gauge'}\n${lines.join('\n')}\n`,
    )
    .join('')
}

function familyName(group: string, name: string): string {
  return `kafka_${group.replace(/-metrics$/, '')}_${name}`.replace(/[^A-Za-z0-9_]/g, '_')
}

function labels(tags: Tags): string {
  const pairs = Object.entries(tags).map(([name, value]) => `${name.replace(/[^A-Za-z0-9_]/g, '_')}="${escape(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

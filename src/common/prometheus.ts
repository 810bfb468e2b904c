/**
 * The registry as Prometheus text (exposition format 0.0.4). Names follow the exporters that existing Kafka Streams
 * dashboards were made for: group `stream-task-metrics` and name `dropped-records-total` become
 * `kafka_stream_task_dropped_records_total`, tags with underscores. A definition may name another family.
 */
import type { HistogramSnapshot } from './histogram.ts'
import type { MetricDefinition, MetricSample, Tags } from './metrics.ts'

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

interface Series {
  value: number
  histogram: HistogramSnapshot | undefined
}

interface Family {
  readonly definition: MetricDefinition
  /** By labels: what is told twice is added up, because a text that has a line twice is refused as a whole. */
  readonly series: Map<string, Series>
}

export function renderPrometheus(samples: Iterable<MetricSample>): string {
  const families = new Map<string, Family>()
  for (const { definition, tags, value, histogram } of samples) {
    const name = prometheusFamily(definition)
    let family = families.get(name)
    if (family === undefined) families.set(name, (family = { definition, series: new Map() }))
    const labels = labelsOf(tags)
    const scaled = value * (definition.scale ?? 1)
    const known = family.series.get(labels)
    if (known === undefined) family.series.set(labels, { value: scaled, histogram })
    else known.value += scaled
  }
  return [...families]
    .toSorted(([one], [two]) => (one < two ? -1 : 1))
    .map(([name, family]) => renderFamily(name, family))
    .join('')
}

export function prometheusFamily({ family, group, name }: MetricDefinition): string {
  return family ?? `kafka_${group.replace(/-metrics$/, '')}_${name}`.replaceAll(/[^A-Za-z0-9_]/g, '_')
}

function renderFamily(name: string, { definition, series }: Family): string {
  const lines = [
    `# HELP ${name} ${definition.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${definition.type}`,
  ]
  for (const [labels, { value, histogram }] of series) {
    if (histogram === undefined) lines.push(`${name}${braced(labels)} ${numberText(value)}`)
    else lines.push(...histogramLines(name, labels, histogram))
  }
  return `${lines.join('\n')}\n`
}

function histogramLines(name: string, labels: string, { bounds, cumulative, count, sum }: HistogramSnapshot): string[] {
  const bucket = (bound: string, value: number): string =>
    `${name}_bucket${braced([labels, `le="${bound}"`].filter((part) => part !== '').join(','))} ${value}`
  return [
    ...bounds.map((bound, index) => bucket(String(bound), cumulative[index] ?? 0)),
    bucket('+Inf', count),
    `${name}_sum${braced(labels)} ${numberText(sum)}`,
    `${name}_count${braced(labels)} ${count}`,
  ]
}

function labelsOf(tags: Tags): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name.replaceAll(/[^A-Za-z0-9_]/g, '_')}="${escape(value)}"`)
    .join(',')
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}

/** Halves of characters would all be written alike, and two lines with the same labels have the whole text refused. */
function escape(value: string): string {
  return value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/**
 * The registry as Prometheus text (exposition format 0.0.4). Names follow the exporters that existing Kafka Streams
 * dashboards were made for: group `stream-task-metrics` and name `dropped-records-total` become
 * `kafka_stream_task_dropped_records_total`, tags with underscores. A definition may name another family.
 */
import type { Clock } from './clock.ts'
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

/** Of `renderInTurns`: a thousand tasks have fifty thousand samples. */
const sliceMs = 10
const stepsPerLook = 32
const linesPerStep = 16

export function renderPrometheus(samples: Iterable<MetricSample>): string {
  const steps = rendering(samples)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** As `renderPrometheus`, in slices of about 10 ms between which the event loop has its turn. */
export async function renderInTurns(
  samples: Iterable<MetricSample>,
  clock: Pick<Clock, 'now' | 'yieldTurn'>,
): Promise<string> {
  const steps = rendering(samples)
  let endMs = clock.now() + sliceMs
  for (let taken = 1; ; taken++) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (taken % stepsPerLook !== 0 || clock.now() < endMs) continue
    await clock.yieldTurn()
    endMs = clock.now() + sliceMs
  }
}

/** Stops after every sample and after every so many lines. */
function* rendering(samples: Iterable<MetricSample>): Generator<undefined, string> {
  const families = new Map<string, Family>()
  for (const sample of samples) {
    add(sample, families)
    yield
  }
  const parts: string[] = []
  for (const [name, family] of [...families].toSorted(([one], [two]) => (one < two ? -1 : 1))) {
    for (const lines of renderFamily(name, family)) {
      parts.push(`${lines.join('\n')}\n`)
      yield
    }
  }
  return parts.join('')
}

function add({ definition, tags, value, histogram }: MetricSample, families: Map<string, Family>): void {
  const name = prometheusFamily(definition)
  let family = families.get(name)
  if (family === undefined) families.set(name, (family = { definition, series: new Map() }))
  const labels = labelsOf(tags)
  const scaled = value * (definition.scale ?? 1)
  const known = family.series.get(labels)
  if (known === undefined) family.series.set(labels, { value: scaled, histogram })
  else known.value += scaled
}

export function prometheusFamily({ family, group, name }: MetricDefinition): string {
  return family ?? plainName(`kafka_${group.endsWith('-metrics') ? group.slice(0, -'-metrics'.length) : group}_${name}`)
}

/** Names are those of definitions and of their tags: few, and asked for with every sample. */
const plainNames = new Map<string, string>()
const plainNamesMax = 1000

function plainName(name: string): string {
  let plain = plainNames.get(name)
  if (plain === undefined) {
    plain = name.replaceAll(/[^A-Za-z0-9_]/g, '_')
    if (plainNames.size < plainNamesMax) plainNames.set(name, plain)
  }
  return plain
}

function* renderFamily(name: string, { definition, series }: Family): Generator<readonly string[]> {
  let lines = [
    `# HELP ${name} ${definition.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${definition.type}`,
  ]
  for (const [labels, { value, histogram }] of series) {
    if (histogram === undefined) lines.push(`${name}${braced(labels)} ${numberText(value)}`)
    else lines.push(...histogramLines(name, labels, histogram))
    if (lines.length < linesPerStep) continue
    yield lines
    lines = []
  }
  if (lines.length > 0) yield lines
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
    .map(([name, value]) => `${plainName(name)}="${escape(value)}"`)
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
  if (/^[\w.:/ -]*$/.test(value)) return value
  return value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/** The tables of a set of runs, in Markdown: minimum, median and maximum, and how often ours is as good as Java's. */

export interface BenchRun {
  readonly name: string
  readonly kind: string
  readonly side: string
  readonly result: Readonly<Record<string, number | string | null | undefined>>
}

interface Column {
  readonly title: string
  readonly field: string
  /** What is printed is the figure divided by it. */
  readonly unit?: number
  readonly digits?: number
}

const columns: Readonly<Record<string, readonly Column[]>> = {
  throughput: [
    { title: 'k records per CPU-s', field: 'recordsPerCpuS', unit: 1000 },
    { title: 'warm half', field: 'secondHalfRecordsPerCpuS', unit: 1000 },
    { title: 'k records per s', field: 'recordsPerS', unit: 1000 },
    { title: 'warm half', field: 'secondHalfRecordsPerS', unit: 1000 },
    { title: 'RSS, MiB', field: 'maxRssMb' },
    { title: 'broker CPU s', field: 'brokerCpuS', digits: 1 },
    { title: 'other CPU s', field: 'otherCpuS', digits: 1 },
  ],
  latency: [
    { title: 'p50 ms', field: 'p50Ms' },
    { title: 'p90', field: 'p90Ms' },
    { title: 'p99', field: 'p99Ms' },
    { title: 'p99.9', field: 'p999Ms' },
    { title: 'max', field: 'maxMs' },
    { title: 'CPU s', field: 'steadyCpuS', digits: 1 },
    { title: 'RSS, MiB', field: 'maxRssMb' },
  ],
  startup: [
    { title: 'to the first output, ms', field: 'launchToFirstOutputMs' },
    { title: 'idle RSS, MiB', field: 'idleRssMb' },
    { title: 'idle CPU, % of a core', field: 'idleCpuPercent', digits: 2 },
  ],
}

export function report(runs: readonly BenchRun[]): string {
  return Object.keys(columns)
    .map((kind) => runs.filter((run) => run.kind === kind))
    .filter((found) => found.length > 0)
    .map(table)
    .join('\n\n')
}

function table(runs: readonly BenchRun[]): string {
  const kind = runs[0]?.kind ?? ''
  const shown = columns[kind] ?? []
  const isThroughput = kind === 'throughput'
  const ratio = isThroughput ? ' ours/Java per CPU-s (warm) |' : ''
  const lines = [
    `| Case | Side | Runs | ${shown.map(({ title }) => title).join(' | ')} |${ratio}`,
    `| --- | --- | --- | ${shown.map(() => '---').join(' | ')} |${isThroughput ? ' --- |' : ''}`,
  ]
  for (const [name, ofCase] of groups(runs, (run) => run.name)) {
    const ours = ofCase.filter(({ side }) => side === 'millrace')
    for (const [side, ofSide] of groups(ofCase, (run) => run.side)) {
      const cells = shown.map((column) => cell(ofSide, column)).join(' | ')
      const times = isThroughput ? ` ${side === 'millrace' ? '' : ratios(ours, ofSide)} |` : ''
      lines.push(`| ${name} | ${side} | ${ofSide.length} | ${cells} |${times}`)
    }
  }
  return lines.join('\n')
}

function groups(runs: readonly BenchRun[], by: (run: BenchRun) => string): Map<string, BenchRun[]> {
  const found = new Map<string, BenchRun[]>()
  for (const run of runs) found.set(by(run), [...(found.get(by(run)) ?? []), run])
  return found
}

function figures(runs: readonly BenchRun[], field: string): number[] {
  const found = runs.map(({ result }) => result[field]).filter((value) => typeof value === 'number')
  return found.toSorted((one, two) => one - two)
}

function median(values: readonly number[]): number {
  return ((values[(values.length - 1) >> 1] ?? Number.NaN) + (values[values.length >> 1] ?? Number.NaN)) / 2
}

function cell(runs: readonly BenchRun[], { field, unit = 1, digits = 0 }: Column): string {
  const found = figures(runs, field)
  if (found.length === 0) return ''
  const text = (value: number): string => (value / unit).toFixed(digits)
  return `${text(found[0] ?? 0)} / **${text(median(found))}** / ${text(found.at(-1) ?? 0)}`
}

function ratios(ours: readonly BenchRun[], theirs: readonly BenchRun[]): string {
  const times = (field: string): string => (median(figures(ours, field)) / median(figures(theirs, field))).toFixed(1)
  return `${times('recordsPerCpuS')} (${times('secondHalfRecordsPerCpuS')})`
}

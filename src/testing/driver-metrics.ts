/**
 * What a test driver tells of its metrics: sums over all tasks. A name or a tag that nothing can have is refused, since
 * the 0 that a test would get for a misspelt one looks like the answer.
 */
import type { MetricSample, MetricsRegistry, Tags } from '../common/metrics.ts'
import { TestingError } from '../errors/testing-error.ts'
import { dropReasons } from '../processor/drop-reason.ts'

/** So many values of a tag are told; there may be a thousand tasks. */
const toldMax = 20

/** The reasons for which something may be dropped are counted from the first time on. */
const reasons = Object.keys(dropReasons)

/** `isEmpty`: there is no task yet, so that nobody knows what there will be. */
export function metricOf(metrics: MetricsRegistry, name: string, tags: Tags, isEmpty: boolean): number {
  const samples = [...metrics].filter(({ definition }) => definition.name === name)
  const found = outermost(samples.filter((sample) => includes(sample.tags, tags)))
  if (found.length > 0) return found.reduce((sum, { value }) => sum + value, 0)
  if (isEmpty) return 0
  if (samples.length === 0) refuseName(metrics, name)
  const { reason, ...others } = tags
  const isKnownReason = reason !== undefined && reasons.includes(reason)
  const isCounted = samples.some((sample) => 'reason' in sample.tags && includes(sample.tags, others))
  if (isKnownReason && isCounted) return 0
  refuseTags(name, tags, samples)
}

/** A name may be that of a task's figure and of those of its nodes or stores, which are parts of it. */
function outermost(samples: readonly MetricSample[]): readonly MetricSample[] {
  const fewest = Math.min(...samples.map(({ tags }) => Object.keys(tags).length))
  return samples.filter(({ tags }) => Object.keys(tags).length === fewest)
}

function includes(tags: Tags, wanted: Tags): boolean {
  return Object.entries(wanted).every(([name, value]) => tags[name] === value)
}

function refuseName(metrics: MetricsRegistry, name: string): never {
  const names = [...new Set([...metrics].map(({ definition }) => definition.name))].toSorted().join(', ')
  throw new TestingError('MILLRACE_TEST_METRIC_UNKNOWN', `nobody counts a metric '${name}'; there are: ${names}`)
}

function refuseTags(name: string, tags: Tags, samples: readonly MetricSample[]): never {
  const asked = Object.entries(tags).map(([tag, value]) => `${tag} '${value}'`)
  const known = [...valuesByTag(samples)].map(([tag, values]) => `${tag}: ${told([...values])}`)
  throw new TestingError(
    'MILLRACE_TEST_METRIC_UNKNOWN',
    `metric ${name} has nothing with ${asked.join(' and ')}; its tags and their values are: ${known.join('; ')}`,
  )
}

function valuesByTag(samples: readonly MetricSample[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byTag = new Map<string, Set<string>>()
  for (const { tags } of samples) {
    for (const [tag, value] of Object.entries(tags)) {
      const values = byTag.get(tag) ?? new Set(tag === 'reason' ? reasons : [])
      // It is that of the zero with which counting begins.
      if (!(tag === 'reason' && value === 'none')) values.add(value)
      byTag.set(tag, values)
    }
  }
  return byTag
}

function told(values: readonly string[]): string {
  const shown = values.slice(0, toldMax).join(', ')
  return values.length > toldMax ? `${shown} and ${values.length - toldMax} more` : shown
}

/**
 * The three most viewed pages of every minute. Views are counted by page, on as many instances as there are; what a
 * minute has come to, one record for each page, is then brought together and ranked.
 */
import { defineTopology, serdes, tumbling, type Window } from 'millrace'
import { byItsTime, jsonOf } from '../json-of.ts'

export const view = jsonOf({ page: 'text', at: 'time' })

interface Ranked {
  readonly page: string
  readonly views: number
}
const ranked = serdes.json<Ranked>()
export const ranking = serdes.json<readonly Ranked[]>()
const topMax = 3

function minuteOf({ start }: Window): string {
  return new Date(start).toISOString()
}

/** Pages with equally many views in the order of their names: the same result, in whatever order they came. */
function ranksFirst(one: Ranked, two: Ranked): number {
  return two.views - one.views || (one.page < two.page ? -1 : 1)
}

export default defineTopology(
  'top-pages',
  (builder) => {
    const key = serdes.string
    builder
      .stream('page-views', {
        key,
        value: view,
        name: 'read-views',
        timestampExtractor: byItsTime,
        onDeserializationError: 'skip',
      })
      .groupBy(({ page }) => page, { key, value: view, name: 'by-page' })
      // Browsers report views at once; ten seconds are enough for a slow network.
      .windowedBy(tumbling({ size: '1m', grace: '10s' }))
      .count({ name: 'count-views', store: 'views-per-minute' })
      // One result for each page and minute. With one for each view the ranking would see nearly all traffic.
      .suppress({ until: 'windowCloses', name: 'final-counts' })
      .toStream({ name: 'counts-as-stream' })
      .map((views, { key: page, window }): [string, Ranked] => [minuteOf(window), { page, views: views ?? 0 }], {
        name: 'to-minute',
      })
      .groupByKey({ key, value: ranked, name: 'by-minute' })
      // Partitions with few views close their minutes late. What comes hours later changes a ranking that nobody reads.
      .windowedBy(tumbling({ size: '1m', grace: '1h' }))
      .aggregate(
        (): readonly Ranked[] => [],
        (top, one) => [...top, one].toSorted(ranksFirst).slice(0, topMax),
        { name: 'rank-pages', store: 'top-per-minute', value: ranking },
      )
      .toStream({ name: 'rankings-as-stream' })
      .selectKey((_, minute) => minute.key, { name: 'minute-as-key' })
      .to('top-pages', { key, value: ranking, name: 'write-rankings' })
  },
  { naming: 'explicit' },
)

/**
 * What became of every ad that was shown: clicked within ten minutes, or ignored. A click without an ad that was shown is
 * suspicious. An outer join of two streams, whose records without a partner come when none can come any more.
 */
import { defineTopology, joinWithin, serdes } from 'millrace'
import { byItsTime, jsonOf } from '../json-of.ts'

export const impression = jsonOf({ ad: 'text', at: 'time' })
export const click = jsonOf({ user: 'text', at: 'time' })

interface Outcome {
  readonly ad: string | null
  readonly user: string | null
}
export const outcome = serdes.json<Outcome>()

export default defineTopology(
  'clicks-and-impressions',
  (builder) => {
    const source = { key: serdes.string, timestampExtractor: byItsTime, onDeserializationError: 'skip' } as const
    const impressions = builder.stream('impressions', { ...source, value: impression, name: 'read-impressions' })
    const clicks = builder.stream('clicks', { ...source, value: click, name: 'read-clicks' })

    const output = { key: serdes.string, value: outcome }
    impressions
      .outerJoin(
        clicks,
        (shown, clicked): Outcome => ({ ad: shown?.ad ?? null, user: clicked?.user ?? null }),
        // A click comes after its impression, but may be reported first: a minute of grace is for that. Both sides are
        // kept for 11 minutes, so that memory grows with the traffic of so long and no further.
        joinWithin({ before: 0, after: '10m', grace: '1m' }),
        { name: 'match', store: 'match' },
      )
      .split({ name: 'ads-' })
      .branch(({ ad }) => ad === null, {
        name: 'suspicious',
        withConsumer: (suspicious) => suspicious.to('suspicious-clicks', { ...output, name: 'write-suspicious' }),
      })
      .branch(({ user }) => user === null, {
        name: 'ignored',
        withConsumer: (ignored) => ignored.to('ignored-ads', { ...output, name: 'write-ignored' }),
      })
      .defaultBranch({
        name: 'clicked',
        withConsumer: (clicked) => clicked.to('clicked-ads', { ...output, name: 'write-clicked' }),
      })
  },
  { naming: 'explicit' },
)

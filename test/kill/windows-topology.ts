/**
 * What the instances of a kill test run with `--topology windows`: events of users, counted by window and by session, as
 * they go and when a window closes, and joined with each other; and, behind a repartition topic, counted by their kind.
 */
import { defineTopology, joinWithin, serdes, session, tumbling } from 'millrace'
import type { Windowed } from 'millrace'
import { eventTimes, isOfTheLeft, kindOf } from './events.ts'

const strings = { key: serdes.string, value: serdes.string }
const counts = { key: serdes.string, value: serdes.int64 }
const { windowMs, gapMs, withinMs, graceMs, kindWindowMs, kindGraceMs } = eventTimes

export default defineTopology(
  'kill-test',
  (builder) => {
    const events = builder.stream('events', strings)
    const byUser = events.groupByKey(strings)

    const windows = byUser.windowedBy(tumbling({ size: windowMs, grace: graceMs })).count({ store: 'windows' })
    windows.toStream((_, windowed) => nameOf(windowed)).to('window-counts', counts)
    windows
      .suppress({ until: 'windowCloses', name: 'closed' })
      .toStream((_, windowed) => nameOf(windowed))
      .to('final-counts', counts)

    byUser
      .windowedBy(session({ gap: gapMs, grace: graceMs }))
      .count({ store: 'sessions' })
      .toStream((_, windowed) => `${nameOf(windowed)}-${windowed.window.end}`)
      .to('session-counts', counts)

    const left = events.filter(isOfTheLeft)
    const right = events.filterNot(isOfTheLeft)
    const within = joinWithin({ difference: withinMs, grace: graceMs })
    const joined = { ...strings, otherValue: serdes.string }
    left.join(right, (one, other) => `${one}+${other}`, within, { ...joined, store: 'pairs' }).to('pairs', strings)
    left
      .outerJoin(right, (one, other) => `${one ?? ''}+${other ?? ''}`, within, { ...joined, store: 'outer' })
      .to('outer', strings)

    events
      .groupBy((value) => kindOf(value), strings)
      .windowedBy(tumbling({ size: kindWindowMs, grace: kindGraceMs }))
      .count({ store: 'kinds' })
      .toStream((_, windowed) => nameOf(windowed))
      .to('kind-counts', counts)
  },
  { sessionTimeoutMs: 6000 },
)

function nameOf({ key, window }: Windowed<string>): string {
  return `${key}@${window.start}`
}

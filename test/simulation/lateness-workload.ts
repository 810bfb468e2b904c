/**
 * Windows that close while the application runs, with records that are late: final counts, sessions, and an outer join
 * that gives records up. Stream time decides, so what is right follows from the order of the input in each partition.
 */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { joinWithin, session, tumbling } from '../../src/dsl/windows.ts'
import type { Windowed } from '../../src/serde/windowed.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { joinTruth, sessionTruth, windowTruth, type PartitionEvents } from '../support/event-truth.ts'
import { applicationId, type Logs, type Workload } from './workloads.ts'

const sizeMs = 60_000
const gapMs = 12_000
const withinMs = 18_000
const graceMs = 45_000

const strings = { key: serdes.string, value: serdes.string }
const counts = { key: serdes.string, value: serdes.int64 }

export const lateness: Workload = {
  name: 'lateness',
  wordsPerRecord: [1],
  countTopic: 'out',
  changelog: `${applicationId}-counts-changelog`,
  repartitionTopics: [],
  copyTopic: 'copy',
  // Late enough for every part, or for none: between them it would matter when the throttle of the join lets go.
  times: { agesMs: [0, 0, 0, 0, 9000, 30_000, 900_000], speed: 300 },
  more: {
    topics: ['windows', 'finals', 'sessions', 'outer'],
    check: (logs, exact) => (exact ? checkAll(logs) : []),
  },
  build: () => {
    const builder = new StreamsBuilder()
    const input = builder.stream('in', strings)
    input.to('copy')
    const grouped = input.groupByKey()
    grouped.count({ store: 'counts' }).toStream().to('out', counts)
    const windows = grouped.windowedBy(tumbling({ size: sizeMs, grace: graceMs })).count({ store: 'windows' })
    windows.toStream((_count, windowed) => name(windowed)).to('windows', counts)
    windows
      .suppress({ until: 'windowCloses', name: 'closed' })
      .toStream((_count, windowed) => name(windowed))
      .to('finals', counts)
    grouped
      .windowedBy(session({ gap: gapMs, grace: graceMs }))
      .count({ store: 'sessions' })
      .toStream((_count, windowed) => `${name(windowed)}-${windowed.window.end}`)
      .to('sessions', counts)
    const within = joinWithin({ difference: withinMs, grace: graceMs })
    input
      .filter(isLeft)
      .outerJoin(input.filterNot(isLeft), (one, other) => `${one ?? ''}+${other ?? ''}`, within, {
        ...strings,
        otherValue: serdes.string,
        store: 'outer',
      })
      .to('outer', strings)
    return builder.build()
  },
}

function name({ key, window }: Windowed<string>): string {
  return `${key}@${window.start}`
}

/** Values are `word number`. */
function isLeft(value: string): boolean {
  return Number(value.split(' ')[1]) % 2 === 0
}

function checkAll(logs: Logs): string[] {
  const events = logs
    .partitions('in')
    .map((records) =>
      records.map(({ key, value, timestamp }) => ({ key: key ?? '', value: value?.toString() ?? '', timestamp })),
    )
  const { counts: open, closed } = windowTruth(events, { sizeMs, graceMs })
  return [
    ...checkCounts(logs, 'windows', open),
    ...checkCounts(logs, 'finals', closed),
    ...(logs.read('finals').length === closed.size ? [] : ['finals: a window has more than one final count']),
    ...checkCounts(logs, 'sessions', sessionTruth(events, { gapMs, graceMs })),
    ...checkOuter(logs, events),
  ]
}

/** Counts rise, unless they are taken back. */
function checkCounts(logs: Logs, topic: string, truth: ReadonlyMap<string, number>): string[] {
  const violations: string[] = []
  const last = new Map<string, number>()
  for (const { key, value } of logs.read(topic)) {
    const window = key ?? ''
    const before = last.get(window) ?? 0
    if (value === null) {
      last.delete(window)
      continue
    }
    const count = Number(value.readBigInt64BE())
    if (count <= before) violations.push(`${topic}: '${window}' is ${count} after it was ${before}`)
    last.set(window, count)
  }
  const differing = [...new Set([...truth.keys(), ...last.keys()])].filter((key) => truth.get(key) !== last.get(key))
  return [
    ...violations,
    ...differing.map((key) => `${topic}: '${key}' is ${last.get(key)}, and should be ${truth.get(key)}`),
  ]
}

/** Every pair and every miss once; a miss that was not told yet waits, in the changelog, and one that was does not. */
function checkOuter(logs: Logs, events: readonly PartitionEvents[]): string[] {
  const { pairs, misses, eitherWay, waiting } = joinTruth(events, isLeft, { withinMs, graceMs })
  const times = new Map<string, number>()
  for (const { value } of logs.read('outer')) {
    const result = value?.toString() ?? ''
    times.set(result, (times.get(result) ?? 0) + 1)
  }
  const kept = rowsThatWait(logs)
  const rowOf = (miss: string): string => miss.replace('+', '')
  return [
    ...[...pairs].filter((pair) => !times.has(pair)).map((pair) => `outer: '${pair}' is missing`),
    ...[...misses]
      .filter((miss) => times.has(miss) === kept.has(rowOf(miss)))
      .map((miss) => `outer: '${miss}' is ${times.has(miss) ? 'told, and waits' : 'neither told nor waits'}`),
    ...[...waiting]
      .filter((miss) => !kept.has(rowOf(miss)))
      .map((miss) => `outer: '${miss}' should wait, and does not`),
    ...[...times]
      .filter(([result, count]) => count > 1 || ![pairs, misses, eitherWay].some((truth) => truth.has(result)))
      .map(([result, count]) => `outer: '${result}' is there ${count} times`),
  ]
}

/** In the changelog of what both sides share. An entry holds all rows of its key, side and time. */
function rowsThatWait(logs: Logs): ReadonlySet<string> {
  const entries = new Map<string, string>()
  for (const { key, value } of logs.read(`${applicationId}-outer-outer-shared-join-store-changelog`)) {
    if (value === null) entries.delete(key ?? '')
    else entries.set(key ?? '', value.toString('latin1'))
  }
  return new Set([...entries.values()].flatMap((text) => text.match(/[a-z]+ \d+/g) ?? []))
}

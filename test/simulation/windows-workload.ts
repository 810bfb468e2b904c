/**
 * Counts by window and by session, and a join of two streams, beside the count that every workload has. Grace is longer
 * than any run, so that nothing is ever late, and what is right follows from the input alone, in whatever order it came.
 */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { joinWithin, session, tumbling } from '../../src/dsl/windows.ts'
import type { Windowed } from '../../src/serde/windowed.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { LogRecord } from './log-model.ts'
import { applicationId, type Logs, type Workload } from './workloads.ts'

const sizeMs = 500
const gapMs = 40
const withinMs = 60
const grace = '1h'

const strings = { key: serdes.string, value: serdes.string }
const counts = { key: serdes.string, value: serdes.int64 }

export const windows: Workload = {
  name: 'windows',
  wordsPerRecord: [1],
  countTopic: 'out',
  changelog: `${applicationId}-counts-changelog`,
  repartitionTopics: [],
  copyTopic: 'copy',
  more: {
    topics: ['windows', 'sessions', 'pairs'],
    check: (logs, exact) => [...checkWindows(logs, exact), ...checkSessions(logs, exact), ...checkPairs(logs, exact)],
  },
  build: () => {
    const builder = new StreamsBuilder()
    const input = builder.stream('in', strings)
    input.to('copy')
    const grouped = input.groupByKey()
    grouped.count({ store: 'counts' }).toStream().to('out', counts)
    grouped
      .windowedBy(tumbling({ size: sizeMs, grace }))
      .count({ store: 'windows' })
      .toStream((_count, windowed) => name(windowed))
      .to('windows', counts)
    grouped
      .windowedBy(session({ gap: gapMs, grace }))
      .count({ store: 'sessions' })
      .toStream((_count, windowed) => name(windowed))
      .to('sessions', counts)
    const isEven = (value: string): boolean => isEvenText(value)
    input
      .filter(isEven)
      .join(input.filterNot(isEven), (one, other) => `${one}+${other}`, joinWithin({ difference: withinMs, grace }), {
        ...strings,
        otherValue: serdes.string,
        store: 'pairs',
      })
      .to('pairs', strings)
    return builder.build()
  },
}

function name({ key, window }: Windowed<string>): string {
  return `${key}@${window.start}-${window.end}`
}

/** Values are `word number`. */
function isEvenText(value: string): boolean {
  return Number(value.split(' ')[1]) % 2 === 0
}

/** By key, in order of time. */
function timesByKey(logs: Logs): Map<string, number[]> {
  const times = new Map<string, number[]>()
  for (const { key, timestamp } of logs.read('in')) {
    const list = times.get(key ?? '') ?? []
    times.set(key ?? '', list)
    list.push(timestamp)
  }
  for (const list of times.values()) list.sort((one, other) => one - other)
  return times
}

function checkWindows(logs: Logs, exact: boolean): string[] {
  const truth = new Map<string, number>()
  for (const [key, times] of timesByKey(logs)) {
    for (const time of times) {
      const start = time - (time % sizeMs)
      const window = name({ key, window: { start, end: start + sizeMs } })
      truth.set(window, (truth.get(window) ?? 0) + 1)
    }
  }
  const violations: string[] = []
  const last = new Map<string, number>()
  for (const record of logs.read('windows')) {
    const [window, count] = [record.key ?? '', countOf(record)]
    const before = last.get(window) ?? 0
    if (exact && count <= before) violations.push(`windows: '${window}' is ${count} after it was ${before}`)
    last.set(window, exact ? count : Math.max(count, before))
  }
  return [...violations, ...compare('windows', last, truth, exact)]
}

function checkSessions(logs: Logs, exact: boolean): string[] {
  const truth = new Map<string, number>()
  for (const [key, times] of timesByKey(logs)) {
    let [start, end, count] = [-Infinity, -Infinity, 0]
    for (const time of [...times, Infinity]) {
      if (time - end > gapMs || count === 0) {
        if (count > 0) truth.set(name({ key, window: { start, end } }), count)
        ;[start, count] = [time, 0]
      }
      end = time
      count++
    }
  }
  const last = new Map<string, number>()
  for (const record of logs.read('sessions')) {
    if (record.value === null) last.delete(record.key ?? '')
    else last.set(record.key ?? '', countOf(record))
  }
  // Without transactions sessions of a repeated record may stay.
  const surplus = exact ? [...last.keys()].filter((key) => !truth.has(key)) : []
  return [
    ...surplus.map((key) => `sessions: there is '${key}', and should be none`),
    ...compare('sessions', last, truth, exact),
  ]
}

/** Every pair once. */
function checkPairs(logs: Logs, exact: boolean): string[] {
  const truth: string[] = []
  const input = logs.read('in').map(({ key, value, timestamp }) => ({ key, value: value?.toString() ?? '', timestamp }))
  for (const one of input.filter(({ value }) => isEvenText(value))) {
    for (const other of input) {
      if (other.key !== one.key || isEvenText(other.value)) continue
      if (Math.abs(one.timestamp - other.timestamp) <= withinMs) truth.push(`${one.value}+${other.value}`)
    }
  }
  const found = logs.read('pairs').map(({ value }) => value?.toString() ?? '')
  const times = new Map<string, number>()
  for (const pair of found) times.set(pair, (times.get(pair) ?? 0) + 1)
  const missing = truth.filter((pair) => !times.has(pair)).map((pair) => `pairs: '${pair}' is missing`)
  if (!exact) return missing
  const wanted = new Set(truth)
  const wrong = [...times].filter(([pair, count]) => count > 1 || !wanted.has(pair))
  return [...missing, ...wrong.map(([pair, count]) => `pairs: '${pair}' is there ${count} times`)]
}

function countOf({ value }: LogRecord): number {
  return Number(value?.readBigInt64BE() ?? 0n)
}

function compare(
  what: string,
  found: ReadonlyMap<string, number>,
  truth: ReadonlyMap<string, number>,
  exact: boolean,
): string[] {
  return [...truth].flatMap(([key, count]) => {
    const is = found.get(key) ?? 0
    return is < count || (exact && is > count) ? [`${what}: '${key}' is ${is}, and should be ${count}`] : []
  })
}

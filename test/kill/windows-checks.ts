/** What must be in the outputs and changelogs of `windows-topology.ts` when all of its windows have closed. */
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { joinTruth, sessionTruth, windowTruth } from '../support/event-truth.ts'
import type { PartitionEvents } from '../support/event-truth.ts'
import { compareCounts, excessOf, readRecords, shortfallOf, some } from './checks.ts'
import type { Counts, Findings, Promised } from './checks.ts'
import { endPrefix, eventTimes, isOfTheLeft, kindOf } from './events.ts'
import { applicationId } from './layout.ts'

const { windowMs, gapMs, withinMs, graceMs, disorderMs, kindWindowMs, kindGraceMs } = eventTimes

export const repartition = `${applicationId}-kinds-repartition`

export const outputs = {
  kinds: 'kind-counts',
  windows: 'window-counts',
  finals: 'final-counts',
  sessions: 'session-counts',
  pairs: 'pairs',
  outer: 'outer',
} as const

export const changelogs = {
  kinds: `${applicationId}-kinds-changelog`,
  windows: `${applicationId}-windows-changelog`,
  closed: `${applicationId}-closed-store-changelog`,
  sessions: `${applicationId}-sessions-changelog`,
  pairsLeft: `${applicationId}-pairs-this-join-store-changelog`,
  pairsRight: `${applicationId}-pairs-other-join-store-changelog`,
  outerLeft: `${applicationId}-outer-outer-this-join-store-changelog`,
  outerRight: `${applicationId}-outer-outer-other-join-store-changelog`,
  outerShared: `${applicationId}-outer-outer-shared-join-store-changelog`,
} as const

interface Part {
  readonly violations: readonly string[]
  readonly repeats?: number
  readonly excess?: number
  readonly shortfall?: number
}

export async function checkEvents(
  client: KafkaClient,
  events: readonly PartitionEvents[],
  promised: Promised,
): Promise<Findings> {
  const windows = windowTruth(events, { sizeMs: windowMs, graceMs })
  const kinds = windowTruth([events.flat().map((event) => ({ ...event, key: kindOf(event.value) }))], {
    sizeMs: kindWindowMs,
    graceMs: kindGraceMs,
  })
  const sessions = sessionTruth(events, { gapMs, graceMs })
  const joined = joinTruth(events, isOfTheLeft, { withinMs, graceMs })
  const parts = [
    await checkRising(client, outputs.kinds, kinds.counts, promised),
    await checkStoredWindows(client, changelogs.kinds, kinds.counts, promised),
    await checkRising(client, outputs.windows, windows.counts, promised),
    await checkStoredWindows(client, changelogs.windows, windows.counts, promised),
    await checkFinals(client, windows.closed, promised),
    await checkSessions(client, sessions, promised),
    await checkStoredSessions(client, sessions, promised),
    await checkOnce(client, outputs.pairs, joined.pairs, promised),
    await checkOnce(client, outputs.outer, new Set([...joined.pairs, ...joined.misses]), promised),
    ...(await Promise.all(
      [changelogs.pairsLeft, changelogs.outerLeft].map((topic) =>
        checkJoinStore(client, topic, events, true, promised),
      ),
    )),
    ...(await Promise.all(
      [changelogs.pairsRight, changelogs.outerRight].map((topic) =>
        checkJoinStore(client, topic, events, false, promised),
      ),
    )),
    await checkNothingWaits(client, changelogs.closed, promised),
    await checkNothingWaits(client, changelogs.outerShared, promised),
  ]
  const sum = (of: (part: Part) => number | undefined): number => parts.reduce((all, part) => all + (of(part) ?? 0), 0)
  return {
    violations: parts.flatMap(({ violations }) => violations),
    repeats: sum(({ repeats }) => repeats),
    excess: sum(({ excess }) => excess),
    shortfall: sum(({ shortfall }) => shortfall),
  }
}

/** Nobody says what becomes of the events that end a run. */
function isJudged(name: string): boolean {
  return !name.includes(endPrefix)
}

function judged(counts: Counts): Counts {
  return new Map([...counts].filter(([name]) => isJudged(name)))
}

function countOf(value: Buffer): number {
  return Number(value.readBigInt64BE(value.length - 8))
}

/** Without transactions an update may be told again, with less than what others were told before. */
function take(counts: Map<string, number>, name: string, count: number, promised: Promised): void {
  counts.set(name, promised === 'exact' ? count : Math.max(count, counts.get(name) ?? 0))
}

/** Every update of a window raises its count, up to the truth. */
async function checkRising(client: KafkaClient, topic: string, truth: Counts, promised: Promised): Promise<Part> {
  const last = new Map<string, number>()
  const repeats: string[] = []
  for (const [key, value] of await readRecords(client, topic)) {
    const [name, count] = [key.toString(), countOf(value ?? Buffer.alloc(8))]
    const before = last.get(name) ?? 0
    if (count <= before) repeats.push(`${name}: ${before} then ${count}`)
    take(last, name, count, promised)
  }
  const [wanted, found] = [judged(truth), judged(last)]
  return {
    violations: [
      ...compareCounts(`last count in ${topic}`, wanted, found, promised),
      ...(promised === 'exact' ? some(`update in ${topic} that does not raise a count`, repeats) : []),
    ],
    repeats: repeats.length,
    excess: excessOf(wanted, found),
    shortfall: shortfallOf(wanted, found),
  }
}

/** Keys are those of a window store: the key, the start of its window, and a number that only joins need. */
async function checkStoredWindows(
  client: KafkaClient,
  topic: string,
  truth: Counts,
  promised: Promised,
): Promise<Part> {
  const last = new Map<string, number>()
  for (const [key, value] of await readRecords(client, topic)) {
    const name = `${key.toString('utf8', 0, key.length - 12)}@${key.readBigInt64BE(key.length - 12)}`
    if (value === null) last.delete(name)
    else take(last, name, countOf(value), promised)
  }
  return { violations: compareCounts(`count in ${topic}`, judged(truth), judged(last), promised) }
}

/** One result per window, the last one at once. */
async function checkFinals(client: KafkaClient, truth: Counts, promised: Promised): Promise<Part> {
  const found = new Map<string, number>()
  const again: string[] = []
  for (const [key, value] of await readRecords(client, outputs.finals)) {
    const name = key.toString()
    if (found.has(name)) again.push(name)
    take(found, name, countOf(value ?? Buffer.alloc(8)), promised)
  }
  return {
    violations: [
      ...compareCounts('final count', judged(truth), judged(found), promised),
      ...(promised === 'exact' ? some('window with a second final count', again) : []),
    ],
    repeats: again.length,
  }
}

/**
 * A session that another one has swallowed is gone; those that are left are the truth. Without transactions the end of
 * the one may be in the changelog, and the other one not: then the events of the first are lost, as in Java.
 */
async function checkSessions(client: KafkaClient, truth: Counts, promised: Promised): Promise<Part> {
  if (promised !== 'exact') return { violations: [] }
  const last = new Map<string, number>()
  const repeats: string[] = []
  for (const [key, value] of await readRecords(client, outputs.sessions)) {
    const name = key.toString()
    const before = last.get(name) ?? 0
    if (value === null) {
      last.delete(name)
      continue
    }
    if (countOf(value) <= before) repeats.push(`${name}: ${before} then ${countOf(value)}`)
    last.set(name, countOf(value))
  }
  return {
    violations: [
      ...compareCounts('session', judged(truth), judged(last), promised),
      ...some('update of a session that does not raise its count', repeats),
    ],
    repeats: repeats.length,
  }
}

/** Keys are those of a session store: the key, the end and the start of its session. */
async function checkStoredSessions(client: KafkaClient, truth: Counts, promised: Promised): Promise<Part> {
  if (promised !== 'exact') return { violations: [] }
  const last = new Map<string, number>()
  for (const [key, value] of await readRecords(client, changelogs.sessions)) {
    const at = key.length - 16
    const name = `${key.toString('utf8', 0, at)}@${key.readBigInt64BE(at + 8)}-${key.readBigInt64BE(at)}`
    if (value === null) last.delete(name)
    else last.set(name, countOf(value))
  }
  return { violations: compareCounts('session in the changelog', judged(truth), judged(last), promised) }
}

/** Results of a join, each of them once. */
async function checkOnce(
  client: KafkaClient,
  topic: string,
  truth: ReadonlySet<string>,
  promised: Promised,
): Promise<Part> {
  const times = new Map<string, number>()
  for (const [key, value] of await readRecords(client, topic)) {
    const result = value?.toString() ?? ''
    if (isJudged(key.toString())) times.set(result, (times.get(result) ?? 0) + 1)
  }
  const missing = [...truth].filter((result) => !times.has(result))
  const again = [...times].filter(([, count]) => count > 1).map(([result, count]) => `${result} ${count} times`)
  const invented = [...times.keys()].filter((result) => !truth.has(result))
  return {
    violations: [
      ...(promised === 'nothing' ? [] : some(`result missing in ${topic}`, missing)),
      ...(promised === 'exact' ? some(`result in ${topic} more than once`, again) : []),
      ...(promised === 'exact' ? some(`wrong result in ${topic}`, invented) : []),
    ],
    repeats: again.length,
  }
}

/**
 * Every event of a side that is not late, once, under a key that no other one has: the key of the event, its time and the
 * number that tells events of equal key and time apart.
 */
async function checkJoinStore(
  client: KafkaClient,
  topic: string,
  events: readonly PartitionEvents[],
  isLeft: boolean,
  promised: Promised,
): Promise<Part> {
  const keys = new Set<string>()
  const times = new Map<string, number>()
  const overwritten: string[] = []
  for (const [key, value] of await readRecords(client, topic)) {
    const [name, event] = [key.toString('latin1'), value?.toString() ?? '']
    if (keys.has(name)) overwritten.push(event)
    keys.add(name)
    times.set(event, (times.get(event) ?? 0) + 1)
  }
  const missing = events.flatMap(onTime).filter((event) => isOfTheLeft(event) === isLeft && !times.has(event))
  const again = [...times].filter(([, count]) => count > 1).map(([event, count]) => `${event} ${count} times`)
  return {
    violations: [
      ...(promised === 'nothing' ? [] : some(`event missing in ${topic}`, missing)),
      ...(promised === 'exact' ? some(`event in ${topic} more than once`, again) : []),
      ...(promised === 'exact' ? some(`event in ${topic} in the place of another one`, overwritten) : []),
    ],
  }
}

/** The values of those that are not late. */
function onTime(events: PartitionEvents): string[] {
  let streamTime = -Infinity
  return events.flatMap(({ value, timestamp }) => {
    streamTime = Math.max(streamTime, timestamp)
    return timestamp < streamTime - disorderMs ? [] : [value]
  })
}

/** Whatever waited for time to go on was taken out of the changelog again. */
async function checkNothingWaits(client: KafkaClient, topic: string, promised: Promised): Promise<Part> {
  if (promised !== 'exact') return { violations: [] }
  const waiting = new Set<string>()
  for (const [key, value] of await readRecords(client, topic)) {
    if (value === null) waiting.delete(key.toString('latin1'))
    else waiting.add(key.toString('latin1'))
  }
  return { violations: some(`entry left in ${topic}`, [...waiting].filter(isJudged)) }
}

/**
 * Tables made of the input: joined by key and by foreign key, regrouped, held back, and looked up as they were at a time.
 * What is right at rest follows from the last row of every word, and for the versioned table from the order of the input.
 */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { StreamPartitioner } from '../../src/processor/stream-partitioner.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import type { LogRecord } from './log-model.ts'
import { applicationId, partitionOfWord, words, type Logs, type Workload } from './workloads.ts'

const calmMs = 100
const patienceMs = 150

const strings = { key: serdes.string, value: serdes.string }
const counts = { key: serdes.string, value: serdes.int64 }

/** As the input is partitioned. */
const partitioner: StreamPartitioner<string, unknown> = (_, key, { partitions }) =>
  partitionOfWord(key ?? '', partitions)

const joinTopics = (['registration', 'response'] as const).map(
  (what) => `${applicationId}-referred-subscription-${what}-topic`,
)

export const tables: Workload = {
  name: 'tables',
  wordsPerRecord: [1],
  countTopic: 'out',
  changelog: `${applicationId}-counts-changelog`,
  repartitionTopics: [`${applicationId}-groups-repartition`, ...joinTopics],
  subTopologies: 2,
  copyTopic: 'copy',
  times: { agesMs: [0, 0, 0, 20, 100, 1000], speed: 1 },
  more: {
    topics: ['joined', 'referred', 'groups', 'calm', 'priced', 'patient'],
    check: (logs, exact) => [
      ...checkJoined(logs),
      ...checkReferred(logs),
      ...(exact ? [...checkGroups(logs), ...checkCalm(logs), ...checkPriced(logs), ...checkPatient(logs)] : []),
    ],
  },
  build: () => {
    const builder = new StreamsBuilder()
    const input = builder.stream('in', strings)
    input.to('copy')
    input.groupByKey().count({ store: 'counts' }).toStream().to('out', counts)
    const lefts = input.filter(isLeft)
    const rights = input.filterNot(isLeft)
    const left = lefts.toTable({ ...strings, store: 'left' })
    const right = rights.toTable({ ...strings, store: 'right' })
    left
      .join(right, (one, other) => `${one}|${other}`)
      .toStream()
      .to('joined', strings)
    left
      .joinOn(right, referredBy, (one, other) => `${one}|${other}`, {
        ...strings,
        name: 'referred',
        partitioner,
        otherPartitioner: partitioner,
      })
      .toStream()
      .to('referred', strings)
    left
      .groupBy((value, key) => [referredBy(value), key], strings)
      .count({ store: 'groups' })
      .toStream()
      .to('groups', counts)
    left
      .suppress({ until: { timeLimit: calmMs }, name: 'calm' })
      .toStream()
      .to('calm', strings)
    const prices = lefts.toTable({
      store: stores.versioned('prices', { ...strings, historyRetention: '1h' }),
    })
    rights.join(prices, (value, price) => `${value}|${price}`).to('priced', strings)
    rights
      .join(prices, (value, price) => `${value}|${price}`, { ...strings, grace: patienceMs, name: 'patient' })
      .to('patient', strings)
    return builder.build()
  },
}

/** Values are `word number`. */
function numberOf(value: string): number {
  return Number(value.split(' ')[1])
}

function isLeft(value: string): boolean {
  return numberOf(value) % 2 === 0
}

function referredBy(value: string): string {
  return words[Math.floor(numberOf(value) / 2) % words.length] ?? ''
}

/** The last row of every key. */
function rowsOf(records: readonly LogRecord[]): Map<string, string> {
  const rows = new Map<string, string>()
  for (const { key, value } of records) {
    if (value === null) rows.delete(key ?? '')
    else rows.set(key ?? '', value.toString())
  }
  return rows
}

function inputRows(logs: Logs): { readonly left: Map<string, string>; readonly right: Map<string, string> } {
  const isOfLeft = ({ value }: LogRecord): boolean => isLeft(value?.toString() ?? '')
  const input = logs.read('in')
  return { left: rowsOf(input.filter(isOfLeft)), right: rowsOf(input.filter((record) => !isOfLeft(record))) }
}

function checkJoined(logs: Logs): string[] {
  const { left, right } = inputRows(logs)
  const truth = [...left].flatMap(([key, one]) => (right.has(key) ? [[key, `${one}|${right.get(key)}`] as const] : []))
  return compare('joined', new Map(truth), rowsOf(logs.read('joined')))
}

function checkReferred(logs: Logs): string[] {
  const { left, right } = inputRows(logs)
  const truth = [...left].flatMap(([key, one]) => {
    const other = right.get(referredBy(one))
    return other === undefined ? [] : [[key, `${one}|${other}`] as const]
  })
  return compare('referred', new Map(truth), rowsOf(logs.read('referred')))
}

function checkGroups(logs: Logs): string[] {
  const truth = new Map(words.map((word) => [word, 0]))
  for (const row of inputRows(logs).left.values()) truth.set(referredBy(row), (truth.get(referredBy(row)) ?? 0) + 1)
  const last = new Map(words.map((word) => [word, 0]))
  for (const { key, value } of logs.read('groups')) last.set(key ?? '', Number(value?.readBigInt64BE() ?? 0n))
  return compare('groups', truth, last)
}

/** Rows of each key in their order, none of them twice; the last one is there, or waits. */
function checkCalm(logs: Logs): string[] {
  const told = new Map<string, string[]>()
  for (const { key, value } of logs.read('calm')) {
    told.set(key ?? '', [...(told.get(key ?? '') ?? []), value?.toString() ?? ''])
  }
  const violations = [...told].flatMap(([key, rows]) =>
    rows.some((row, nth) => nth > 0 && numberOf(row) <= numberOf(rows[nth - 1] ?? ''))
      ? [`calm: '${key}' was ${rows.join()}`]
      : [],
  )
  const waiting = rowsInBytes(logs, `${applicationId}-calm-store-changelog`)
  const { left } = inputRows(logs)
  return [
    ...violations,
    ...[...left].flatMap(([key, row]) => {
      const isTold = told.get(key)?.at(-1) === row
      // What waits has the row before it with it.
      if (waiting.get(key)?.includes(row) === true) return isTold ? [`calm: '${row}' is told, and waits`] : []
      return isTold ? [] : [`calm: '${row}' is neither told nor waits`]
    }),
  ]
}

/** As text, by key, what is left in a changelog whose values are more than rows. */
function rowsInBytes(logs: Logs, topic: string): Map<string, string> {
  const left = new Map<string, string>()
  for (const { key, value } of logs.read(topic)) {
    if (value === null) left.delete(key ?? '')
    else left.set(key ?? '', value.toString('latin1'))
  }
  return left
}

interface Row {
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

/** The input of each partition. */
function partitionsOf(logs: Logs): readonly (readonly Row[])[] {
  return logs
    .partitions('in')
    .map((records) =>
      records.map(({ key, value, timestamp }) => ({ key: key ?? '', value: value?.toString() ?? '', timestamp })),
    )
}

/** The version of that time among what has come. */
function priceAt(seen: readonly Row[], { key, timestamp }: Row): string | undefined {
  let price: Row | undefined
  for (const row of seen) {
    if (row.key !== key || row.timestamp > timestamp || !isLeft(row.value)) continue
    if (price === undefined || row.timestamp >= price.timestamp) price = row
  }
  return price?.value
}

function checkPriced(logs: Logs): string[] {
  const truth: string[] = []
  for (const rows of partitionsOf(logs)) {
    for (const [nth, row] of rows.entries()) {
      const price = isLeft(row.value) ? undefined : priceAt(rows.slice(0, nth), row)
      if (price !== undefined) truth.push(`${row.value}|${price}`)
    }
  }
  return compareOnce(logs, 'priced', truth)
}

/** A record waits until stream time, that of the records that waited, is beyond its own; what is later does not wait. */
function checkPatient(logs: Logs): string[] {
  const truth: string[] = []
  for (const rows of partitionsOf(logs)) {
    let streamTime = -Infinity
    let waiting: Row[] = []
    for (const [nth, row] of rows.entries()) {
      if (isLeft(row.value)) continue
      const emit = (due: Row): void => {
        const price = priceAt(rows.slice(0, nth), due)
        if (price !== undefined) truth.push(`${due.value}|${price}`)
      }
      if (row.timestamp < streamTime - patienceMs) {
        emit(row)
        continue
      }
      waiting.push(row)
      streamTime = Math.max(streamTime, row.timestamp)
      const isDue = ({ timestamp }: Row): boolean => timestamp <= streamTime - patienceMs
      for (const due of waiting.filter(isDue)) emit(due)
      waiting = waiting.filter((one) => !isDue(one))
    }
  }
  return compareOnce(logs, 'patient', truth)
}

function compareOnce(logs: Logs, topic: string, truth: readonly string[]): string[] {
  const found = logs.read(topic).map(({ value }) => value?.toString() ?? '')
  const [wanted, there] = [timesOf(truth), timesOf(found)]
  return compare(topic, wanted, there)
}

function timesOf(values: readonly string[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1)
  return times
}

function compare<V>(what: string, truth: ReadonlyMap<string, V>, found: ReadonlyMap<string, V>): string[] {
  return [...new Set([...truth.keys(), ...found.keys()])]
    .filter((key) => truth.get(key) !== found.get(key))
    .map((key) => `${what}: '${key}' is ${String(found.get(key))}, and should be ${String(truth.get(key))}`)
}

/** How descriptions put operators, stores and lengths of time into words, the same in every drawing and table. */
import type { NodeDescription, StoreDescription, TopicDescription } from './description.ts'

const operatorWords: Readonly<Record<string, string>> = {
  'key-select': 'select key',
  mapvalues: 'map values',
  flatmap: 'flat map',
  flatmapvalues: 'flat map values',
  foreach: 'for each',
  printer: 'print',
  processor: 'process',
  processvalues: 'process values',
  totable: 'to table',
  windowed: 'join window',
  jointhis: 'join',
  joinother: 'join',
  outerthis: 'outer join',
  outerother: 'outer join',
  leftjoin: 'left join',
  'branch-child': 'branch',
  'repartition-filter': 'repartition filter',
  'repartition-sink': 'to repartition topic',
  'repartition-source': 'from repartition topic',
  'table-source': 'table',
  'table-tostream': 'to stream',
  'table-mapvalues': 'map values',
  'table-transformvalues': 'transform values',
  'table-filter': 'filter',
  'table-select': 'select key',
  'table-suppress': 'suppress',
  'table-aggregate': 'aggregate',
  'table-reduce': 'reduce',
  'table-merge': 'merge join',
  'table-jointhis': 'join',
  'table-joinother': 'join',
  'cogroup-aggregate': 'cogroup',
  'cogroup-merge': 'merge cogroup',
}

export function operatorText({ kind, operator }: NodeDescription): string {
  if (operator === undefined) return kind === 'processor' ? 'process' : kind
  const known = operatorWords[operator]
  if (known !== undefined) return known
  return operator.startsWith('table-fk-') ? 'foreign-key join' : operator.replaceAll('-', ' ')
}

const kindWords: Readonly<Record<StoreDescription['kind'], string>> = {
  keyValue: 'key-value',
  timestampedKeyValue: 'table',
  versioned: 'versioned',
  window: 'window',
  timestampedWindow: 'windowed',
  session: 'session',
  changeBuffer: 'buffer',
}

/** `tumbling 1h, grace 5m, kept 1h 5m`. */
export function storeText(store: StoreDescription): string {
  const { kind, windows, buffer, retentionMs, maxEntries, changelogTopic } = store
  const kept = retentionMs === undefined || kind === 'changeBuffer' ? undefined : `kept ${durationText(retentionMs)}`
  const facts = [
    windows === undefined ? kindWords[kind] : windowsText(windows),
    buffer === undefined ? undefined : bufferText(buffer),
    kept,
    maxEntries === undefined ? undefined : `at most ${maxEntries} entries`,
    store.isGlobal ? 'global' : undefined,
    changelogTopic === null ? 'not logged' : undefined,
  ]
  return facts.filter((fact) => fact !== undefined).join(', ')
}

function windowsText(windows: NonNullable<StoreDescription['windows']>): string {
  const { kind, sizeMs = 0, advanceMs = 0, differenceMs = 0, gapMs = 0, beforeMs = 0, afterMs = 0 } = windows
  const grace = `grace ${durationText(windows.graceMs)}`
  switch (kind) {
    case 'tumbling':
      return `tumbling ${durationText(sizeMs)}, ${grace}`
    case 'hopping':
      return `hopping ${durationText(sizeMs)} every ${durationText(advanceMs)}, ${grace}`
    case 'unlimited':
      return 'unlimited window'
    case 'sliding':
      return `sliding ${durationText(differenceMs)}, ${grace}`
    case 'session':
      return `sessions, gap ${durationText(gapMs)}, ${grace}`
    case 'join':
      return `join ${durationText(beforeMs)} before, ${durationText(afterMs)} after, ${grace}`
  }
}

function bufferText({ until, waitMs, maxRecords, maxBytes }: NonNullable<StoreDescription['buffer']>): string {
  const waits = until === 'windowCloses' ? 'until the window closes' : `for ${durationText(waitMs)}`
  const limits = [
    maxRecords === null ? undefined : `${maxRecords} records`,
    maxBytes === null ? undefined : `${maxBytes} bytes`,
  ].filter((limit) => limit !== undefined)
  return limits.length === 0 ? waits : `${waits}, at most ${limits.join(' or ')}`
}

export function topicText({ kind, keySerde, valueSerde, partitions }: TopicDescription): string {
  const serdes = keySerde === undefined && valueSerde === undefined ? undefined : serdesText(keySerde, valueSerde)
  const facts = [
    kind === 'external' ? 'topic' : `${kind} topic`,
    partitions === null ? undefined : `${partitions} partitions`,
    serdes,
  ]
  return facts.filter((fact) => fact !== undefined).join(', ')
}

export function serdesText(key: string | undefined, value: string | undefined): string {
  return `${key ?? 'bytes'} → ${value ?? 'bytes'}`
}

const units: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

/** `1h 5m`; what is longer than ten thousand years never ends. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  if (ms > 10_000 * 366 * 86_400_000) return 'forever'
  const parts: string[] = []
  let rest = ms
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * length
  }
  return parts.length === 0 ? '0' : parts.join(' ')
}

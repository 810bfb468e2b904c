/** Processors of the random topologies, and what they do with a store of each kind: the same as in java/Processors.java. */
import type { FixedKeyProcessor, Processor, ValueTransformer } from '../../src/processor/processor.ts'
import type { FixedKeyProcessorContext, ProcessorContext } from '../../src/processor/processor-context.ts'
import type { ValueAndTimestamp } from '../../src/processor/record.ts'
import type { SessionStore } from '../../src/processor/session-store.ts'
import type { KeyValueStore } from '../../src/processor/state-store.ts'
import type { StoreBuilder } from '../../src/processor/store-builder.ts'
import type { VersionedStore } from '../../src/processor/versioned-store.ts'
import type { WindowStore } from '../../src/processor/window-store.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import { last, mayFail, text } from './callbacks.ts'
import type { Call, StoreKindOf, StoreOf } from './program.ts'

type KeyValues = KeyValueStore<string, string>
type Timestamped = KeyValueStore<string, ValueAndTimestamp<string>>
type Windows = WindowStore<string, string>
type Sessions = SessionStore<string, string>
type Versions = VersionedStore<string, string>
type Rows = Iterable<readonly [key: unknown, value: unknown]>

/** Lets a store take a record, and tells what it found. */
type Use = (store: never, key: string, value: string | null, timestamp: number) => string | null

const uses: Readonly<Record<StoreKindOf, Use>> = {
  keyValue: (store: KeyValues, key, value) => {
    const now = value === null ? null : last((store.get(key) ?? '') + value, 5)
    store.put(key, now)
    return now
  },
  timestamped: (store: Timestamped, key, value, timestamp) => {
    const before = store.get(key)
    const now = value === null ? null : last((before?.value ?? '') + value, 4)
    store.put(key, now === null ? null : { value: now, timestamp })
    return now === null ? null : `${now}@${before?.timestamp ?? '-'}`
  },
  window: (store: Windows, key, value, timestamp) => {
    const start = timestamp - (timestamp % 10)
    const now = value === null ? null : last((store.fetch(key, start) ?? '') + value, 4)
    store.put(key, now, start)
    return now === null ? null : `${now}#${[...store.range(key, Math.max(0, timestamp - 25), timestamp)].length}`
  },
  duplicates: (store: Windows, key, value, timestamp) => {
    store.put(key, value, timestamp)
    return told(store.range(key, Math.max(0, timestamp - 15), timestamp))
  },
  session: (store: Sessions, key, value, timestamp) => {
    const found = [...store.find(key, Math.max(0, timestamp - 6), timestamp + 6)]
    for (const [windowed] of found) store.put(windowed, null)
    if (value === null) return null
    const start = Math.min(timestamp, ...found.map(([{ window }]) => window.start))
    const end = Math.max(timestamp, ...found.map(([{ window }]) => window.end))
    const now = last(found.map(([, aggregate]) => aggregate).join('') + value, 5)
    store.put({ key, window: { start, end } }, now)
    return now
  },
  versioned: (store: Versions, key, value, timestamp) => {
    const validTo = store.put(key, value, timestamp)
    const before = store.get(key, Math.max(0, timestamp - 4))
    return `${validTo === undefined ? 'x' : (validTo ?? '-')}/${before?.value ?? '-'}/${store.get(key)?.timestamp ?? '-'}`
  },
}

/** The end of all that is in the rows. */
function told(rows: Rows): string {
  return last([...rows].map(([key, value]) => `${text(key)}=${toldValue(value)}`).join(','), 30)
}

function toldValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return text(value)
  const { value: inner, timestamp } = value as ValueAndTimestamp<unknown>
  return `${text(inner)}@${timestamp}`
}

function scanned(kind: StoreKindOf, store: unknown, how: 'all' | 'reverse' | 'some'): string {
  if (kind === 'versioned') return 'v'
  if (kind === 'session') return scannedSessions(store as Sessions, how)
  if (kind === 'window' || kind === 'duplicates') return scannedWindows(store as Windows, how)
  const rows = store as KeyValues
  if (how === 'some') return `${told(rows.range('a', 'b'))};${told(rows.prefixScan(Buffer.from('a')))}`
  return told(how === 'all' ? rows.range() : rows.reverseRange())
}

function scannedWindows(store: Windows, how: 'all' | 'reverse' | 'some'): string {
  if (how === 'some') return told(store.range(['a', 'b'], 5, 40))
  return told(how === 'all' ? store.range(undefined) : store.range(undefined, 5, 60, { reverse: true }))
}

function scannedSessions(store: Sessions, how: 'all' | 'reverse' | 'some'): string {
  if (how === 'some') return told(store.find(['a', 'b'], 5, 40))
  return told(store.find('a', 0, Number.MAX_SAFE_INTEGER, how === 'reverse' ? { reverse: true } : {}))
}

/** What a processor has of stores: its own, or a global one that it reads. */
class Memory {
  readonly #call: Call
  readonly #store: unknown
  readonly #global: KeyValues | undefined

  constructor(call: Call, open: (name: string) => unknown) {
    this.#call = call
    this.#store = call.uses === undefined ? undefined : open(call.uses.store)
    this.#global = call.reads === undefined ? undefined : (open(call.reads) as KeyValues)
  }

  take(key: unknown, value: unknown, timestamp: number): string | null {
    mayFail(this.#call.fails, value)
    const { uses: used } = this.#call
    if (this.#global !== undefined) return `${last(text(value), 5)}=${this.#global.get(text(key)) ?? '-'}`
    if (key === null || used === undefined) return last(`${text(value)}p`, 6)
    return uses[used.kind](this.#store as never, text(key), value === null ? null : text(value), timestamp)
  }

  scan(how: 'all' | 'reverse' | 'some'): string {
    const { uses: used } = this.#call
    return used === undefined ? '' : scanned(used.kind, this.#store, how)
  }
}

export function rememberer(call: Call): Processor<unknown, unknown, unknown, unknown> {
  const { punctuate, scan } = call
  let context: ProcessorContext<unknown, unknown>
  let memory: Memory
  return {
    init(given) {
      context = given
      memory = new Memory(call, (name) => given.getStateStore(name))
      if (punctuate === undefined) return
      const say = (key: string, value: string, timestamp: number): void =>
        given.forward({ key, value, timestamp, headers: [] })
      given.schedule(punctuate, 'streamTime', (at) => say('s', `n${at}`, at))
      given.schedule(punctuate, 'wallClockTime', (at) => say('w', `${at}:${memory.scan('all')}`, at))
    },
    process(record) {
      const { key, value, timestamp } = record
      context.forward({ ...record, value: memory.take(key, value, timestamp) })
      if (scan !== undefined) context.forward({ ...record, key: 'scan', value: memory.scan(scan) })
    },
  }
}

export function valueRememberer(call: Call): FixedKeyProcessor<unknown, unknown, unknown> {
  let context: FixedKeyProcessorContext<unknown>
  let memory: Memory
  return {
    init(given) {
      context = given
      memory = new Memory(call, (name) => given.getStateStore(name))
    },
    process: (record) => context.forward({ ...record, value: memory.take(record.key, record.value, record.timestamp) }),
  }
}

export function transformer(call: Call): ValueTransformer<unknown, unknown, unknown> {
  let memory: Memory
  return {
    init(context) {
      memory = new Memory(call, (name) => context.getStateStore(name))
    },
    transform(value, key, { timestamp }) {
      const now = memory.take(key, value, timestamp)
      return value === null ? null : now
    },
  }
}

/** Fills a global store; some values are not kept. */
export function keeper(name: string): Processor<string, string | null, never, never> {
  let store: KeyValues
  return {
    init(context) {
      store = context.getStateStore(name)
    },
    process({ key, value }) {
      if (key !== null) store.put(key, value === null || value.startsWith('n') ? null : value)
    },
  }
}

const plainText = { key: serdes.string, value: serdes.string }

export function storeOf(of: StoreOf): StoreBuilder {
  const { store, kind } = of
  const caching = of.caching === true
  const logging = of.logging !== false
  const options = { ...plainText, caching, logging }
  switch (kind) {
    case 'keyValue':
      return stores.keyValue(store, options)
    case 'timestamped':
      return stores.timestampedKeyValue(store, options)
    case 'window':
      return stores.window(store, { ...options, retention: 60, windowSize: 10 })
    case 'duplicates':
      return stores.window(store, { ...options, retention: 60, windowSize: 10, retainDuplicates: true })
    case 'session':
      return stores.session(store, { ...options, retention: 60 })
    case 'versioned':
      return stores.versioned(store, { ...plainText, logging, historyRetention: 30 })
  }
}

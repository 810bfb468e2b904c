/** Stores of every kind under long random programs: StoreScenarios.java. */
import type { Processor } from '../../../src/processor/processor.ts'
import type { StreamRecord } from '../../../src/processor/record.ts'
import type { SessionStore } from '../../../src/processor/session-store.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import type { StoreBuilder } from '../../../src/processor/store-builder.ts'
import type { VersionedStore } from '../../../src/processor/versioned-store.ts'
import type { KeyRange, WindowStore } from '../../../src/processor/window-store.ts'
import type { Windowed } from '../../../src/serde/windowed.ts'
import { stores } from '../../../src/state/stores.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { papi, STRINGS, strings, type Text, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

type Words = readonly [command: string, ...rest: string[]]
type Obey<S> = (store: S, key: string, words: Words) => string

function topology<S>(store: StoreBuilder<S>, obey: Obey<S>): VectorTopology {
  const supplier = (): Processor<Text, Text, Text, Text> => {
    let run: (record: StreamRecord<Text, Text>) => void
    return {
      init(context) {
        const opened = context.getStateStore(store)
        run = (record) => {
          const words = (record.value as string).split(' ') as unknown as Words
          context.forward({ ...record, value: obey(opened, record.key as string, words) })
        }
      },
      process: (record) => run(record),
    }
  }
  return papi(() =>
    new Topology()
      .addSource('src', ['in'], STRINGS)
      .addProcessor('p', supplier, 'src')
      .addStateStore(store, 'p')
      .addSink('sink', 'out', 'p', STRINGS),
  )
}

function text(word: string | undefined): Text {
  return word === undefined || word === '~' ? null : word
}

/** Java's `fetch(from, to, …)`: null is unbounded. */
function keysOf(from: string | undefined, to: string | undefined): KeyRange<string> {
  const [lower, upper] = [text(from), text(to)]
  return [lower ?? '', upper ?? '\u{10ffff}'.repeat(4)]
}

function rows(found: Iterable<readonly [windowed: Windowed<string>, value: string]>): string {
  return [...found].map(([{ key, window }, value]) => `${key}[${window.start},${window.end}]=${value} `).join('')
}

const windowCommands: Obey<WindowStore<string, string>> = (store, key, [command, one, two, three, four]) => {
  const times = [Number(one), Number(two)] as const
  const reverse = command.toLowerCase().endsWith('back')
  switch (command) {
    case 'put':
      store.put(key, text(two), times[0])
      return 'put'
    case 'fetch':
      return String(store.fetch(key, times[0]) ?? null)
    case 'range':
    case 'back':
      return [...store.range(key, ...times, { reverse })]
        .map(([{ window }, value]) => `${window.start}=${value} `)
        .join('')
    case 'keys':
    case 'keysBack':
      return rows(store.range(keysOf(one, two), Number(three), Number(four), { reverse }))
    case 'between':
    case 'betweenBack':
      return rows(store.range(undefined, ...times, { reverse }))
    default:
      return rows(store.range(undefined, undefined, undefined, { reverse }))
  }
}

const sessionCommands: Obey<SessionStore<string, string>> = (store, key, [command, one, two, three, four]) => {
  const times = [Number(one), Number(two)] as const
  const reverse = command.toLowerCase().endsWith('back')
  switch (command) {
    case 'put':
      store.put({ key, window: { start: times[0], end: times[1] } }, text(three))
      return 'put'
    case 'fetch':
      return String(store.fetchSession(key, ...times) ?? null)
    case 'range':
    case 'back':
      return rows(store.find(key, ...times, { reverse }))
    case 'keys':
    case 'keysBack':
      return rows(store.find(keysOf(one, two), Number(three), Number(four), { reverse }))
    default:
      return rows(store.find(key, undefined, undefined, { reverse }))
  }
}

function show(found: { readonly value: string; readonly timestamp: number } | undefined): string {
  return found === undefined ? 'none' : `${found.value}@${found.timestamp}`
}

const versionCommands: Obey<VersionedStore<string, string>> = (store, key, [command, one, two]) => {
  switch (command) {
    case 'put': {
      const validTo = store.put(key, text(two), Number(one))
      // Java: VersionedKeyValueStore.PUT_RETURN_CODE_NOT_PUT and _VALID_TO_UNDEFINED.
      return validTo === undefined ? '-9223372036854775808' : String(validTo ?? -1)
    }
    case 'get':
      return show(store.get(key))
    case 'asOf':
      return show(store.get(key, Number(one)))
    default:
      return show(store.delete(key, Number(one)))
  }
}

const entryCommands: Obey<KeyValueStore<string, string>> = (store, key, [command, one, two]) => {
  const entries = (found: Iterable<readonly [string, string]>): string =>
    [...found].map(([each, value]) => `${each}=${value} `).join('')
  switch (command) {
    case 'put':
      store.put(key, text(one))
      return 'put'
    case 'putIfAbsent':
      return String(store.putIfAbsent(key, one as string) ?? null)
    case 'delete':
      return String(store.delete(key) ?? null)
    case 'get':
      return String(store.get(key) ?? null)
    case 'range':
      return entries(store.range(text(one) ?? undefined, text(two) ?? undefined))
    case 'back':
      return entries(store.reverseRange(text(one) ?? undefined, text(two) ?? undefined))
    default:
      return entries(store.prefixScan(Buffer.from(one as string)))
  }
}

const lruCommands: Obey<KeyValueStore<string, string>> = (store, key, words) =>
  ['range', 'back', 'prefix'].includes(words[0]) ? 'not asked' : entryCommands(store, key, words)

const windows = { ...strings, retention: 30, windowSize: 10 } as const
const sessions = { ...strings, retention: 30 } as const

const kinds: Readonly<Record<string, () => VectorTopology>> = {
  windows: () => topology(stores.window('s', windows), windowCommands),
  'windows with duplicates': () => topology(stores.window('s', { ...windows, retainDuplicates: true }), windowCommands),
  'windows over segments': () => topology(stores.window('s', { ...windows, retention: 300_000 }), windowCommands),
  'cached windows': () => topology(stores.window('s', { ...windows, caching: true }), windowCommands),
  sessions: () => topology(stores.session('s', sessions), sessionCommands),
  'cached sessions': () => topology(stores.session('s', { ...sessions, caching: true }), sessionCommands),
  versions: () => topology(stores.versioned('s', { ...strings, historyRetention: 30 }), versionCommands),
  'versions over segments': () =>
    topology(stores.versioned('s', { ...strings, historyRetention: 9000 }), versionCommands),
  'key-value': () => topology(stores.keyValue('s', strings), entryCommands),
  'cached key-value': () => topology(stores.keyValue('s', { ...strings, caching: true }), entryCommands),
}

const numbers = [1, 2, 3, 4]

export const storesVectors: VectorTopologies = Object.fromEntries([
  ...Object.entries(kinds).flatMap(([kind, make]) => numbers.map((number) => [`store: ${kind} ${number}`, make()])),
  ...[1, 2, 3].map((maxEntries) => [
    `store: key-value with at most ${maxEntries}`,
    topology(stores.keyValue('s', { ...strings, maxEntries }), lruCommands),
  ]),
])

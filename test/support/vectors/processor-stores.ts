/** The other kinds of stores in processors, and the errors of the Processor API: the rest of ProcessorScenarios.java. */
import type { SessionStore } from '../../../src/processor/session-store.ts'
import type { StoreBuilder } from '../../../src/processor/store-builder.ts'
import type { VersionedStore } from '../../../src/processor/versioned-store.ts'
import type { WindowStore } from '../../../src/processor/window-store.ts'
import type { Windowed } from '../../../src/serde/windowed.ts'
import { stores } from '../../../src/state/stores.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { act, textStore } from './processors.ts'
import { papi, STRINGS, strings, type Text, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

const rows = (found: Iterable<readonly [Windowed<Text>, string]>): string =>
  [...found].map(([{ key, window }, value]) => `${key}@${window.start}-${window.end}=${value} `).join('')

function windowStore(retainDuplicates: boolean): VectorTopology {
  const store = stores.window('w', { ...strings, retention: 30, windowSize: 10, retainDuplicates })
  return papi(() =>
    withStore(
      store,
      act((c, record) => {
        const w = c.getStateStore<WindowStore<Text, string>>('w')
        const { key, value, timestamp } = record
        if (value === 'rows') {
          const own = [...w.range(key, 0, 1000)].map(([{ window }, found]) => `${window.start}=${found} `).join('')
          const parts = [
            own,
            rows(w.range(undefined)),
            rows(w.range(undefined, 10, 20)),
            rows(w.range(['a', 'b'], 5, 30)),
          ]
          c.forward({ ...record, value: parts.join('| ') })
        } else {
          w.put(key, value, timestamp)
          c.forward({ ...record, value: retainDuplicates ? 'put' : (w.fetch(key, timestamp) ?? null) })
        }
      }),
    ),
  )
}

function withStore(store: StoreBuilder, supplier: ReturnType<typeof act>): Topology {
  return new Topology()
    .addSource('src', 'in', STRINGS)
    .addProcessor('p', supplier, 'src')
    .addStateStore(store, 'p')
    .addSink('sink', 'out', 'p', STRINGS)
}

type Version = { readonly value: string; readonly timestamp: number; readonly validTo?: number | null } | undefined

function show(version: Version): string {
  if (version === undefined) return 'none'
  const { value, timestamp, validTo } = version
  return `${value}@${timestamp}${validTo == null ? '' : `-${validTo}`}`
}

/** What Java's put returns. */
function javaValidTo(validTo: number | null | undefined): string {
  return validTo === undefined ? '-9223372036854775808' : String(validTo ?? -1)
}

const otherStores: VectorTopologies = {
  'processor: window store': windowStore(false),
  'processor: window store with duplicates': windowStore(true),
  'processor: session store': papi(() =>
    withStore(
      stores.session('s', { ...strings, retention: 50 }),
      act((c, record) => {
        const s = c.getStateStore<SessionStore<Text, string>>('s')
        const { key, value, timestamp } = record
        if (value === 'rows') {
          const parts = [rows(s.find(key)), rows(s.find(key, 10, 30)), rows(s.find(['a', 'c'], 0, 100))]
          c.forward({ ...record, value: [...parts, String(s.fetchSession(key, 5, 9) ?? null)].join('| ') })
        } else {
          s.put({ key, window: { start: timestamp, end: timestamp + 4 } }, value)
          c.forward(record)
        }
      }),
    ),
  ),
  'processor: versioned store': papi(() =>
    withStore(
      stores.versioned('v', { ...strings, historyRetention: 30 }),
      act((c, record) => {
        const v = c.getStateStore<VersionedStore<Text, string>>('v')
        const { key, timestamp } = record
        const result = (): string => {
          if (record.value === 'get') return `${show(v.get(key))} ${show(v.get(key, timestamp))}`
          // As this project's contract has it, without the valid-to of what was deleted.
          if (record.value === 'delete') return show(v.delete(key, timestamp))
          return javaValidTo(v.put(key, record.value, timestamp))
        }
        c.forward({ ...record, value: result() })
      }),
    ),
  ),
}

const forward = act((c, record) => c.forward(record))
const source = (): Topology => new Topology().addSource('src', 'in', STRINGS)

const errors: VectorTopologies = {
  'error: a processor throws': papi(
    () =>
      source()
        .addProcessor(
          'p',
          act((c, record) => {
            c.forward(record)
            if (record.value === 'bad') throw new Error(`no ${record.value}`)
          }),
          'src',
        )
        .addSink('sink', 'out', 'p', STRINGS),
    { error: 'MILLRACE_PROCESSING_FAILED' },
  ),
  'error: forward to a child that is not there': papi(
    () =>
      source()
        .addProcessor(
          'p',
          act((c, record) => c.forward(record, 'nobody')),
          'src',
        )
        .addSink('sink', 'out', 'p', STRINGS),
    { error: 'MILLRACE_CHILD_UNKNOWN' },
  ),
  'error: a negative timestamp is forwarded': papi(
    () =>
      source()
        .addProcessor(
          'p',
          act((c, record) => c.forward({ ...record, timestamp: -1 })),
          'src',
        )
        .addSink('sink', 'out', 'p', STRINGS),
    { error: 'MILLRACE_PROCESSING_FAILED' },
  ),
  'error: a store is added twice': papi(
    () =>
      source()
        .addProcessor('p', forward, 'src')
        .addStateStore(textStore('st'), 'p')
        .addStateStore(textStore('st'), 'p'),
    { error: 'MILLRACE_NAME_TAKEN' },
  ),
  'error: a store is connected to a source': papi(() => source().addStateStore(textStore('st'), 'src'), {
    error: 'MILLRACE_STORE_NOT_CONNECTABLE',
  }),
  'error: an unknown store is connected': papi(
    () => source().addProcessor('p', forward, 'src').connectProcessorAndStateStores('p', 'st'),
    { error: 'MILLRACE_STORE_UNKNOWN' },
  ),
  'error: no store is connected': papi(
    () => source().addProcessor('p', forward, 'src').connectProcessorAndStateStores('p'),
    { error: 'MILLRACE_STORE_UNKNOWN' },
  ),
  'error: a sink as a parent': papi(
    () => source().addSink('sink', 'out', 'src', STRINGS).addProcessor('p', forward, 'sink'),
    { error: 'MILLRACE_PARENT_UNKNOWN' },
  ),
  'error: a sink without a parent': papi(() => source().addSink('sink', 'out', [], STRINGS), {
    error: 'MILLRACE_PARENT_UNKNOWN',
  }),
  "error: the read-only store's topic has a source": papi(
    () =>
      source().addReadOnlyStateStore(textStore('st'), 's2', 'in', 'p2', () => ({ process: () => undefined }), STRINGS),
    { error: 'MILLRACE_TOPIC_TAKEN' },
  ),
  'error: a supplier gives one processor twice': papi(
    () => {
      const one = forward()
      return source().addProcessor('p', () => one, 'src')
    },
    { error: 'MILLRACE_SUPPLIER_INVALID' },
  ),
}

export const processorStoreVectors: VectorTopologies = { ...otherStores, ...errors }

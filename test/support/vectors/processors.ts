/** The Processor API: ProcessorScenarios.java without its other kinds of stores and its errors. */
import { noHeaders, type Header } from '../../../src/common/headers.ts'
import type { Processor } from '../../../src/processor/processor.ts'
import type { Cancellable, ProcessorContext } from '../../../src/processor/processor-context.ts'
import type { StreamRecord, ValueAndTimestamp } from '../../../src/processor/record.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import type { StoreBuilder } from '../../../src/processor/store-builder.ts'
import type { StreamPartitioner } from '../../../src/processor/stream-partitioner.ts'
import type { TimestampExtractor } from '../../../src/processor/timestamp-extractor.ts'
import { timestampExtractors } from '../../../src/processor/timestamp-extractors.ts'
import { stores } from '../../../src/state/stores.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { dsl, papi, STRINGS, strings, type Text, type VectorTopologies } from './vector-topology.ts'

type TextRecord = StreamRecord<Text, Text>
type Context = ProcessorContext<Text, Text>
type TextStore = KeyValueStore<Text, string>
export type Supplier = () => Processor<Text, Text, Text, Text>

/** Does what it is told to with every record. */
export function act(process: (context: Context, record: TextRecord) => void): Supplier {
  return () => {
    let context: Context
    return {
      init(given) {
        context = given
      },
      process: (record) => process(context, record),
    }
  }
}

const forward = act((c, record) => c.forward(record))
const suffix = (end: string): Supplier => act((c, record) => c.forward({ ...record, value: record.value + end }))
export const textStore = (name: string): StoreBuilder<KeyValueStore<string, string>> => stores.keyValue(name, strings)

/** Appends every value to what the store has under the key, and forwards it. */
const append = (name: string): Supplier =>
  act((c, record) => {
    const store = c.getStateStore<TextStore>(name)
    const before = store.get(record.key)
    store.put(record.key, record.value === null ? null : (before ?? '') + record.value)
    c.forward({ ...record, value: `${before ?? null}>${record.value}` })
  })

const read = (name: string): Supplier =>
  act((c, record) => {
    const found = c.getStateStore<TextStore>(name).get(record.key)
    c.forward({ ...record, value: `${record.value}=${found ?? null}` })
  })

const header = (name: string, text: string | null): Header => [name, text === null ? null : Buffer.from(text)]
const source = (...topics: string[]): Topology => new Topology().addSource('src', topics, STRINGS)

const routing: VectorTopologies = {
  'processor: forward to all, to one, to none': papi(() =>
    source('in')
      .addProcessor(
        'route',
        act((c, record) => {
          if (record.value === 'all') c.forward(record)
          else if (record.value !== null && record.value !== '') c.forward(record, record.value)
        }),
        'src',
      )
      .addProcessor('a', suffix('-a'), 'route')
      .addProcessor('b', suffix('-b'), 'route')
      .addSink('sink', 'out', ['a', 'b'], STRINGS)
      .addSink('raw', 'raw', 'route', STRINGS),
  ),
  'processor: order of forwards, depth first': papi(() =>
    source('in', 'in2')
      .addProcessor(
        'twice',
        act((c, record) => {
          c.forward({ ...record, value: `${record.value}1` })
          c.forward({ ...record, value: `${record.value}2` })
        }),
        'src',
      )
      .addProcessor('x', suffix('x'), 'twice')
      .addProcessor('y', suffix('y'), 'twice')
      .addProcessor('z', suffix('z'), ['x', 'y', 'twice'])
      .addSink('sink', 'out', ['z', 'x'], STRINGS),
  ),
  'processor: key, value, timestamp and headers of what is forwarded': papi(() =>
    source('in')
      .addProcessor(
        'p',
        act((c, record) => {
          c.forward(record)
          c.forward({ ...record, timestamp: record.timestamp + 100 })
          c.forward({ key: record.value, value: record.key, timestamp: 5, headers: noHeaders })
          c.forward({ ...record, headers: [header('h', 'new')] })
          c.forward({ key: null, value: null, timestamp: 7, headers: [header('n', null)] })
          c.forward(record)
        }),
        'src',
      )
      .addProcessor('q', suffix('!'), 'p')
      .addSink('sink', 'out', 'q', STRINGS)
      .addSink('direct', 'direct', 'p', STRINGS),
  ),
  'processor: a record forwarded to a sink and to the processor beside it': papi(() =>
    source('in')
      .addSink('copy', 'copy', 'src', STRINGS)
      .addProcessor('p', suffix('+'), 'src')
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'processor: two sources into one processor, two sub-topologies': papi(() =>
    new Topology()
      .addSource('s1', 'a', STRINGS)
      .addSource('s2', 'b', STRINGS)
      .addSource('s3', 'c', STRINGS)
      .addProcessor('p', suffix('1'), ['s1', 's2'])
      .addProcessor('q', suffix('2'), 's3')
      .addSink('k1', 'out', 'p', STRINGS)
      .addSink('k2', 'out2', 'q', STRINGS),
  ),
  "processor: a sink's topic is read again": papi(() =>
    new Topology()
      .addSource('s1', 'in', STRINGS)
      .addSink('k1', 'mid', 's1', STRINGS)
      .addSource('s2', 'mid', STRINGS)
      .addProcessor('p', suffix('!'), 's2')
      .addSink('k2', 'out', 'p', STRINGS),
  ),
}

const contexts: VectorTopologies = {
  'processor: what the context says': papi(() =>
    source('in', 'in2')
      .addProcessor(
        'p',
        act((c, record) => {
          const { topic, partition, offset } = c.recordMetadata ?? { topic: 'none', partition: -1, offset: -1 }
          const times = [c.currentStreamTime, c.currentSystemTime, record.timestamp]
          const words = [c.applicationId, c.taskId, topic, partition, offset, ...times]
          c.forward({ ...record, value: words.join(' ') })
        }),
        'src',
      )
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'processor: metadata stays that of the input, whatever is forwarded': papi(() =>
    source('in')
      .addProcessor(
        'p',
        act((c, { value }) => c.forward({ key: 'other', value, timestamp: 99, headers: noHeaders })),
        'src',
      )
      .addProcessor(
        'q',
        act((c, record) => {
          const value = `${c.recordMetadata?.offset} ${record.timestamp} ${c.currentStreamTime}`
          c.forward({ ...record, value })
        }),
        'p',
      )
      .addSink('sink', 'out', 'q', STRINGS),
  ),
  'processor: commit requested': papi(() =>
    source('in')
      .addProcessor(
        'p',
        act((c, record) => {
          c.commit()
          c.forward(record)
        }),
        'src',
      )
      .addSink('sink', 'out', 'p', STRINGS),
  ),
}

type At = (key: string) => (timestamp: number) => void
type OnRecord = (record: TextRecord, context: Context) => void

/** Schedules what it is told to, and forwards what the context says then. */
function timed(schedule: (context: Context, at: At) => OnRecord | undefined): Supplier {
  return () => {
    let context: Context
    let onRecord: OnRecord | undefined
    const at: At = (key) => (timestamp) => {
      const metadata = context.recordMetadata
      const from = metadata === undefined ? 'none' : `${metadata.topic}${metadata.partition}${metadata.offset}`
      const value = `${context.currentStreamTime}/${context.currentSystemTime}/${from}`
      context.forward({ key, value, timestamp, headers: noHeaders })
    }
    return {
      init(given) {
        context = given
        onRecord = schedule(given, at)
      },
      process(record) {
        if (onRecord === undefined) context.forward(record)
        else onRecord(record, context)
      },
    }
  }
}

const punctuation: VectorTopologies = {
  'punctuation: several schedules, missed intervals': papi(() =>
    source('in')
      .addProcessor(
        'p',
        timed((c, at) => {
          c.schedule(10, 'streamTime', at('s10'))
          c.schedule(7, 'streamTime', at('s7'))
          c.schedule(10, 'wallClockTime', at('w10'))
          c.schedule(25, 'wallClockTime', at('w25'))
          return undefined
        }),
        'src',
      )
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'punctuation: scheduled by a record, cancelled by another, by itself': papi(() =>
    source('in')
      .addProcessor(
        'p',
        timed((_c, at) => {
          let scheduled: Cancellable | undefined
          let calls = 0
          return (record, c) => {
            c.forward(record)
            if (record.value === 'stream') scheduled = c.schedule(5, 'streamTime', at('s'))
            if (record.value === 'wall') scheduled = c.schedule(5, 'wallClockTime', at('w'))
            if (record.value === 'cancel') scheduled?.cancel()
            if (record.value !== 'three') return
            const three = c.schedule(1, 'streamTime', (timestamp) => {
              at('three')(timestamp)
              if (++calls === 3) three.cancel()
            })
          }
        }),
        'src',
      )
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'punctuation: anchored starts': papi(() =>
    source('in')
      .addProcessor(
        'p',
        timed((c, at) => {
          c.schedule(10, 'streamTime', at('s15'), { start: 15 })
          c.schedule(10, 'streamTime', at('s0'), { start: 0 })
          c.schedule(20, 'wallClockTime', at('w7'), { start: 7 })
          c.schedule(20, 'wallClockTime', at('w0'), { start: 0 })
          return undefined
        }),
        'src',
      )
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'punctuation: a store written and read': papi(() =>
    source('in')
      .addProcessor(
        'p',
        timed((c) => {
          const store = c.getStateStore<TextStore>('st')
          c.schedule(10, 'streamTime', (timestamp) => {
            for (const [key, value] of store.range()) {
              c.forward({ key, value, timestamp, headers: noHeaders })
              if (value.length > 2) store.delete(key)
            }
            store.put('last', String(timestamp))
          })
          return ({ key, value }) => store.put(key, (store.get(key) ?? '') + value)
        }),
        'src',
      )
      .addStateStore(textStore('st'), 'p')
      .addSink('sink', 'out', 'p', STRINGS),
  ),
}

const rows = (found: Iterable<readonly [Text, string]>): string =>
  [...found].map(([key, value]) => `${key}=${value} `).join('')

function operate(store: TextStore, key: Text, command: string): string {
  const [operation, argument = ''] = command.split(' ')
  switch (operation) {
    case 'put':
      store.put(key, argument)
      return 'ok'
    case 'putNull':
      store.put(key, null)
      return 'ok'
    case 'putIfAbsent':
      return String(store.putIfAbsent(key, argument) ?? null)
    case 'get':
      return String(store.get(key) ?? null)
    case 'delete':
      return String(store.delete(key) ?? null)
    case 'count':
      return String(store.approximateNumEntries())
    case 'range':
      return rows(store.range(key, argument))
    case 'reverseRange':
      return rows(store.reverseRange(key, argument))
    case 'prefix':
      return rows(store.prefixScan(Buffer.from(key ?? '')))
    case 'all':
      return rows(store.range())
    default:
      return rows(store.reverseRange())
  }
}

function sharedStore(): Topology {
  const shared = textStore('shared')
  return new Topology()
    .addSource('src', 'in', STRINGS)
    .addSource('src2', 'in2', STRINGS)
    .addProcessor('p', append('shared'), 'src', { stores: [shared] })
    .addProcessor('q', read('shared'), 'src2', { stores: [shared] })
    .addSink('sink', 'out', ['p', 'q'], STRINGS)
}

const keyValueStores: VectorTopologies = {
  "processor: a store of its own, another's, and one that both have": papi(() =>
    new Topology()
      .addSource('src', 'in', STRINGS)
      .addSource('src2', 'in2', STRINGS)
      .addProcessor('p', append('one'), 'src')
      .addProcessor('q', append('two'), 'src2')
      .addStateStore(textStore('one'), 'p')
      .addStateStore(textStore('two'), 'q')
      .addProcessor('reader', read('one'), 'q')
      .addSink('sink', 'out', 'p', STRINGS)
      .addSink('sink2', 'out2', 'reader', STRINGS)
      .connectProcessorAndStateStores('reader', 'one', 'two'),
  ),
  'processor: suppliers bring one store along': papi(sharedStore),
  'processor: a store that nobody is connected to': papi(() =>
    source('in')
      .addProcessor('p', forward, 'src')
      .addStateStore(textStore('unused'))
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'processor: key-value store, every operation': papi(() =>
    source('in')
      .addProcessor(
        'p',
        act((c, record) => {
          const value = operate(c.getStateStore<TextStore>('kv'), record.key, record.value ?? '')
          c.forward({ ...record, value })
        }),
        'src',
      )
      .addStateStore(textStore('kv'), 'p')
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'processor: store without a changelog': papi(() =>
    source('in')
      .addProcessor('p', append('st'), 'src')
      .addStateStore(stores.keyValue('st', { ...strings, logging: false }), 'p')
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'processor: cached store, several writes of one record': papi(() =>
    source('in')
      .addProcessor(
        'p',
        act((c, record) => {
          const store = c.getStateStore<TextStore>('st')
          store.put(record.key, `${record.value}1`)
          store.put('other', `${store.get(record.key)}2`)
          store.put(record.key, `${store.get('other')}3`)
          store.delete('never')
          if (record.value === 'del') store.delete(record.key)
          c.forward({ ...record, value: `${store.get(record.key) ?? null}` })
        }),
        'src',
      )
      .addStateStore(stores.keyValue('st', { ...strings, caching: true }), 'p')
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'processor: store of the least recently used': papi(() =>
    source('in')
      .addProcessor('p', append('lru'), 'src')
      .addStateStore(stores.keyValue('lru', { ...strings, maxEntries: 2 }), 'p')
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'processor: timestamped store': papi(() =>
    source('in')
      .addProcessor(
        'p',
        act((c, record) => {
          const store = c.getStateStore<KeyValueStore<Text, ValueAndTimestamp<string>>>('ts')
          const before = store.get(record.key)
          const { value, timestamp } = record
          store.put(record.key, value === null ? null : { value, timestamp: timestamp + 1000 })
          c.forward({ ...record, value: before === undefined ? 'none' : `${before.value}@${before.timestamp}` })
        }),
        'src',
      )
      .addStateStore(stores.timestampedKeyValue('ts', strings), 'p')
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  'processor: read-only store filled from a topic': papi(() =>
    new Topology()
      .addReadOnlyStateStore(
        textStore('rates'),
        'rates-src',
        'rates',
        'rates-p',
        (): Processor<Text, Text, never, never> => {
          let store: TextStore
          return {
            init(context) {
              store = context.getStateStore<TextStore>('rates')
            },
            process: ({ key, value }) => store.put(key, value),
          }
        },
        STRINGS,
      )
      .addSource('src', 'in', STRINGS)
      .addProcessor('p', read('rates'), 'src')
      .connectProcessorAndStateStores('p', 'rates')
      .addSink('sink', 'out', 'p', STRINGS),
  ),
}

/** Java's `Optional.empty()` is null, its empty set an empty list. */
const dropsX: StreamPartitioner<Text, Text> = (value) => (value === 'x' ? [] : value === 'many' ? [0] : null)

const sinks: VectorTopologies = {
  'sink: partitioner that drops, chooses, leaves it': papi(() =>
    source('in').addSink('sink', 'out', 'src', { ...STRINGS, partitioner: dropsX }),
  ),
  'sink: topic chosen by a function, with a partitioner': papi(() =>
    source('in')
      .addProcessor('p', forward, 'src')
      .addSink<Text, Text>('sink', (v, _k, c) => `t-${v}-${c.partition}-${c.headers.length}`, 'p', {
        ...STRINGS,
        partitioner: dropsX,
        topicLabel: 'topic of value',
      }),
  ),
  'sink: to() with a partitioner': dsl((b) => b.stream('in', STRINGS).to('out', { ...strings, partitioner: dropsX })),
  'sink: repartition with a partitioner': dsl((b) =>
    b
      .stream('in', STRINGS)
      .repartition({ ...STRINGS, name: 'r', partitioner: dropsX })
      .to('out'),
  ),
}

const numberOfValue: TimestampExtractor = ({ value, timestamp }, partitionTime) => {
  if (value === null) return -1
  if (value === 'partition') return partitionTime
  return /^[0-9]+$/.test(String(value)) ? Number(value) : timestamp
}
const numbered = { ...STRINGS, timestampExtractor: numberOfValue }

const timestamps: VectorTopologies = {
  'timestamps: an extractor that drops, chooses, repeats': dsl((b) => {
    const s = b.stream('in', numbered)
    s.to('out')
    s.groupByKey().count({ store: 'n' })
  }),
  'timestamps: of the wall clock': dsl((b) =>
    b
      .stream('in', { ...STRINGS, timestampExtractor: timestampExtractors.wallClock })
      .filter(() => false)
      .to('out'),
  ),
  'timestamps: each source its own': papi(() =>
    new Topology()
      .addSource('s1', 'a', numbered)
      .addSource('s2', 'b', STRINGS)
      .addProcessor(
        'p',
        act((c, record) => c.forward({ ...record, value: `${record.timestamp} ${c.currentStreamTime}` })),
        ['s1', 's2'],
      )
      .addSink('sink', 'out', 'p', STRINGS),
  ),
  "timestamps: the table's extractor": dsl((b) =>
    b
      .table('in', { ...strings, timestampExtractor: numberOfValue, store: 't' })
      .toStream()
      .to('out'),
  ),
}

const inTheDsl: VectorTopologies = {
  'process: new keys, grouped behind a repartition topic': dsl((b) =>
    b
      .stream('in', STRINGS)
      .process(act((c, record) => c.forward({ ...record, key: record.value, value: record.key })))
      .groupByKey(strings)
      .count({ store: 'n' })
      .toStream()
      .to('out'),
  ),
  'processValues: the key stays, grouped without a repartition topic': dsl((b) =>
    b
      .stream('in', STRINGS)
      .processValues<Text>(
        () => {
          let context: Parameters<NonNullable<ReturnType<typeof forward>['init']>>[0]
          return {
            init(given) {
              context = given
            },
            process(record) {
              context.forward(record)
              context.forward({ ...record, value: `${record.value}2`, timestamp: record.timestamp + 10 })
              if (record.value === null) return
              context.forward({ ...record, value: null, headers: [header('h', null)] }, 'second')
            },
          }
        },
        { name: 'both' },
      )
      .mapValues(String, { name: 'second' })
      .groupByKey({ value: strings.value })
      .count({ store: 'n' })
      .toStream()
      .to('out'),
  ),
  'process and processValues, named and not': dsl((b) => {
    const s = b.stream('in', STRINGS)
    s.process(forward).process(forward, { name: 'named' }).processValues<Text>(forward).to('out', strings)
    s.filter(() => true)
      .process(append('st'), { stores: [textStore('st')] })
      .to('out2', strings)
  }),
  'process: one store, two processors of two streams': dsl((b) => {
    b.addStateStore(textStore('st'))
    b.stream('in', STRINGS)
      .process(append('st'), { stores: ['st'] })
      .to('out', strings)
    b.stream('in2', STRINGS)
      .process(read('st'), { name: 'reader', stores: ['st'] })
      .to('out2', strings)
  }),
  'process: the store of a table': dsl((b) => {
    b.table('t', { ...strings, store: 'tbl' })
    b.stream('in', STRINGS)
      .process(
        act((c, record) => {
          const found = c.getStateStore<KeyValueStore<Text, ValueAndTimestamp<string>>>('tbl').get(record.key)
          c.forward({ ...record, value: found === undefined ? 'none' : `${found.value}@${found.timestamp}` })
        }),
        { stores: ['tbl'] },
      )
      .to('out', strings)
  }),
}

export const processorVectors: VectorTopologies = {
  ...routing,
  ...contexts,
  ...punctuation,
  ...keyValueStores,
  ...sinks,
  ...timestamps,
  ...inTheDsl,
}

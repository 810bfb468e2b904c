/** Branches, global tables and stores. */
import type { KStream } from '../../../src/dsl/streams.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import type { Processor } from '../../../src/processor/processor.ts'
import type { ProcessorContext } from '../../../src/processor/processor-context.ts'
import { stores } from '../../../src/state/stores.ts'
import { dsl, STRINGS, strings, type Text, type VectorTopologies } from './vector-topology.ts'

/** In the order of their names, as the scenarios do it with a TreeMap. */
function sorted<K, V>(branches: ReadonlyMap<string, KStream<K, V>>): (readonly [name: string, KStream<K, V>])[] {
  return [...branches].toSorted(([one], [two]) => (one < two ? -1 : 1))
}

/** Keeps every record of its topic in the store of that name. */
function keep(name: string): () => Processor<Text, Text, never, never> {
  return () => {
    let store: KeyValueStore<Text, Text>
    return {
      init: (context) => {
        store = context.getStateStore(name)
      },
      process: ({ key, value }) => store.put(key, value),
    }
  }
}

/** Looks its values up in a global store. */
function lookUp(name: string): () => Processor<Text, Text, Text, Text> {
  return () => {
    let context: ProcessorContext<Text, Text>
    return {
      init: (given) => {
        context = given
      },
      process: (record) => {
        const store = context.getStateStore<KeyValueStore<Text, Text>>(name)
        context.forward({ ...record, value: `${record.value}=${store.get(record.value) ?? null}` })
      },
    }
  }
}

export const splitGlobalVectors: VectorTopologies = {
  'split/branch': dsl((b) => {
    const branches = b
      .stream('in', STRINGS)
      .split({ name: 'split-' })
      .branch((v) => v === 'A', { name: 'a' })
      .branch((v) => v === 'B')
      .branch((v) => v === 'C', { withConsumer: (s) => s.to('c') })
      .defaultBranch({ name: 'd' })
    for (const [name, stream] of sorted(branches)) stream.to(`out-${name}`)
  }),
  'topics+pattern+dynamic sink+global': dsl((b) => {
    b.stream(/foo-.*/, STRINGS).to((v) => String(v), { topicLabel: 'topic of value' })
    b.stream(['x', 'y'], STRINGS).to('z')
    b.globalTable('gt')
  }),
  'global store with a processor': dsl((b) => {
    b.addGlobalStore(stores.keyValue('gs', strings), 'G', STRINGS, keep('gs'))
    b.stream('S', STRINGS).process(lookUp('gs')).to('out', strings)
  }),
  'split: functions, consumers, nested, no default': dsl((b) => {
    const m = b
      .stream('in', STRINGS)
      .split({ name: 's-' })
      .branch((v) => v?.startsWith('a') === true, { withFunction: (s) => s.mapValues((v) => `${v}!`), name: 'fn' })
      .branch((v) => v?.startsWith('b') === true, { withConsumer: (s) => s.to('b'), name: 'con' })
      .branch((v) => v?.startsWith('c') === true, { withFunction: () => null, name: 'nul' })
      .branch((v) => v?.startsWith('d') === true, { withFunction: (s) => s.filter((v) => (v?.length ?? 0) > 1) })
      .noDefaultBranch()
    for (const [name, stream] of sorted(m)) stream.to(`out-${name}`, strings)
    const n = b
      .stream('in2', STRINGS)
      .split()
      .branch((_v, k) => k === null, { name: 'nokey' })
      .defaultBranch()
    for (const [name, stream] of sorted(n)) stream.to(`n-${name}`)
    const only = b.stream('in3', STRINGS).split({ name: 'o' }).defaultBranch({ name: 'only' })
    for (const [name, stream] of sorted(only)) stream.to(`p-${name}`)
  }),
}

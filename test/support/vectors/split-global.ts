/** Branches, global tables and stores. */
import { stores } from '../../../src/state/stores.ts'
import { keep, lookUp } from './global-processors.ts'
import { globalVectors } from './global.ts'
import { splitVectors, toTopics } from './split.ts'
import { dsl, STRINGS, strings, type VectorTopologies } from './vector-topology.ts'

export const splitGlobalVectors: VectorTopologies = {
  ...splitVectors,
  ...globalVectors,
  'split/branch': dsl((b) => {
    const branches = b
      .stream('in', STRINGS)
      .split({ name: 'split-' })
      .branch((v) => v === 'A', { name: 'a' })
      .branch((v) => v === 'B')
      .branch((v) => v === 'C', { withConsumer: (s) => s.to('c') })
      .defaultBranch({ name: 'd' })
    toTopics('out-', branches)
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
    toTopics('out-', m)
    const n = b
      .stream('in2', STRINGS)
      .split()
      .branch((_v, k) => k === null, { name: 'nokey' })
      .defaultBranch()
    toTopics('n-', n)
    const only = b.stream('in3', STRINGS).split({ name: 'o' }).defaultBranch({ name: 'only' })
    toTopics('p-', only)
  }),
}

/** What Java refuses (the scenarios whose names begin with "error:", but for windows and joins), and records that fail. */
import { stores } from '../../../src/state/stores.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { deadLetterOutputVectors } from './dead-letter-outputs.ts'
import { deadLetterTableVectors } from './dead-letter-tables.ts'
import { deadLetterVectors } from './dead-letters.ts'
import { dsl, forward, papi, STRINGS, strings, type VectorTopology } from './vector-topology.ts'

export const errorVectors: Readonly<Record<string, VectorTopology>> = {
  ...deadLetterVectors,
  ...deadLetterTableVectors,
  ...deadLetterOutputVectors,
  'error: table reads a topic that a stream reads': dsl(
    (b) => {
      b.stream('in', STRINGS).to('o')
      b.table('in', strings).toStream().to('p')
    },
    { error: 'MILLRACE_TOPIC_TAKEN' },
  ),
  'error: processor name used twice': papi(
    () => new Topology().addSource('src', 'in').addProcessor('p', forward, 'src').addProcessor('p', forward, 'src'),
    { error: 'MILLRACE_NAME_TAKEN' },
  ),
  'error: parent not added yet': papi(
    () => new Topology().addSource('src', 'in').addProcessor('p', forward, 'nowhere'),
    { error: 'MILLRACE_PARENT_UNKNOWN' },
  ),
  'error: explicit names required, none given': dsl(
    (b) =>
      b
        .stream('in', STRINGS)
        .groupBy((v) => v, strings)
        .count()
        .toStream()
        .to('out'),
    { error: 'MILLRACE_NAME_MISSING' },
  ),
  'error: name with a character that is not allowed': dsl(
    (b) =>
      b
        .stream('in', STRINGS)
        .filter(() => true, { name: 'no spaces' })
        .to('out'),
    { error: 'MILLRACE_NAME_INVALID' },
  ),
  'error: overlapping topic lists': dsl(
    (b) => {
      b.stream(['a', 'b'], STRINGS).to('x')
      b.stream(['b', 'c'], STRINGS).to('y')
    },
    { error: 'MILLRACE_TOPICS_OVERLAP' },
  ),
  'error: no topics': dsl((b) => b.stream([], STRINGS).to('x'), { error: 'MILLRACE_TOPICS_EMPTY' }),
  'error: pattern and name overlap': dsl(
    (b) => {
      b.stream(/a.*/, STRINGS).to('x')
      b.stream('ab', STRINGS).to('y')
    },
    { error: 'MILLRACE_TOPIC_TAKEN' },
  ),
  'error: process names a store that is not there': dsl(
    (b) => {
      b.stream('in', STRINGS).process(forward, { stores: ['nowhere'] })
    },
    { error: 'MILLRACE_STORE_UNKNOWN' },
  ),
  'error: processor reads a store it is not connected to': dsl(
    (b) => {
      b.addStateStore(stores.keyValue('s', strings))
      b.stream('in', STRINGS).process(() => ({
        init: (context) => void context.getStateStore('s'),
        process: () => undefined,
      }))
    },
    { error: 'MILLRACE_STORE_NOT_CONNECTED' },
  ),
  'error: topic used by two sources': papi(() => new Topology().addSource('s', 'a').addSource('t', 'a'), {
    error: 'MILLRACE_TOPIC_TAKEN',
  }),
  'error: processor is its own parent': papi(() => new Topology().addSource('s', 'a').addProcessor('p', forward, 'p'), {
    error: 'MILLRACE_PARENT_UNKNOWN',
  }),
  'error: processor without a parent': papi(() => new Topology().addProcessor('p', forward, []), {
    error: 'MILLRACE_PARENT_UNKNOWN',
  }),
  'sink writes to a source topic of its own': papi(() => new Topology().addSource('s', 'a').addSink('k', 'a', 's')),
  'error: store connected to an unknown processor': papi(
    () => new Topology().addSource('s', 'a').addStateStore(stores.keyValue('st', strings), 'p'),
    { error: 'MILLRACE_STORE_NOT_CONNECTABLE' },
  ),
  'error: name is a dot': dsl((b) => void b.stream('in', STRINGS).groupByKey(strings).count({ store: '.' }), {
    error: 'MILLRACE_NAME_INVALID',
  }),
}

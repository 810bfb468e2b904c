import { describe, expect, test } from 'vitest'
import type { Processor } from '../../../src/processor/processor.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import type { NodeDescription, StoreDescription, TopicDescription } from '../../../src/topology/description.ts'
import { Topology } from '../../../src/topology/topology.ts'
import { built, shop } from '../../support/described-topologies.ts'

const strings = { key: serdes.string, value: serdes.string }
const nothing = (): Processor<string, string, never, never> => ({ process: () => undefined })
const described = shop().describe().toJSON()

function node(name: string, topology: Topology = shop()): NodeDescription | undefined {
  return topology
    .describe()
    .toJSON()
    .subTopologies.flatMap(({ nodes }) => nodes)
    .find((each) => each.name === name)
}

function store(kind: string): StoreDescription | undefined {
  return described.stores.find((each) => each.kind === kind)
}

function topic(name: string): TopicDescription | undefined {
  return described.topics.find((each) => each.name === name)
}

describe('a description as data', () => {
  test('has the line of the user that defined a node, through the DSL and by hand', () => {
    const here = /^test\/unit\/topology\/describe-json\.test\.ts:\d+$/
    const topology = built((builder) => builder.stream('in', strings).filter(() => true, { name: 'chosen' }))
    expect(node('chosen', topology)?.place).toMatch(here)
    const byHand = new Topology().addSource('src', 'in', strings)
    expect(node('src', byHand)?.place).toMatch(here)
    expect(node('KSTREAM-SOURCE-0000000000')?.place).toMatch(/^test\/support\/described-topologies\.ts:\d+$/)
  })

  test('never has the places in the text', () => {
    expect(shop().describe().toString()).not.toContain('.ts:')
    expect(shop().describe().toMermaid()).not.toContain('.ts:')
  })

  test('says what a node of the DSL does, whatever it is called', () => {
    const topology = built((builder) =>
      builder
        .stream('in', strings)
        .selectKey((value) => value, { name: 'by-value' })
        .process(nothing, { name: 'mine' }),
    )
    expect(node('by-value', topology)).toMatchObject({ operator: 'key-select', naming: 'given' })
    expect(node('mine', topology)).toMatchObject({ operator: 'processor', naming: 'given' })
    expect(node('KSTREAM-SOURCE-0000000000', topology)).toMatchObject({ operator: 'source', naming: 'generated' })
  })

  test('has the serdes and the offset reset of sources and sinks', () => {
    const topology = built((builder) =>
      builder.stream('in', { ...strings, name: 'src', offsetReset: 'latest' }).to('out', { ...strings, name: 'snk' }),
    )
    expect(node('src', topology)).toMatchObject({ keySerde: 'string', valueSerde: 'string', offsetReset: 'latest' })
    expect(node('snk', topology)).toMatchObject({ topic: 'out', keySerde: 'string', valueSerde: 'string' })
  })

  test('has the windows, retention and serdes of stores', () => {
    expect(store('timestampedWindow')).toMatchObject({
      naming: 'generated',
      keySerde: 'string',
      valueSerde: 'int64',
      retentionMs: 3_900_000,
      windowSizeMs: 3_600_000,
      caching: true,
      windows: { kind: 'tumbling', sizeMs: 3_600_000, advanceMs: 3_600_000, graceMs: 300_000 },
    })
    expect(store('session')).toMatchObject({
      name: 'visits',
      naming: 'given',
      windows: { kind: 'session', gapMs: 1_800_000, graceMs: 0 },
    })
    expect(store('changeBuffer')?.buffer).toEqual({
      until: 'windowCloses',
      waitMs: 300_000,
      maxRecords: null,
      maxBytes: null,
    })
    expect(store('window')).toMatchObject({
      retainDuplicates: true,
      windows: { kind: 'join', beforeMs: 600_000, afterMs: 600_000, graceMs: 60_000 },
    })
    expect(described.stores.find(({ name }) => name === 'ever')?.windows).toEqual({
      kind: 'unlimited',
      startMs: 0,
      graceMs: 0,
    })
  })

  test('has for each store the nodes and the sub-topology that use it, global ones apart', () => {
    expect(described.stores.find(({ isGlobal }) => isGlobal)).toMatchObject({
      changelogTopic: 'products',
      changelogIsSource: true,
      nodes: ['KTABLE-SOURCE-0000000007'],
    })
    expect(described.stores.find(({ name }) => name === 'visits')).toMatchObject({
      subTopology: 0,
      changelogTopic: 'visits-changelog',
      isGlobal: false,
    })
    const unused = new Topology().addSource('src', 'in').addStateStore(stores.keyValue('s', strings))
    expect(unused.describe().toJSON().stores).toMatchObject([{ name: 's', subTopology: null, nodes: [] }])
  })

  test('has every topic with who writes and reads it, and what it is created with', () => {
    expect(topic('orders')).toMatchObject({ kind: 'external', writtenBy: [], readBy: ['KSTREAM-SOURCE-0000000000'] })
    expect(topic('paid-orders')).toMatchObject({ kind: 'external', readBy: [], keySerde: 'string' })
    expect(topic('visits-changelog')).toMatchObject({
      kind: 'changelog',
      store: 'visits',
      config: { 'cleanup.policy': 'compact,delete' },
    })
    const repartition = described.topics.find(({ kind }) => kind === 'repartition')
    expect(repartition).toMatchObject({ naming: 'generated', config: { 'retention.ms': '-1' }, partitions: null })
    expect(repartition?.writtenBy).toHaveLength(1)
    expect(repartition?.readBy).toHaveLength(1)
  })

  test('has the groups of topics that need equal partition counts', () => {
    expect(described.copartitionGroups).toEqual([['orders', 'payments', 'customers']])
  })
})

test('what a foreign-key join writes and reads goes through repartition topics', () => {
  const topology = built((builder) => {
    const [left, right] = [builder.table('left', strings), builder.table('right', strings)]
    left.joinOn(right, (value) => value, String, { name: 'j' })
  })
  const operators = topology
    .describe()
    .toJSON()
    .subTopologies.flatMap(({ nodes }) => nodes)
    .flatMap(({ kind, operator }) => (kind === 'processor' || operator === undefined ? [] : [operator]))
  expect(operators.toSorted()).toEqual([
    ...['repartition-sink', 'repartition-sink', 'repartition-source', 'repartition-source', 'source', 'source'],
  ])
})

import { describe, expect, test } from 'vitest'
import { TopologyError } from '../../../src/errors/topology-error.ts'
import type { Processor } from '../../../src/processor/processor.ts'
import { StoreBuilder } from '../../../src/processor/store-builder.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { checkName } from '../../../src/topology/names.ts'
import { Topology } from '../../../src/topology/topology.ts'

const strings = { key: serdes.string, value: serdes.string }
const nothing = (): Processor<string, string, never, never> => ({ process: () => undefined })

function store(name: string, logging = true): StoreBuilder {
  return new StoreBuilder({ kind: 'keyValue', name, ...strings, caching: false, logging, changelogConfig: {} })
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return error instanceof TopologyError ? error.code : String(error)
  }
}

describe('sub-topologies', () => {
  test('are the connected parts, numbered by their first node', () => {
    const { subTopologies } = new Topology()
      .addSource('b', 'two')
      .addSource('a', 'one')
      .addProcessor('p', nothing, 'a')
      .addSink('k', 'out', 'b')
      .compile()
    expect(subTopologies.map(({ id, nodes }) => [id, nodes.map(({ name }) => name)])).toEqual([
      [0, ['b', 'k']],
      [1, ['a', 'p']],
    ])
  })

  test('are joined by a store that two processors use', () => {
    const { subTopologies } = new Topology()
      .addSource('a', 'one')
      .addSource('b', 'two')
      .addProcessor('p', nothing, 'a')
      .addProcessor('q', nothing, 'b')
      .addStateStore(store('s'), 'p', 'q')
      .compile()
    expect(subTopologies).toHaveLength(1)
    expect(subTopologies[0]?.stores.map(({ changelogTopic }) => changelogTopic)).toEqual(['s-changelog'])
  })

  test('have no changelog for a store without logging', () => {
    const { subTopologies } = new Topology()
      .addSource('a', 'one')
      .addProcessor('p', nothing, 'a', { stores: [store('s', false)] })
      .compile()
    expect(subTopologies[0]?.stores).toMatchObject([{ changelogTopic: undefined, changelogIsSource: false }])
  })

  test('have the source topic as changelog of a read-only store, which is read from the beginning', () => {
    const { subTopologies } = new Topology()
      .addReadOnlyStateStore(store('s'), 'src', 'topic', 'p', nothing, strings)
      .compile()
    expect(subTopologies[0]?.stores).toMatchObject([
      { spec: { name: 's', logging: false }, changelogTopic: 'topic', changelogIsSource: true },
    ])
    expect(subTopologies[0]?.nodes[0]).toMatchObject({ kind: 'source', offsetReset: 'earliest' })
  })
})

describe('a topology refuses', () => {
  const start = (): Topology => new Topology().addSource('src', 'in')

  test('a parent that is a sink', () => {
    expect(codeOf(() => start().addSink('k', 'out', 'src').addProcessor('p', nothing, 'k'))).toBe(
      'MILLRACE_PARENT_UNKNOWN',
    )
  })

  test('a pattern that matches a topic of another source', () => {
    expect(codeOf(() => start().addSource('all', /i./))).toBe('MILLRACE_TOPIC_TAKEN')
    expect(codeOf(() => start().addSource('all', /i/))).toBeUndefined()
  })

  test('two stores of one name, but not the same store twice', () => {
    const shared = store('s')
    const twice = (second: StoreBuilder): Topology =>
      start()
        .addProcessor('p', nothing, 'src', { stores: [shared] })
        .addProcessor('q', nothing, 'src', { stores: [second] })
    expect(codeOf(() => twice(shared))).toBeUndefined()
    expect(codeOf(() => twice(store('s')))).toBe('MILLRACE_NAME_TAKEN')
  })

  test('a store for a source or sink', () => {
    expect(codeOf(() => start().addStateStore(store('s'), 'src'))).toBe('MILLRACE_STORE_NOT_CONNECTABLE')
    expect(codeOf(() => start().addSink('k', 'o', 'src').addStateStore(store('s'), 'k'))).toBe(
      'MILLRACE_STORE_NOT_CONNECTABLE',
    )
  })

  test('connecting no store, or one that is not there', () => {
    const topology = start().addProcessor('p', nothing, 'src')
    expect(codeOf(() => topology.connectProcessorAndStateStores('p'))).toBe('MILLRACE_STORE_UNKNOWN')
    expect(codeOf(() => topology.connectProcessorAndStateStores('p', 's'))).toBe('MILLRACE_STORE_UNKNOWN')
  })

  test('a supplier that returns the same object twice, or none', () => {
    const same = nothing()
    expect(codeOf(() => start().addProcessor('p', () => same, 'src'))).toBe('MILLRACE_SUPPLIER_INVALID')
    expect(codeOf(() => start().addProcessor('p', (() => undefined) as never, 'src'))).toBe('MILLRACE_SUPPLIER_INVALID')
    expect(codeOf(() => start().addProcessor('p', same as never, 'src'))).toBe('MILLRACE_SUPPLIER_INVALID')
  })

  test('a reset policy that is none', () => {
    expect(codeOf(() => new Topology().addSource('s', 'in', { offsetReset: 'first' as never }))).toBe(
      'MILLRACE_OPTION_INVALID',
    )
    expect(codeOf(() => new Topology().addSource('s', 'in', { offsetReset: { byDuration: 'x' as never } }))).toBe(
      'MILLRACE_OPTION_INVALID',
    )
  })
})

test('reset policies are compiled to milliseconds', () => {
  const { subTopologies } = new Topology().addSource('s', 'in', { offsetReset: { byDuration: '2m' } }).compile()
  expect(subTopologies[0]?.nodes[0]).toMatchObject({ offsetReset: { byDurationMs: 120_000 } })
})

test.each([
  ['a-B.c_9', undefined],
  ['', 'MILLRACE_NAME_INVALID'],
  ['..', 'MILLRACE_NAME_INVALID'],
  ['ä', 'MILLRACE_NAME_INVALID'],
  ['x'.repeat(249), undefined],
  ['x'.repeat(250), 'MILLRACE_NAME_INVALID'],
])('the name %j is checked as Kafka checks topics', (name, code) => {
  expect(codeOf(() => checkName(name))).toBe(code)
})

describe('description', () => {
  test('of streams that part and meet a hundred times is done at once', () => {
    const ladder = new Topology().addSource('n0', 'in')
    for (let i = 0; i < 100; i++) {
      ladder.addProcessor(`a${i}`, nothing, `n${i}`).addProcessor(`b${i}`, nothing, `n${i}`)
      ladder.addProcessor(`n${i + 1}`, nothing, [`a${i}`, `b${i}`])
    }
    expect(ladder.describe().toString().split('Processor:')).toHaveLength(301)
  })

  const topology = new Topology()
    .addSource('src', ['a', 'b'])
    .addProcessor('p', nothing, 'src', { stores: [store('s')] })
    .addSink(
      'k',
      function chosen() {
        return 'x'
      },
      'p',
    )
    .addSink('fixed "1"', 'out', ['p', 'src'])

  test('as JSON has a version and every node once', () => {
    expect(JSON.parse(JSON.stringify(topology.describe()))).toMatchObject({
      version: 1,
      subTopologies: [
        {
          id: 0,
          kind: 'sub-topology',
          nodes: [
            { kind: 'source', name: 'src', topics: ['a', 'b'], predecessors: [], successors: ['p', 'fixed "1"'] },
            { kind: 'processor', name: 'p', stores: ['s'], predecessors: ['src'], successors: ['fixed "1"', 'k'] },
            { kind: 'sink', name: 'fixed "1"', topic: 'out', predecessors: ['src', 'p'], successors: [] },
            { kind: 'sink', name: 'k', topicLabel: 'chosen', predecessors: ['p'], successors: [] },
          ],
        },
      ],
      stores: [{ name: 's', kind: 'keyValue', persistent: null, caching: false, changelogTopic: 's-changelog' }],
      repartitionTopics: [],
    })
  })

  test('as Mermaid draws nodes, topics and stores, with names escaped', () => {
    expect(topology.describe().toMermaid()).toBe(`flowchart TD
  subgraph sub0["Sub-topology 0"]
    node0(["src"])
    node1["p"]
    node2(["fixed #quot;1#quot;"])
    node3(["k"])
  end
  topic4[/"a"/]
  topic5[/"b"/]
  store6[("s")]
  topic7[/"out"/]
  topic8[/"chosen"/]
  topic4 --> node0
  topic5 --> node0
  node0 --> node1
  node0 --> node2
  node1 --> node2
  node1 --> node3
  node1 -.- store6
  node2 --> topic7
  node3 --> topic8
`)
  })
})

test('a global store has a number in the description, and no task', () => {
  const topology = new Topology()
    .addSource('src', 'in')
    .addGlobalStore(store('g'), 'gs', 'topic', 'gp', nothing, strings)
  expect(topology.describe().toString()).toBe(
    `Topologies:
   Sub-topology: 0
    Source: src (topics: [in])
      --> none

  Sub-topology: 1 for global store (will not generate tasks)
    Source: gs (topics: [topic])
      --> gp
    Processor: gp (stores: [g])
      --> none
      <-- gs
`,
  )
  const { subTopologies, globalStores } = topology.compile()
  expect([subTopologies.map(({ id }) => id), globalStores.map(({ topic }) => topic)]).toEqual([[0], ['topic']])
})

import { describe, expect, it } from 'vitest'
import { planTopology, TopicNames } from '../../../src/runtime/topology-plan.ts'
import type { TopologyPlan } from '../../../src/runtime/topology-plan.ts'
import type {
  CompiledTopology,
  RepartitionTopic,
  SubTopology,
  TopologyNode,
} from '../../../src/topology/topology-node.ts'

const source = (name: string, topics: readonly string[] | RegExp): TopologyNode => ({
  kind: 'source',
  name,
  topics,
  admitsNull: true,
})
const sink = (name: string, topic: string): TopologyNode => ({ kind: 'sink', name, parents: [], topic })

function subTopology(id: number, nodes: readonly TopologyNode[], stores: readonly string[] = []): SubTopology {
  return {
    id,
    nodes,
    stores: stores.map((name) => ({
      spec: { kind: 'timestampedKeyValue', name, caching: true, logging: true, changelogConfig: { 'segment.ms': '5' } },
      changelogTopic: `${name}-changelog`,
      changelogIsSource: false,
    })),
  }
}

function plan(
  subTopologies: readonly SubTopology[],
  repartitionTopics: readonly RepartitionTopic[],
  counts: Readonly<Record<string, number>>,
  copartitionGroups: CompiledTopology['copartitionGroups'] = [],
): TopologyPlan {
  const nodeNames = subTopologies.flatMap(({ nodes }) => nodes.map(({ name }) => name))
  const topology: CompiledTopology = {
    nodeNames,
    subTopologies,
    globalStores: [],
    repartitionTopics,
    copartitionGroups,
  }
  return planTopology({
    topology,
    names: new TopicNames(topology, 'app'),
    partitionCount: (topic) => counts[topic],
    existingTopics: Object.keys(counts),
    replicationFactor: -1,
  })
}

const partitionsOf = (result: TopologyPlan): Record<string, number> =>
  Object.fromEntries(result.internalTopics.map(({ name, partitions }) => [name, partitions]))

describe('planTopology', () => {
  it('makes a task per partition of the largest source topic of a sub-topology', () => {
    const result = plan([subTopology(0, [source('s', ['a', 'b'])])], [], { a: 2, b: 3 })
    expect(result.taskIds).toEqual(['0_0', '0_1', '0_2'])
  })

  it('gives a repartition topic the count of what feeds it, through several repartitions', () => {
    const result = plan(
      [
        subTopology(0, [source('s', ['in']), sink('k1', 'one')]),
        subTopology(1, [source('s1', ['two']), sink('k3', 'three')]),
        subTopology(2, [source('s2', ['one']), sink('k2', 'two')]),
        subTopology(3, [source('s3', ['three'])], ['counts']),
      ],
      [
        { name: 'three', partitions: undefined },
        { name: 'two', partitions: undefined },
        { name: 'one', partitions: undefined },
      ],
      { in: 5 },
    )
    expect(partitionsOf(result)).toEqual({ 'app-one': 5, 'app-two': 5, 'app-three': 5, 'app-counts-changelog': 5 })
  })

  it('keeps the count that the application gave a repartition topic', () => {
    const result = plan(
      [subTopology(0, [source('s', ['in']), sink('k', 'r')]), subTopology(1, [source('s1', ['r'])], ['n'])],
      [{ name: 'r', partitions: 8 }],
      { in: 2 },
    )
    expect(partitionsOf(result)).toEqual({ 'app-r': 8, 'app-n-changelog': 8 })
    expect(result.taskIds).toHaveLength(10)
  })

  it('creates changelogs compacted and repartition topics without expiry', () => {
    const result = plan(
      [subTopology(0, [source('s', ['in']), sink('k', 'r')]), subTopology(1, [source('s1', ['r'])], ['n'])],
      [{ name: 'r', partitions: undefined }],
      { in: 1 },
    )
    expect(result.internalTopics.map(({ name, config }) => [name, config])).toEqual([
      [
        'app-r',
        {
          'cleanup.policy': 'delete',
          'segment.bytes': '52428800',
          'retention.ms': '-1',
          'message.timestamp.type': 'CreateTime',
        },
      ],
      ['app-n-changelog', { 'cleanup.policy': 'compact', 'message.timestamp.type': 'CreateTime', 'segment.ms': '5' }],
    ])
  })

  it.each([
    ['window', { retentionMs: 5 }, { 'cleanup.policy': 'compact,delete', 'retention.ms': '86400005' }],
    ['timestampedWindow', { retentionMs: 5 }, { 'cleanup.policy': 'compact,delete', 'retention.ms': '86400005' }],
    ['session', { retentionMs: 5 }, { 'cleanup.policy': 'compact,delete', 'retention.ms': '86400005' }],
    [
      'timestampedWindow',
      { retentionMs: Number.MAX_SAFE_INTEGER },
      { 'cleanup.policy': 'compact,delete', 'retention.ms': '9223372036854775807' },
    ],
    ['versioned', { historyRetentionMs: 5 }, { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '86400005' }],
    ['changeBuffer', {}, { 'cleanup.policy': 'compact' }],
    [
      'session',
      { retentionMs: 5, changelogConfig: { 'retention.ms': '1' } },
      { 'cleanup.policy': 'compact,delete', 'retention.ms': '1' },
    ],
  ] as const)('creates the changelog of a store of kind %s as long as its records live', (kind, more, config) => {
    const spec = { kind, name: 's', caching: false, logging: true, changelogConfig: {}, ...more }
    const store = { spec, changelogTopic: 's-changelog', changelogIsSource: false }
    const result = plan([{ id: 0, nodes: [source('a', ['in'])], stores: [store] }], [], { in: 1 })
    expect(result.internalTopics[0]?.config).toEqual({ 'message.timestamp.type': 'CreateTime', ...config })
  })

  it('resolves patterns as a whole-name match, without internal topics of the broker', () => {
    const result = plan([subTopology(0, [source('s', /t-[0-9]/)])], [], { 't-1': 1, 't-22': 4, '__t-1': 9, 't-2': 2 })
    expect([...(result.subTopologies[0]?.sourceTopics.keys() ?? [])]).toEqual(['t-1', 't-2'])
    expect(result.taskIds).toHaveLength(2)
  })

  it('names the input topic that does not exist', () => {
    expect(() => plan([subTopology(0, [source('s', ['gone'])])], [], {})).toThrow(
      "the input topic 'gone' does not exist; create it",
    )
  })

  it('names both topics, with their counts, that are not co-partitioned', () => {
    const run = (): unknown =>
      plan([subTopology(0, [source('s', ['a']), source('t', ['b'])])], [], { a: 12, b: 8 }, [['a', 'b']])
    expect(run).toThrow("topics 'a' (12 partitions) and 'b' (8) are not co-partitioned")
  })

  it('wants the topics that a pattern matches co-partitioned, too, and lets repartition topics adapt to them', () => {
    const joined = [
      subTopology(0, [source('s', ['in']), sink('k', 'r')]),
      subTopology(1, [source('s1', ['r']), source('t', /b-.*/)]),
    ]
    const topics = [{ name: 'r', partitions: undefined }]
    const groups = [['r', /b-.*/]]
    expect(partitionsOf(plan(joined, topics, { in: 2, 'b-1': 6, 'b-2': 6 }, groups))).toEqual({ 'app-r': 6 })
    expect(() => plan(joined, topics, { in: 2, 'b-1': 6, 'b-2': 5 }, groups)).toThrow(
      "topics 'b-1' (6 partitions) and 'b-2' (5) are not co-partitioned",
    )
  })

  it('lets a repartition topic adapt to the topics that it is joined with', () => {
    const result = plan(
      [
        subTopology(0, [source('s', ['in']), sink('k', 'r')]),
        subTopology(1, [source('s1', ['r']), source('t', ['b'])]),
      ],
      [{ name: 'r', partitions: undefined }],
      { in: 2, b: 6 },
      [['r', 'b']],
    )
    expect(partitionsOf(result)).toEqual({ 'app-r': 6 })
  })

  it('says so when a repartition topic feeds only itself', () => {
    const run = (): unknown =>
      plan([subTopology(0, [source('s', ['r']), sink('k', 'r')])], [{ name: 'r', partitions: undefined }], {})
    expect(run).toThrow("the repartition topic 'app-r' is fed by no existing topic")
  })
})

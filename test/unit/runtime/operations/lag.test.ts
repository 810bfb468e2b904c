import { describe, expect, it } from 'vitest'
import type { TopicPartitionKey } from '../../../../src/common/topic-partition.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { lagRate, lagReport } from '../../../../src/runtime/operations/lag.ts'
import type { LagFacts } from '../../../../src/runtime/operations/lag.ts'
import { planTopology, TopicNames } from '../../../../src/runtime/topology-plan.ts'
import { serdes } from '../../../../src/serde/serdes.ts'

const text = { key: serdes.string, value: serdes.string }

function twoSubTopologies(partitions: number) {
  const builder = new StreamsBuilder()
  builder.stream('a', text).to('b', text)
  builder.stream('c', text).to('d', text)
  const topology = builder.build().compile({})
  return planTopology({
    topology,
    names: new TopicNames(topology, 'app'),
    partitionCount: () => partitions,
    existingTopics: [],
    replicationFactor: -1,
  })
}

type Log = readonly [start: number, end: number, stable?: number]

function facts(
  logs: Readonly<Record<string, Log>>,
  committed: Readonly<Record<string, number>> = {},
  more: Partial<LagFacts> = {},
): LagFacts {
  return {
    atMs: 100_000,
    group: undefined,
    committed: new Map(Object.entries(committed)) as unknown as LagFacts['committed'],
    partitions: new Map(
      Object.entries(logs).map(([key, [logStart, highWatermark, lastStableOffset = highWatermark]]) => [
        key as TopicPartitionKey,
        { logStart, highWatermark, lastStableOffset },
      ]),
    ),
    unknown: new Map(),
    nextTimestamps: new Map(),
    ...more,
  }
}

describe('Lag', () => {
  it('looks at each member once, however many partitions there are', () => {
    let looks = 0
    const members = Array.from({ length: 50 }, (_, index) => ({
      memberId: `m${index}`,
      clientId: `c${index}`,
      host: 'h',
      tasks: [],
      get partitions() {
        looks++
        return [{ topic: 'a', partition: index }]
      },
    }))
    const logs = Object.fromEntries(members.map((_, index) => [`a-${index}`, [0, 10] as const]))
    const report = lagReport('app', facts(logs, {}, { group: { state: 'Stable', members } }), undefined)
    expect(report.partitions[49]).toMatchObject({ partition: 49, owner: 'c49 at h' })
    // Once for which partitions there are, and once for whose they are.
    expect(looks).toBe(2 * members.length)
  })

  it('counts from what is committed to where the log ends, per partition, task, sub-topology and in all', () => {
    const given = facts(
      { 'a-0': [0, 10], 'a-1': [0, 20], 'c-0': [0, 5], 'c-1': [0, 5] },
      { 'a-0': 10, 'a-1': 15, 'c-0': 1 },
    )
    const report = lagReport('app', given, twoSubTopologies(2))
    expect(report.partitions.map(({ taskId, topic, partition, lag }) => [taskId, topic, partition, lag])).toEqual([
      ['0_0', 'a', 0, 0],
      ['0_1', 'a', 1, 5],
      ['1_0', 'c', 0, 4],
      ['1_1', 'c', 1, 5],
    ])
    expect(report.tasks.map(({ taskId, lag }) => [taskId, lag])).toEqual([
      ['0_0', 0],
      ['0_1', 5],
      ['1_0', 4],
      ['1_1', 5],
    ])
    expect(report.subTopologies).toMatchObject([
      { subTopology: 0, tasks: 2, lag: 5 },
      { subTopology: 1, tasks: 2, lag: 9 },
    ])
    expect(report.total).toMatchObject({ lag: 14, partitions: 4, uncommitted: 1, lost: 0 })
  })

  it('counts from the beginning of the log where nothing is committed, and tells what was lost before it', () => {
    const report = lagReport('app', facts({ 'a-0': [100, 110], 'a-1': [100, 110] }, { 'a-1': 40 }), twoSubTopologies(2))
    expect(report.partitions.map(({ committed, lag, lost }) => [committed, lag, lost])).toEqual([
      [null, 10, 0],
      [40, 10, 60],
    ])
    expect(report.total).toMatchObject({ lag: 20, uncommitted: 1, lost: 60 })
  })

  it('is as old as the next record, and none of a partition without lag', () => {
    const nextTimestamps = new Map<TopicPartitionKey, number>([
      ['a-0', 90_000],
      ['a-1', 1],
      ['c-0', 99_000],
      ['c-1', 200_000],
    ])
    const logs = { 'a-0': [0, 10], 'a-1': [0, 10], 'c-0': [0, 10], 'c-1': [0, 10] } as const
    const report = lagReport('app', facts(logs, { 'a-1': 10 }, { nextTimestamps }), twoSubTopologies(2))
    expect(report.partitions.map(({ lagMs }) => lagMs)).toEqual([10_000, null, 1000, 0])
    expect(report.subTopologies.map(({ lagMs }) => lagMs)).toEqual([10_000, 1000])
    expect(report.total.lagMs).toBe(10_000)
  })

  it('of topics that are not there yet is left out', () => {
    expect(lagReport('app', facts({ 'a-0': [0, 1] }), twoSubTopologies(1)).partitions).toHaveLength(1)
  })

  it('names who has the task, and without a topology who has the partition', () => {
    const member = { memberId: 'm', clientId: 'app', host: '10.0.0.1' }
    const group = {
      state: 'Stable',
      members: [
        { ...member, tasks: ['0_0'], partitions: [{ topic: 'a', partition: 0 }] },
        { ...member, host: '10.0.0.2', tasks: [], partitions: [{ topic: 'c', partition: 0 }] },
      ],
    }
    const given = facts({ 'a-0': [0, 1], 'c-0': [0, 1], 'z-0': [0, 3] }, { 'z-0': 1 }, { group })
    const owners = ({ partitions }: ReturnType<typeof lagReport>) =>
      partitions.map(({ topic, owner }) => [topic, owner])
    expect(owners(lagReport('app', given, twoSubTopologies(1)))).toEqual([
      ['a', 'app at 10.0.0.1'],
      ['c', 'app at 10.0.0.2'],
    ])
    const without = lagReport('app', given, undefined)
    expect(owners(without)).toEqual([
      ['a', 'app at 10.0.0.1'],
      ['c', 'app at 10.0.0.2'],
      ['z', null],
    ])
    expect([without.tasks, without.subTopologies]).toEqual([[], []])
    expect(without.group).toEqual({ state: 'Stable', members: 2 })
  })

  it('has a rate and a time to catch up, of two reports', () => {
    const plan = twoSubTopologies(1)
    const before = lagReport('app', facts({ 'a-0': [0, 100] }, { 'a-0': 10 }), plan)
    const after = lagReport('app', facts({ 'a-0': [0, 110] }, { 'a-0': 60 }, { atMs: 102_000 }), plan)
    expect(lagRate(before, after)).toEqual({ perSecond: 25, catchUpMs: 2500 })
    expect(lagRate(after, { ...before, atMs: 104_000 })).toMatchObject({ catchUpMs: null })
    expect(lagRate(before, before)).toBeUndefined()
  })
})

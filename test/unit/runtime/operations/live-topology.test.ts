import { expect, it } from 'vitest'
import type { LagReport, PartitionLag } from '../../../../src/runtime/operations/lag.ts'
import { liveTopology } from '../../../../src/runtime/operations/live-topology.ts'

function row(taskId: string, topic: string, committed: number | null, end: number): PartitionLag {
  const [subTopology = 0, partition = 0] = taskId.split('_').map(Number)
  const lag = end - (committed ?? 0)
  const facts = { owner: null, logStart: 0, lastStableOffset: end, lagMs: lag > 0 ? lag : null, lost: 0, unknown: null }
  return { topic, partition, subTopology, taskId, committed, end, lag, ...facts }
}

function report(atMs: number, partitions: readonly PartitionLag[]): LagReport {
  const taskIds = [...new Set(partitions.map(({ taskId }) => taskId ?? ''))]
  const sum = { lag: 0, lagMs: null, partitions: 0, unknown: 0 }
  const tasks = taskIds.map((taskId) => ({ taskId, subTopology: Number(taskId.split('_')[0]), owner: 'app', ...sum }))
  const total = { ...sum, uncommitted: 0, lost: 0 }
  return {
    applicationId: 'app',
    atMs,
    group: { state: 'Stable', members: 1 },
    partitions,
    tasks,
    subTopologies: [],
    total,
  }
}

it('counts what was committed and written between two looks, per task and topic', () => {
  const before = report(1000, [row('0_0', 'a', 10, 20), row('0_1', 'a', 5, 5), row('0_0', 'b', 0, 0)])
  const after = report(1500, [row('0_0', 'a', 30, 30), row('0_1', 'a', 5, 10), row('0_0', 'b', 5, 8)])
  const live = liveTopology(before, after)
  expect(live).toMatchObject({ atMs: 1500, intervalMs: 500, groupState: 'Stable' })
  expect(live.tasks).toMatchObject([
    { taskId: '0_0', processedPerSecond: 50 },
    { taskId: '0_1', processedPerSecond: 0 },
  ])
  expect(live.topics).toMatchObject([
    { topic: 'a', partitions: 2, lag: 5, lagMs: 5, writtenPerSecond: 30, processedPerSecond: 40 },
    { topic: 'b', partitions: 1, lag: 3, lagMs: 3, writtenPerSecond: 16, processedPerSecond: 10 },
  ])
})

it('has no rate below zero where offsets were reset, and none of a partition that was not there', () => {
  const before = report(1000, [row('0_0', 'a', 10, 10)])
  const after = report(2000, [row('0_0', 'a', 0, 10), row('0_1', 'a', 7, 9)])
  expect(liveTopology(before, after).topics).toMatchObject([{ writtenPerSecond: 0, processedPerSecond: 0 }])
})

it('counts nothing of a partition whose log is not known in one of the looks', () => {
  const unknown = { logStart: null, end: null, lastStableOffset: null, lag: null, lagMs: null, unknown: 'no leader' }
  const known = row('0_1', 'a', null, 9)
  const rows = [row('0_0', 'a', 30, 30), { ...known, ...unknown }]
  const live = liveTopology(report(1000, [row('0_0', 'a', 20, 20), known]), report(2000, rows))
  expect(live.topics).toMatchObject([{ partitions: 2, lag: 0, writtenPerSecond: 10, processedPerSecond: 10 }])
  const back = liveTopology(report(1000, rows), report(2000, [row('0_0', 'a', 30, 30), known]))
  expect(back.topics).toMatchObject([{ lag: 9, writtenPerSecond: 0, processedPerSecond: 0 }])
})

import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { nullable } from '../../../../src/serde/serde.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import type { Topology } from '../../../../src/topology/topology.ts'
import { taskFixture } from '../../../support/task-fixture.ts'

const text = { key: serdes.string, value: serdes.string }
const source = { 'processor-node-id': 'KSTREAM-SOURCE-0000000000' }
const sink = { 'processor-node-id': 'KSTREAM-SINK-0000000001' }

function passing(): Topology {
  const builder = new StreamsBuilder()
  const either = { key: nullable(serdes.string), value: nullable(serdes.string) }
  builder.stream('in', either).to('out', text)
  return builder.build()
}

function counting(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .groupByKey()
    .count({ store: 'counts' })
    .toStream()
    .to('out', { key: serdes.string, value: serdes.int64 })
  return builder.build()
}

describe('The metrics of a task', () => {
  it('tell how long records took to its sources and its ends, by the clock at the end of the slice', () => {
    const fixture = taskFixture(passing())
    const { task, metrics, clock } = fixture
    for (const timestamp of [1000, 4000, 2500]) fixture.add('in', 'k', 'v', timestamp)
    clock.nowMs = 5000
    task.process(Infinity)
    for (const node of [source, sink]) {
      expect(metrics.get('record-e2e-latency-avg', node)).toBe(2500)
      expect(metrics.get('record-e2e-latency-min', node)).toBe(1000)
      expect(metrics.get('record-e2e-latency-max', node)).toBe(4000)
    }
    expect(metrics.get('record-e2e-latency-seconds', sink)).toBe(3)
  })

  it('tell by how much records are behind stream time, those in order among them', () => {
    const fixture = taskFixture(passing())
    const { task, metrics } = fixture
    for (const timestamp of [1000, 5000, 2000, 4000]) fixture.add('in', 'k', 'v', timestamp)
    task.process(Infinity)
    expect(metrics.get('record-lateness-avg')).toBe(1000)
    expect(metrics.get('record-lateness-max')).toBe(3000)
  })

  it('count records of topics on both sides, and the bytes of what is written', () => {
    const fixture = taskFixture(passing())
    const { task, metrics } = fixture
    fixture.add('in', 'key', 'value', 0)
    fixture.add('in', 'key', null, 1)
    fixture.add('in', null, 'v', 2)
    task.process(Infinity)
    expect(metrics.get('records-consumed-total', { topic: 'in' })).toBe(3)
    expect(metrics.get('bytes-consumed-total', { topic: 'in' })).toBeGreaterThan(0)
    expect(metrics.get('records-produced-total', { topic: 'out' })).toBe(3)
    expect(metrics.get('bytes-produced-total', { topic: 'out' })).toBe(3 + 5 + 3 + 1)
  })

  it('do not count as written what the producer refuses', () => {
    const onAppend = (): void => {
      throw Object.assign(new Error('too large'), { code: 'MILLRACE_RECORD_TOO_LARGE' })
    }
    const fixture = taskFixture(passing(), { config: { onProductionError: 'skip' }, onAppend })
    const { task, metrics } = fixture
    fixture.add('in', 'key', 'value', 0)
    task.process(Infinity)
    expect(metrics.get('dropped-records-total')).toBe(1)
    expect(metrics.get('records-produced-total', { topic: 'out' })).toBe(0)
    expect(metrics.get('bytes-produced-total', { topic: 'out' })).toBe(0)
  })

  it('count what a flush writes, with its latency', () => {
    const fixture = taskFixture(counting(), { config: { cacheMaxBytes: 1_000_000 } })
    const { task, metrics, clock } = fixture
    fixture.add('in', 'a', 'v', 100)
    fixture.add('in', 'a', 'v', 200)
    clock.nowMs = 300
    task.process(Infinity)
    expect(metrics.get('records-produced-total')).toBe(0)
    clock.nowMs = 700
    task.flush(Infinity)
    expect(metrics.get('records-produced-total')).toBe(1)
    expect(metrics.get('record-e2e-latency-max', { 'processor-node-id': 'KSTREAM-SINK-0000000003' })).toBe(500)
  })

  it('count what is done to stores, and what a commit has put into them', () => {
    const fixture = taskFixture(counting())
    const { metrics, task } = fixture
    for (const key of ['a', 'b', 'a']) fixture.add('in', key, 'v', 0)
    task.process(Infinity)
    const store = { 'state-id': 'counts', 'store-type': 'key-value-state' }
    expect(metrics.get('get-total', store)).toBe(3)
    expect(metrics.get('put-total', store)).toBe(3)
    expect(metrics.get('num-keys', store)).toBe(0)
    fixture.commit()
    expect(metrics.get('num-keys', store)).toBe(2)
  })

  it('go on after a rollback, which makes the processors anew', () => {
    const fixture = taskFixture(passing())
    const { task, metrics } = fixture
    fixture.add('in', 'k', 'v', 0)
    task.process(Infinity)
    task.rollback()
    task.initialize()
    task.resume('in-0', 1, undefined)
    fixture.add('in', 'k', 'v', 1)
    task.process(Infinity)
    expect(metrics.get('process-total', source)).toBe(2)
    expect(metrics.get('records-produced-total', sink)).toBe(2)
  })

  it('are gone with the task, but for histograms, which must not fall', () => {
    const fixture = taskFixture(passing())
    const { task, metrics } = fixture
    fixture.add('in', 'k', 'v', 0)
    task.process(Infinity)
    task.close()
    expect(
      [...metrics].map(({ definition }) => definition.name).filter((name) => name !== 'record-e2e-latency-seconds'),
    ).toEqual([])
    expect(metrics.get('record-e2e-latency-seconds', source)).toBe(1)
  })
})

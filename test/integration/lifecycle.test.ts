/** The states of an application: what may be called when, and how each ends. */
import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { StreamsState } from '../../src/runtime/streams-events.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

function failingOn(bad: string): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: serdes.string, value: serdes.string })
    .peek((value) => {
      if (value === bad) throw new Error('a bad value')
    })
    .groupByKey()
    .count({ store: 'counts' })
    .toStream()
    .to('out', { key: serdes.string, value: serdes.int64 })
  return builder.build()
}

describe('KafkaStreams', () => {
  it('goes through its states in order, and says so', async () => {
    await using cluster = await Cluster.start({ in: 2, out: 1 })
    const app = cluster.app(countByKey())
    const seen: string[] = []
    app.on('state', ({ from, to }) => seen.push(`${from}>${to}`))
    const assigned: string[] = []
    app.on('rebalance', (event) => assigned.push(...event.assigned))
    expect(app.state).toBe('CREATED')
    await app.start()
    expect(app.state).toBe('RUNNING')
    expect(assigned).toEqual(['0_0', '0_1'])
    await app.close()
    await app.close()
    expect(seen).toEqual([
      'CREATED>REBALANCING',
      'REBALANCING>RUNNING',
      'RUNNING>PENDING_SHUTDOWN',
      'PENDING_SHUTDOWN>NOT_RUNNING',
    ])
  })

  it('can be closed before it was started, and not be started after', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(countByKey())
    await app.close()
    expect(app.state).toBe('NOT_RUNNING')
    await expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_STARTED_BEFORE' })
  })

  it('ends cleanly when it is closed while it starts', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(countByKey())
    const started = expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_CLOSED' })
    await app.close()
    await started
    expect(app.state).toBe('NOT_RUNNING')
  })

  it('ends when the signal given to start is aborted', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(countByKey())
    const abort = new AbortController()
    const started = expect(app.start({ signal: abort.signal })).rejects.toMatchObject({ code: 'MILLRACE_CLOSED' })
    abort.abort()
    await started
    await app.stateIs('NOT_RUNNING')
  })

  it('rejects stateIs after its time-out and when the state cannot be reached any more', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(countByKey())
    await expect(app.stateIs('RUNNING', { timeoutMs: 5 })).rejects.toMatchObject({ code: 'MILLRACE_TIMEOUT' })
    await app.close()
    await expect(app.stateIs('RUNNING')).rejects.toMatchObject({ code: 'MILLRACE_CLOSED' })
  })

  it('takes no records while it is paused, and goes on where it was', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(countByKey())
    await app.start()
    app.pause()
    await cluster.produce('in', [['k', 'a']])
    const before = app.metrics.get('process-total')
    await cluster.produce('in', [['k', 'b']])
    expect(app.metrics.get('process-total')).toBe(before)
    app.resume()
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 2]]))
  })

  it('stops at a record that fails, with nothing of it committed', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(failingOn('poison'))
    const errors: Error[] = []
    app.on('error', ({ error }) => errors.push(error))
    await app.start()
    await cluster.produce('in', [['k', 'fine']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await cluster.produce('in', [
      ['k', 'poison'],
      ['k', 'behind it'],
    ])
    await app.stateIs('ERROR')
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ code: 'MILLRACE_PROCESSING_FAILED', taskId: '0_0' })
    const committed = await cluster.client.committedOffsets('app', partitionsOf('in', 1), { requireStable: true })
    expect(committed.get('in-0')?.offset).toBe(1)
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))
  })

  it('commits what comes before a record that fails, also what was processed together with it', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(failingOn('poison'), { commitIntervalMs: 5000 })
    await app.start()
    await cluster.produce('in', [
      ['k', 'a'],
      ['k', 'b'],
      ['k', 'poison'],
      ['k', 'behind it'],
    ])
    await app.stateIs('ERROR')
    const committed = await cluster.client.committedOffsets('app', partitionsOf('in', 1), { requireStable: true })
    expect(committed.get('in-0')?.offset).toBe(2)
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 2]]))
  })

  it('starts once', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(countByKey())
    await app.start()
    await expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_STARTED_BEFORE' })
    expect(cluster.broker.controls.memberIds('app')).toHaveLength(1)
  })

  it('refuses a topology that reads nothing', async () => {
    await using cluster = await Cluster.start({})
    expect(() => cluster.app(new StreamsBuilder().build())).toThrow('reads no topic')
  })

  it('warns where it fails and nobody listens', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(failingOn('poison'))
    await app.start()
    const warned = new Promise<string>((resolve) => process.once('warning', ({ message }) => resolve(message)))
    await cluster.produce('in', [['k', 'poison']])
    expect(await warned).toContain("application 'app' stops: task 0_0")
  })

  it('starts its thread again where it is told to, and meets the record again', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    let isFixed = false
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: serdes.string, value: serdes.string })
      .filter(() => {
        if (!isFixed) throw new Error('not yet')
        return true
      })
      .groupByKey()
      .count({ store: 'counts' })
      .toStream()
      .to('out', { key: serdes.string, value: serdes.int64 })
    const app = cluster.app(builder.build(), { onUncaughtError: 'replaceThread' })
    const states: StreamsState[] = []
    app.on('state', ({ to }) => states.push(to))
    app.on('error', () => (isFixed = true))
    await app.start()
    await cluster.produce('in', [['k', 'a']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))
    // Rolled back and stopped before the record, then with a new thread.
    expect(states).toEqual(['REBALANCING', 'RUNNING', 'REBALANCING', 'RUNNING', 'REBALANCING', 'RUNNING'])
  })

  it('goes on with the next record where the policy says skip, and counts the one it skipped', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(failingOn('poison'), { onProcessingError: 'skip' })
    await app.start()
    await cluster.produce('in', [
      ['k', 'a'],
      ['k', 'poison'],
      ['k', 'b'],
    ])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 2]]))
    expect(app.metrics.get('dropped-records-total')).toBe(1)
    expect(app.metrics.prometheus()).toMatch(/^kafka_stream_task_dropped_records_total\{.*\} 1$/m)
  })

  it('reads from the end where the reset policy is latest, and again from there after a rollback', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    await cluster.produce('in', [['k', 'before']])
    const app = cluster.app(countByKey(), { offsetReset: 'latest' })
    await app.start()
    cluster.broker.controls.disconnect('request', { api: 'TxnOffsetCommit', clientId: 'app' })
    await cluster.produce('in', [['k', 'after']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))
  })

  it('refuses a partition without an offset where the reset policy is none', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(countByKey(), { offsetReset: 'none' })
    await expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_OFFSET_RESET_NONE' })
    expect(app.state).toBe('ERROR')
  })

  it('counts at least once without transactions', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(countByKey(), { processingGuarantee: 'at_least_once', commitIntervalMs: 20 })
    await app.start()
    await cluster.produce(
      'in',
      Array.from({ length: 20 }, () => ['k', 'v'] as const),
    )
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await app.close()
    expect((await readCounts(cluster.client, 'out', 1)).counts.get('k')).toBe(20)
  })
})

/** The HTTP server of running applications: what its documents say, and when it listens. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { processMonitor } from '../../src/common/process-monitor.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import { slotInMemory } from '../../src/runtime/instance-identity.ts'
import type { StreamsInternals } from '../../src/runtime/kafka-streams.ts'
import type { ErrorsStatus } from '../../src/runtime/streams-status.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { KafkaStreams } from '../../src/server/serving-kafka-streams.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { fitsSchema } from '../support/cli-schema.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { ask } from '../support/http.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'

function serving(
  cluster: Cluster,
  topology: Topology,
  config: Partial<StreamsConfig> = {},
  internals: StreamsInternals = {},
): KafkaStreams {
  const kafka = cluster.kafka
  return cluster.closesFirst(
    new KafkaStreams(topology, { applicationId: 'app', kafka, http: '127.0.0.1:0', ...config }, internals),
  )
}

function portOf(app: KafkaStreams): number {
  return Number(app.httpAddress?.split(':').at(-1))
}

async function document(app: KafkaStreams, path: string, schema: string): Promise<Record<string, unknown>> {
  const { body } = await ask(portOf(app), path)
  return fitsSchema(schema, body) as Record<string, unknown>
}

describe('The HTTP server of an application', () => {
  it('tells of its tasks, stores, partitions and topology, in documents that fit their schemas', async () => {
    await using cluster = await Cluster.start({ in: 2, out: 2 })
    const app = serving(cluster, countByKey())
    await app.start()
    await cluster.produce('in', [
      ['a', 'x'],
      ['b', 'x'],
      ['a', 'x'],
    ])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 2))
    const status = await document(app, '/v1/status', 'http-status')
    expect(status).toMatchObject({
      applicationId: 'app',
      state: 'RUNNING',
      tasks: { running: 2, restoring: 0, assigned: 0 },
      lag: 0,
      restore: { remaining: 0, etaMs: 0 },
      errors: { total: 0, last: null },
    })
    expect(app.status()).toMatchObject({ applicationId: 'app', state: 'RUNNING', processId: status['processId'] })
    const tasks = await document(app, '/v1/tasks', 'http-tasks')
    expect(tasks['tasks']).toMatchObject([
      {
        taskId: '0_0',
        state: 'running',
        partitions: [{ topic: 'in', partition: 0, position: 3, committed: 3, highWatermark: 3, lag: 0 }],
        stores: [{ name: 'counts', kind: 'timestampedKeyValue', entries: 2 }],
      },
      { taskId: '0_1', partitions: [{ topic: 'in', partition: 1 }], stores: [{ entries: 0 }] },
    ])
    const topology = await document(app, '/v1/topology', 'http-topology')
    expect(topology['text']).toBe(countByKey().describe().toString())
    expect((await ask(portOf(app), '/readyz')).status).toBe(200)
    expect((await ask(portOf(app), '/metrics')).body).toMatch(
      /^kafka_stream_processor_node_process_total\{thread_id="app-[^"]+-StreamThread-1",task_id="0_0",processor_node_id="KSTREAM-SOURCE-0000000000"\} 3$/m,
    )
  })

  it('listens before Kafka answers: alive, not ready; and no more once it has closed', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const held = cluster.broker.controls.hold('request', { api: 'JoinGroup' })
    const app = serving(cluster, countByKey())
    const starting = app.start()
    await held.arrived
    const port = portOf(app)
    const early = await ask(port, '/readyz')
    expect(early.status).toBe(503)
    expect(fitsSchema('http-readyz', early.body)).toMatchObject({ status: 'notReady', state: 'REBALANCING' })
    expect((await ask(port, '/livez')).status).toBe(200)
    held.release()
    await starting
    expect((await ask(port, '/readyz')).status).toBe(200)
    await app.close()
    expect(app.httpAddress).toBeUndefined()
    await expect(ask(port, '/livez')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('has the port back after a start that failed', async () => {
    await using cluster = await Cluster.start({ out: 1 })
    const app = serving(cluster, countByKey())
    await expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_SOURCE_TOPIC_MISSING' })
    expect(app.httpAddress).toBeUndefined()
  })

  it('does not start on a port that is taken, and can be started when it is free', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const first = serving(cluster, countByKey())
    await first.start()
    const http = `127.0.0.1:${portOf(first)}`
    const second = serving(cluster, countByKey(), { http, applicationId: 'other' })
    await expect(second.start()).rejects.toMatchObject({ code: 'MILLRACE_HTTP_ADDRESS' })
    expect(second.state).toBe('CREATED')
    await first.close()
    await second.start()
    expect(second.state).toBe('RUNNING')
  })

  it('has the port back when it is closed while it starts', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const first = serving(cluster, countByKey())
    await first.start()
    const http = `127.0.0.1:${portOf(first)}`
    await first.close()
    const second = serving(cluster, countByKey(), { http })
    const starting = expect(second.start()).rejects.toMatchObject({ code: 'MILLRACE_STARTED_BEFORE' })
    await second.close()
    await serving(cluster, countByKey(), { http }).start()
    await starting
  })

  it('does not watch the event loop of the process once it was closed, started or not', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const started = serving(cluster, countByKey())
    await started.start()
    await started.close()
    const asked = serving(cluster, countByKey())
    asked.status()
    await asked.close()
    const http = 'name.invalid:0'
    await expect(serving(cluster, countByKey(), { http, httpToken: 'x'.repeat(32) }).start()).rejects.toMatchObject({
      code: 'MILLRACE_HTTP_ADDRESS',
    })
    const before = processMonitor.loopDelay
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, before.maxMs + 200)
    await setImmediate()
    await setImmediate()
    expect(processMonitor.loopDelay).toEqual(before)
  })

  it('tells which records failed and what became of them, and nothing of what was in them', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1, dlq: 1 })
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: serdes.string, value: serdes.string })
      .mapValues((value) => {
        if (value.startsWith('bad')) throw new Error(`cannot take ${value}`)
        return value
      })
      .to('out', { key: serdes.string, value: serdes.string })
    const app = serving(cluster, builder.build(), { onProcessingError: { deadLetter: 'dlq' } })
    await app.start()
    await cluster.produce('in', [
      ['k', 'good'],
      ['k', 'bad-content'],
    ])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    const { body } = await ask(portOf(app), '/v1/errors')
    expect(body).not.toContain('bad-content')
    expect(fitsSchema('http-errors', body)).toMatchObject({
      total: 1,
      errors: [
        {
          kind: 'record',
          code: 'MILLRACE_PROCESSING_FAILED',
          action: 'deadLetter',
          taskId: '0_0',
          node: 'KSTREAM-MAPVALUES-0000000001',
          topic: 'in',
          partition: 0,
          offset: 1,
        },
      ],
    })
    expect(app.metrics.get('dead-letters-total')).toBe(1)
    expect(app.metrics.get('dropped-records-total', { reason: 'processing' })).toBe(1)
  })

  it('goes on answering after the application has failed: not alive, and why', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const builder = new StreamsBuilder()
    builder.stream('in', { key: serdes.string, value: serdes.string }).forEach(() => {
      throw new Error('it fails')
    })
    const app = serving(cluster, builder.build())
    app.on('error', () => undefined)
    await app.start()
    await cluster.produce('in', [['k', 'v']])
    await app.stateIs('ERROR')
    const port = portOf(app)
    expect((await ask(port, '/livez')).status).toBe(503)
    const errors = await document(app, '/v1/errors', 'http-errors')
    expect(errors['errors']).toContainEqual(
      expect.objectContaining({ kind: 'fatal', code: 'MILLRACE_PROCESSING_FAILED', message: null, offset: 0 }),
    )
    await app.close()
    await expect(ask(port, '/livez')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('still tells what ended it after records by the thousand have failed, and how many it leaves out', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: serdes.string, value: serdes.string })
      .mapValues((value): string => {
        throw new Error(value)
      })
      .to('out', { key: serdes.string, value: serdes.string })
    let failures = 1
    const onProcessingError = (): 'fail' | 'skip' => (failures-- > 0 ? 'fail' : 'skip')
    const app = serving(cluster, builder.build(), { onProcessingError, onUncaughtError: 'replaceThread' })
    const { promise: failed, resolve } = Promise.withResolvers<void>()
    app.on('error', () => resolve())
    await app.start()
    await cluster.produce(
      'in',
      Array.from({ length: 1000 }, () => ['k', 'poison'] as const),
    )
    await failed
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    const { errors, total, leftOut } = (await document(app, '/v1/errors', 'http-errors')) as unknown as ErrorsStatus
    expect(errors).toHaveLength(100)
    expect(errors[0]).toMatchObject({ kind: 'record', action: 'skip', offset: 999 })
    expect(errors).toContainEqual(expect.objectContaining({ kind: 'record', action: 'fail', offset: 0 }))
    expect(errors).toContainEqual(expect.objectContaining({ kind: 'fatal', code: 'MILLRACE_PROCESSING_FAILED' }))
    expect({ total, leftOut }).toEqual({ total: 1002, leftOut: { record: 902, recovered: 0, fatal: 0 } })
  })

  it('tells that the disk is full and the state of a task is not written, once and not with every commit', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const disk = new MemoryFileSystem()
    const openSlot = () => Promise.resolve({ ...slotInMemory('0000'), directory: '/state/app/0' })
    const config = { stateDir: '/state', store: 'persistent' } as const
    const app = serving(cluster, countByKey(), config, { fileSystem: disk, openSlot })
    await app.start()
    await cluster.produce('in', [['k', 'a']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    disk.capacityBytes = disk.usedBytes
    for (const key of ['b', 'c', 'd']) {
      await cluster.produce('in', [[key, 'x']])
      await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    }
    expect(app.state).toBe('RUNNING')
    expect(await document(app, '/v1/errors', 'http-errors')).toMatchObject({
      total: 1,
      errors: [
        {
          kind: 'recovered',
          code: 'MILLRACE_STATE_WRITE_FAILED',
          reaction: 'retriable',
          taskId: '0_0',
          message: expect.stringMatching(/could not be written to \/state\/app\/0\/0_0.*ENOSPC.*make room/) as string,
        },
      ],
    })
    disk.capacityBytes = Number.POSITIVE_INFINITY
  })
})

/**
 * Records that fail, in a running application: what is skipped or written to a dead-letter topic belongs to the same
 * transaction as everything else, and what stops the application loses nothing before it.
 */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf, readRanges } from '../../src/cli/topic-reader.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import type { ErrorPolicy } from '../../src/processor/error-policy.ts'
import { keyView, valueView } from '../../src/processor/record-set.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'

const strings = { key: serdes.string, value: serdes.string }
const config = { sessionTimeoutMs: 6000, heartbeatIntervalMs: 100, commitIntervalMs: 30 }

/** Committed records of partition 0 as `key=value`, and their headers by name. */
async function read(
  client: KafkaClient,
  topic: string,
): Promise<{ readonly records: string[]; readonly headers: Record<string, string>[] }> {
  const ends = await client.listOffsets([{ topic, partition: 0, timestamp: -1 }], 'read_committed')
  const records: string[] = []
  const headers: Record<string, string>[] = []
  await readRanges(client, new Map([...ends].map(([key, end]) => [key, { start: 0, end }])), (cursor) => {
    records.push(`${keyView(cursor)?.toString() ?? 'null'}=${valueView(cursor)?.toString() ?? 'null'}`)
    headers.push(
      Object.fromEntries(cursor.headers().map(([name, value]) => [name, Buffer.from(value ?? []).toString()])),
    )
  })
  return { records, headers }
}

/** Integers are read, `odd` ones thrown at, and the others written, but not those beyond 2^31 - 1. */
function checked(onProcessingError: ErrorPolicy): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { ...strings, value: serdes.json<number>(), onDeserializationError: { deadLetter: 'letters' } })
    .mapValues(
      (value) => {
        if (value % 2 === 1) throw new RangeError(`${value} is odd`)
        return value
      },
      { name: 'check', onProcessingError },
    )
    .to('out', { key: serdes.string, value: serdes.int32, onProductionError: { deadLetter: { topic: 'letters' } } })
  return builder.build()
}

describe('a record that fails', () => {
  it('goes to the dead-letter topic as it came, whether it cannot be read, processed or written', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1, letters: 1 })
    const app = cluster.app(checked({ deadLetter: 'letters' }), config)
    await app.start()
    await cluster.produce('in', [
      ['a', '2'],
      ['b', 'no JSON'],
      ['c', '3'],
      ['d', '8000000000'],
      ['e', '4'],
    ])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect((await read(cluster.client, 'out')).records).toHaveLength(2)
    const letters = await read(cluster.client, 'letters')
    expect(letters.records).toEqual(['b=no JSON', 'c=3', 'd=8000000000'])
    expect(letters.headers).toMatchObject([
      { '__streams.errors.offset': '1', '__streams.errors.topic': 'in', '__streams.errors.partition': '0' },
      {
        '__streams.errors.exception': 'RangeError',
        '__streams.errors.message': '3 is odd',
        '__millrace.errors.node': 'check',
        '__millrace.errors.code': 'MILLRACE_PROCESSING_FAILED',
      },
      { '__streams.errors.offset': '3', '__millrace.errors.node': expect.stringMatching(/^KSTREAM-SINK-/) },
    ])
    expect(letters.headers[1]?.['__streams.errors.stacktrace']).toContain('failing-records.test.ts')
  })

  it('has one dead letter, although its transaction was rolled back and done again', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1, letters: 1 })
    let retries = 0
    const app = cluster.app(
      checked((error) => (error.message === '5 is odd' && retries++ < 2 ? 'retry' : { deadLetter: 'letters' })),
      config,
    )
    await cluster.produce('in', [
      ['a', '1'],
      ['b', '3'],
      ['c', '5'],
      ['d', '6'],
    ])
    await app.start()
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect(retries).toBe(3)
    expect((await read(cluster.client, 'letters')).records).toEqual(['a=1', 'b=3', 'c=5'])
    expect((await read(cluster.client, 'out')).records).toHaveLength(1)
  })

  it('is not looked at by a policy that fails, and leaves what came before it committed', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1, letters: 1 })
    const app = cluster.app(checked('fail'), config)
    await cluster.produce('in', [
      ['a', 'no JSON'],
      ['b', '2'],
      ['c', '3'],
      ['d', '4'],
    ])
    const failed = new Promise<Error>((resolve) => app.on('error', ({ error }) => resolve(error)))
    await app.start().catch(() => undefined)
    expect(await failed).toMatchObject({ code: 'MILLRACE_PROCESSING_FAILED', offset: 2, node: 'check' })
    await app.stateIs('ERROR')
    expect((await read(cluster.client, 'letters')).records).toEqual(['a=no JSON'])
    expect((await read(cluster.client, 'out')).records).toHaveLength(1)
  })

  it('names the dead-letter topic that does not exist before any record is processed', async () => {
    await using kafka = await EmbeddedKafka.start({ config: { autoCreateTopics: false } })
    for (const topic of ['in', 'out']) await kafka.createTopic(topic)
    const app = new KafkaStreams(checked('skip'), { applicationId: 'app', kafka, ...config })
    await expect(app.start()).rejects.toMatchObject({ code: 'MILLRACE_SINK_TOPIC_MISSING', topic: 'letters' })
    await app.close()
  })
})

describe('a record for a topic that a function names for the first time', () => {
  function routed(onProductionError: ErrorPolicy): Topology {
    const builder = new StreamsBuilder()
    builder.stream('in', strings).to((_, key) => key, { ...strings, onProductionError })
    return builder.build()
  }

  const input = [
    ['small', 'one'],
    ['tiny', 'x'.repeat(2000)],
    ['tiny', 'two'],
    ['small', 'three'],
  ] as const

  async function start(policy: ErrorPolicy): Promise<{ readonly cluster: Cluster; readonly app: KafkaStreams }> {
    const cluster = await Cluster.start({ in: 1, small: 1 })
    await cluster.kafka.createTopic('tiny', { partitions: 1, config: { 'max.message.bytes': '1000' } })
    const app = cluster.app(routed(policy), config)
    await cluster.produce('in', input)
    return { cluster, app }
  }

  it('asks the production policy where it is larger than the topic admits', async () => {
    const { cluster, app } = await start('skip')
    await using _ = cluster
    await app.start()
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect((await read(cluster.client, 'small')).records).toEqual(['small=one', 'small=three'])
    expect((await read(cluster.client, 'tiny')).records).toEqual(['tiny=two'])
    expect(app.metrics.get('dropped-records-total', { reason: 'production' })).toBe(1)
  })

  it('stops the application before it where that says so, with what came before committed', async () => {
    const { cluster, app } = await start('fail')
    await using _ = cluster
    const failed = new Promise<Error>((resolve) => app.on('error', ({ error }) => resolve(error)))
    await app.start().catch(() => undefined)
    expect(await failed).toMatchObject({ code: 'MILLRACE_PRODUCTION_FAILED', topic: 'in', offset: 1 })
    await app.stateIs('ERROR')
    expect((await read(cluster.client, 'small')).records).toEqual(['small=one'])
    expect((await read(cluster.client, 'tiny')).records).toEqual([])
  })
})

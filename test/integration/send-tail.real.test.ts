/** `millrace send` and `millrace tail` on Apache Kafka, and every codec between us and a broker that is not ours. */
import { describe, expect, it } from 'vitest'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { countByKey } from '../support/embedded-app.ts'
import { useRealCluster } from '../support/real-cluster.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'

const lacks = await whatRealKafkaLacks()
const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const

describe.skipIf(lacks !== undefined)('on Apache Kafka', () => {
  const cluster = useRealCluster()

  async function millrace(args: readonly string[], stdin?: string): Promise<Finished> {
    const all = [...args, '--brokers', cluster().brokers]
    await using child = Child.millrace(all, stdin === undefined ? {} : { stdin })
    return await child.finished
  }

  const create = (name: string, partitions: number, config: Readonly<Record<string, string>> = {}): Promise<string> =>
    cluster().kafka.createTopic(name, { partitions, config })

  const all = async (topic: string, ...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await millrace(['tail', topic, '--from-beginning', '--until-end', ...args])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }

  it('what is sent is shown, with keys, nulls and numbers', async () => {
    await create('pairs', 4)
    const input = Array.from({ length: 1000 }, (_, i) => `k${i % 50}:${i % 7 === 0 ? '-' : i}\n`)
    const sent = await millrace(
      ['send', 'pairs', '-k', ':', '--value-serde', 'int64', '--null-value', '-'],
      input.join(''),
    )
    expect(sent).toMatchObject({ code: 0, stderr: 'millrace: sent 1000 records to pairs\n' })
    const shown = await all('pairs', '-k', ':', '--value-serde', 'int64', '--null-value', '-')
    expect(shown.split('\n').toSorted()).toEqual(input.join('').split('\n').toSorted())
  })

  it('the last records are shown although markers lie between them, and none of those that were aborted', async () => {
    await create('marked', 1)
    const producer = cluster().client.producer({ transactionalId: 'marking', lingerMs: 0 })
    await producer.init()
    for (let i = 0; i < 30; i++) {
      producer.append('marked', 0, null, Buffer.from(`r${i}`), 1000 + i, [])
      await producer.flush()
      await (i % 3 === 0 ? producer.abort() : producer.commit())
    }
    await producer.close()
    const { stdout } = await millrace(['tail', 'marked', '-n', '4', '--until-end'])
    expect(stdout).toBe('r25\nr26\nr28\nr29\n')
  })

  it('a topic that the broker does not make on first use is asked for, and one that is there followed', async () => {
    const refused = await millrace(['send', 'not-there'], 'one\n')
    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("there is no topic 'not-there'") as string,
    })
    await create('there', 1)
    await millrace(['send', 'there'], 'one\n')
    await using child = Child.millrace(['tail', 'there', '-b', cluster().brokers])
    await child.prints('one')
    await millrace(['send', 'there'], 'two\n')
    await child.prints('two')
    child.kill('SIGINT')
    expect(await child.finished).toMatchObject({ code: 0, stdout: 'one\ntwo\n' })
  })

  // The broker's own code must decompress what it is to store otherwise, and compress what it is given plain.
  it.each(codecs)('the broker reads batches of ours compressed with %s, and we read its', async (codec) => {
    const input = Array.from({ length: 3000 }, (_, i) => `line ${i} ${'x'.repeat(i % 90)}\n`).join('')
    const topics = { [`ours-${codec}`]: 'uncompressed', [`kept-${codec}`]: 'producer', [`theirs-${codec}`]: codec }
    for (const [topic, type] of Object.entries(topics)) await create(topic, 1, { 'compression.type': type })
    for (const topic of Object.keys(topics)) {
      const compression = topic.startsWith('theirs') ? 'none' : codec
      const { code, stderr } = await millrace(['send', topic, '--compression', compression], input)
      expect({ code, stderr }).toEqual({ code: 0, stderr: `millrace: sent 3000 records to ${topic}\n` })
      expect(await all(topic)).toBe(input)
    }
  })

  it('an application goes on with another codec: changelog, offsets and output stay readable', async () => {
    await create('in', 1)
    await create('out', 1)
    const { connection } = cluster().kafka
    for (const compression of ['lz4', 'snappy', 'none'] as const) {
      expect(await millrace(['send', 'in', '-k', ':'], 'a:1\nb:1\na:2\n')).toMatchObject({ code: 0 })
      await using app = new KafkaStreams(countByKey(), {
        applicationId: 'app',
        kafka: connection,
        compression,
        store: 'memory',
      })
      await app.start()
      await cluster().kafka.awaitLagZero('app', { topics: ['in'] })
    }
    const counts = new Map<string, string>()
    for (const line of (await all('out', '-k', '=', '--value-serde', 'int64')).trim().split('\n')) {
      const [word = '', count = ''] = line.split('=')
      counts.set(word, count)
    }
    expect(Object.fromEntries(counts)).toEqual({ a: '6', b: '3' })
  })
})

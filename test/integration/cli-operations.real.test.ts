/** Topics, lag, doctor and reset in the life of one application, on Apache Kafka. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import wordCountModule from '../../topologies/word-count.ts'
import { takesNothing } from '../support/idle-member.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { moduleOf } from '../support/cli-bed.ts'
import { fitsSchema } from '../support/cli-schema.ts'
import { eventually } from '../support/client-bed.ts'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'
import type { RealKafka } from '../support/real-kafka.ts'

const missing = await whatRealKafkaLacks()
if (missing !== undefined) test.skip(missing, () => undefined)

const wordCount = moduleOf('topologies/word-count.ts')

describe.skipIf(missing !== undefined)('an application that is operated', () => {
  let kafka: RealKafka
  let brokers: readonly string[]
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'millrace-operations-'))
    kafka = await startKafka()
    brokers = kafka.bootstrap.map(({ host, port }) => `${host}:${port}`)
  }, 180_000)
  afterAll(async () => {
    await kafka?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function millrace(args: readonly string[], stdin?: string): Promise<Finished> {
    const options = { cwd: folder, env: { HOME: folder }, ...(stdin !== undefined && { stdin }) }
    await using child = Child.millrace([...args, '--brokers', brokers.join(',')], options)
    return await child.finished
  }

  const state = (): readonly string[] => ['--state-dir', path.join(folder, 'state')]

  async function lag(): Promise<unknown> {
    const { code, stdout } = await millrace(['lag', wordCount, '-o', 'json'])
    return code === 0 ? fitsSchema('lag', stdout) : undefined
  }

  async function countAll(): Promise<void> {
    const streams = new KafkaStreams(wordCountModule.build(), {
      applicationId: 'word-count',
      kafka: { brokers },
      stateDir: path.join(folder, 'state'),
      commitIntervalMs: 50,
    })
    try {
      await streams.start()
      await eventually(async () => {
        const found = await lag()
        return (found as { readonly total: { readonly lag: number } } | undefined)?.total.lag === 0
      }, 60_000)
      const running = await millrace(['reset', wordCount, ...state(), '--confirm', 'word-count'])
      expect({ code: running.code, stderr: running.stderr }).toMatchObject({ code: 4 })
      expect(running.stderr).toContain('word-count at ')
    } finally {
      await streams.close()
    }
  }

  it('gets its topics, is examined, counts, is started over, and counts the same again', async () => {
    const applied = await millrace(['topics', 'apply', wordCount, '--partitions', '2', '-o', 'json'])
    expect(applied).toMatchObject({ code: 0 })
    expect(fitsSchema('topics-apply', applied.stdout)).toMatchObject({ changed: [] })
    expect(await millrace(['topics', 'plan', wordCount, '--check'])).toMatchObject({ code: 0 })

    const examined = await millrace(['doctor', wordCount, ...state(), '-o', 'json'])
    const { checks } = fitsSchema('doctor', examined.stdout) as {
      checks: { id: string; status: string; detail: string }[]
    }
    expect(checks.filter(({ status }) => status === 'fail' || status === 'skipped')).toEqual([])
    expect(examined.code).toBe(0)
    expect(checks.find(({ id }) => id === 'replication')?.detail).toBe('transactions are kept on 1 of 1 brokers')

    expect((await millrace(['send', 'text-lines'], 'one two\ntwo\n')).code).toBe(0)
    expect(await lag()).toMatchObject({ total: { lag: 2 }, group: null })
    await countAll()

    const reset = await millrace(['reset', wordCount, ...state(), '--confirm', 'word-count', '-o', 'json'])
    expect(reset).toMatchObject({ code: 0 })
    expect(fitsSchema('reset', reset.stdout)).toMatchObject({
      deleteTopics: ['word-count-counts-changelog', 'word-count-counts-repartition'],
      remaining: [],
    })
    await eventually(async () => (await millrace(['reset', wordCount, ...state()])).stdout.includes('nothing to do'))
    await countAll()
    const args = ['--from-beginning', '--until-end', '-k', '=', '--value-serde', 'int64']
    const { stdout } = await millrace(['tail', 'word-counts', ...args])
    // The output stays, and has everything twice: nothing was left of the state of the first time.
    const last = stdout
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('two='))
    expect(last.at(-1)).toBe('two=2')
    expect(last.filter((line) => line === 'two=2')).toHaveLength(2)
  })
  it('is started over although members of its group are left whose processes are gone', async () => {
    const applicationId = 'left-behind'
    const topic = 'left-behind-input'
    const client = connectKafka({ kafka: { brokers }, applicationId })
    await client.connect()
    await client.admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1, config: {} }])
    await client.admin.groups.setOffsets(applicationId, new Map([[topicPartitionKey(topic, 0), { offset: 0 }]]))
    expect((await millrace(['send', topic], 'one\n')).code).toBe(0)
    for (const instanceId of [undefined, 'static']) {
      const options = { groupId: applicationId, instanceId, protocolName: 'millrace', sessionTimeoutMs: 1_800_000 }
      const membership = client.group(
        { ...options, heartbeatIntervalMs: 100, rebalanceTimeoutMs: 500 },
        takesNothing('left-behind-input'),
      )
      await membership.start()
    }
    // Without a word, as kill -9 does.
    await client.close()
    const args = ['reset', '--application-id', applicationId, '--keep-state', '--to-latest', '--confirm', applicationId]
    const refused = await millrace(args)
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('--force-members') })
    const forced = await millrace([...args, '--force-members', '-o', 'json'])
    expect(forced.code, forced.stderr).toBe(0)
    expect(fitsSchema('reset', forced.stdout)).toMatchObject({
      members: expect.arrayContaining([expect.objectContaining({ instanceId: 'static', clientId: applicationId })]),
      offsets: [{ topic, from: 0, to: 1 }],
      remaining: [],
    })
  })
})

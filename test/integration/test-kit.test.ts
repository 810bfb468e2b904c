/** The test kit on the embedded broker, and what it says where something cannot be had. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineTopology } from '../../src/dsl/define-topology.ts'
import type { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { startKafka, whyNoKafka } from '../../src/testing/start-kafka.ts'
import { runTopology } from '../../src/testing/run-topology.ts'
import { useKafka } from '../support/kafka-of-file.ts'
import { countTopology, faultSuite, latest, numbers, testKitSuite, texts } from '../support/test-kit-suite.ts'

describe('startKafka on the embedded broker', () => {
  const kafka = useKafka({ on: 'embedded' })
  testKitSuite(kafka)
  describe('faults', () => faultSuite(kafka))

  it('tells what it cannot do', () => {
    expect(kafka().capabilities).toEqual({ faults: true, processes: false, containers: false })
    expect(() => kafka().internalBrokers).toThrow(/network: true/)
  })
})

describe('startKafka', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('begins with the topics that it is given', async () => {
    await using kafka = await startKafka({ topics: { orders: 3, totals: { config: { 'cleanup.policy': 'compact' } } } })
    await kafka.pipe('orders', texts, [{ key: 'a', value: '1', partition: 2 }])
    expect(await kafka.read('orders', texts)).toHaveLength(1)
    expect(await kafka.read('totals', texts)).toEqual([])
  })

  it('says which topics stay although they were deleted, and on which brokers', async () => {
    await using running = await startKafka({ topics: { kept: 1, gone: 1 }, brokers: 3 })
    const { controls } = (running.connection as EmbeddedKafka)['~kafka']
    let stale: unknown
    controls.alterAnswer({ api: 'Metadata', times: Number.POSITIVE_INFINITY }, (answer) => {
      const { topics } = answer as { readonly topics: readonly { readonly name: string }[] }
      stale ??= topics.some(({ name }) => name === 'kept') ? answer : undefined
      return stale ?? answer
    })
    const deleting = running.deleteTopics(['kept'], { timeoutMs: 50 })
    await expect(deleting).rejects.toMatchObject({ code: 'MILLRACE_TEST_TOPIC_LEFT' })
    const broker = String.raw`broker \d \(127\.0\.0\.1:\d+\)`
    await expect(deleting).rejects.toThrow(
      new RegExp(`^1 of 1 topics are there 50 ms after .*: 'kept' on ${broker}, ${broker}, ${broker}\\. Stop what`),
    )
    controls.clearRules()
    await running.deleteTopics(['kept', 'gone', 'never'], { timeoutMs: 50 })
  })

  it('says that a topic which is deleted is made anew by somebody', async () => {
    await using kafka = await startKafka({ topics: { wanted: 1 } })
    const { '~kafka': broker } = kafka.connection as EmbeddedKafka
    let isDeleted = false
    broker.controls.observe(({ api }) => {
      if (api === 'DeleteTopics') isDeleted = true
      else if (isDeleted && !broker.controls.partitionCounts().has('wanted')) broker.createTopic('wanted')
    })
    const deleting = kafka.deleteTopics(['wanted'], { timeoutMs: 50 })
    await expect(deleting).rejects.toThrow(/'wanted', which was deleted and has been made anew by somebody else\./)
  })

  it('takes what MILLRACE_TEST_KAFKA says, unless it is told otherwise', async () => {
    await using running = await startKafka()
    vi.stubEnv('MILLRACE_TEST_KAFKA', running.brokers.join(','))
    await using external = await startKafka({ topics: { shared: 1 } })
    expect(external.kind).toBe('external')
    expect(external.brokers).toEqual(running.brokers)
    await using embedded = await startKafka({ on: 'embedded' })
    expect(embedded.kind).toBe('embedded')
  })

  it('leaves nothing behind in a Kafka that is not its own, and does not disturb it', async () => {
    await using running = await startKafka({ topics: { theirs: 1 } })
    const [address = ''] = running.brokers
    {
      await using kafka = await startKafka({ on: address as 'localhost:1', topics: { input: 1, output: 1 } })
      await expect(kafka.restartBroker()).rejects.toMatchObject({ code: 'MILLRACE_TEST_KAFKA_UNABLE' })
      await using app = await runTopology(countTopology('input', 'output'), kafka)
      await kafka.pipe('input', texts, [{ key: 'a', value: '1' }])
      await kafka.awaitLagZero(app.applicationId)
    }
    await expect(running.read('input', texts)).rejects.toThrow(/there are: theirs\./)
  })

  it('knows the internal topics of its applications, and those of others whose ids begin alike', async () => {
    const own = 'count-KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000006-topic'
    const theirs = 'count-eu-totals-changelog'
    await using running = await startKafka({ topics: { theirs: 1, [own]: 1, [theirs]: 1 } })
    await using other = await runTopology(countTopology('theirs', theirs), running, { applicationId: 'count-eu' })
    const [address = ''] = running.brokers
    {
      await using kafka = await startKafka({ on: address as 'localhost:1', topics: { input: 1, output: 1 } })
      await using app = await runTopology(countTopology('input', 'output'), kafka, { applicationId: 'count' })
      expect(app.state).toBe('RUNNING')
    }
    expect(other.state).toBe('RUNNING')
    expect(await running.read(theirs, texts)).toEqual([])
    await expect(running.read(own, texts)).rejects.toMatchObject({ code: 'MILLRACE_TEST_TOPIC_UNKNOWN' })
  })

  it('has three brokers, one of which may be missing', async () => {
    await using kafka = await startKafka({ brokers: 3, topics: { input: 3, output: 1 } })
    await using app = await runTopology(countTopology('input', 'output'), kafka)
    await kafka.killBroker(2)
    await kafka.pipe('input', texts, [{ key: 'a', value: '1' }])
    await kafka.awaitLagZero(app.applicationId)
    await kafka.restartBroker(2)
    expect(latest(await kafka.read('output', numbers)).get('a')).toBe(1)
  })

  it('gives the embedded broker the configs that it has, and refuses the others by name', async () => {
    await using kafka = await startKafka({ config: { 'num.partitions': 4, 'auto.create.topics.enable': true } })
    expect(kafka.kind).toBe('embedded')
    const refused = startKafka({ on: 'embedded', config: { 'log.dirs': '/nowhere' } })
    await expect(refused).rejects.toMatchObject({ code: 'MILLRACE_TEST_KAFKA_OPTION' })
    await expect(refused).rejects.toThrow(/'log\.dirs'.*num\.partitions/)
    await expect(startKafka({ config: { 'num.partitions': 'many' } })).rejects.toThrow(/takes a number, not 'many'/)
  })

  it.each([
    [{ brokers: 2 as 1 }, /brokers is 1 or 3, not 2/],
    [{ startupTimeoutMs: 0 }, /startupTimeoutMs/],
    [{ on: 'somewhere' as 'auto' }, /'somewhere' is neither/],
    [{ on: 'localhost:1', config: { 'num.partitions': 1 } }, /runs already/],
  ])('refuses what cannot be: %o', async (options, message) => {
    const refused = startKafka(options as Parameters<typeof startKafka>[0])
    await expect(refused).rejects.toThrow(message)
    await expect(refused).rejects.toMatchObject({ code: 'MILLRACE_TEST_KAFKA_OPTION' })
  })

  it('gives up where nobody answers, and says who did not', async () => {
    const waiting = startKafka({ on: '127.0.0.1:1', startupTimeoutMs: 200 })
    await expect(waiting).rejects.toMatchObject({ code: 'MILLRACE_TEST_KAFKA_START' })
    await expect(waiting).rejects.toThrow(/127\.0\.0\.1:1 does not answer/)
  })

  it('needs nothing for the embedded broker', async () => {
    expect(await whyNoKafka('embedded')).toBeUndefined()
  })

  it('cannot be used after it was closed', async () => {
    const kafka = await startKafka()
    await kafka.close()
    await kafka.close()
    await expect(kafka.createTopic('late')).rejects.toThrow(/was closed/)
  })
})

describe('runTopology', () => {
  it('runs a module under its own application id, with overrides above its configuration', async () => {
    const module = defineTopology('module-app', (builder) => builder.stream('in', texts).to('out', texts), {
      commitIntervalMs: 50,
    })
    await using kafka = await startKafka({ topics: { in: 1, out: 1 } })
    await using app = await runTopology(module, kafka, { processingGuarantee: 'at_least_once' })
    expect(app.applicationId).toBe('module-app')
    expect(app.state).toBe('RUNNING')
    await kafka.pipe('in', texts, [{ key: 'a', value: '1' }])
    expect(await kafka.awaitRecords('out', texts, 1)).toMatchObject([{ key: 'a', value: '1' }])
    await kafka.awaitLagZero('module-app')
  })

  it('goes on with committed state after a restart under the same id', async () => {
    await using kafka = await startKafka({ topics: { input: 1, output: 1 } })
    const applicationId = kafka.unique('again')
    for (const expected of [1, 2]) {
      await using app = await runTopology(countTopology('input', 'output'), kafka, { applicationId })
      await kafka.pipe('input', texts, [{ key: 'a', value: 'x' }])
      await kafka.awaitLagZero(app.applicationId)
      expect(latest(await kafka.read('output', numbers)).get('a')).toBe(expected)
    }
  })

  it('says why an application does not start', async () => {
    await using kafka = await startKafka()
    const starting = runTopology(countTopology('missing', 'output'), kafka)
    await expect(starting).rejects.toMatchObject({ code: 'MILLRACE_SOURCE_TOPIC_MISSING' })
  })
})

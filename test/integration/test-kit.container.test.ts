/** The test kit on Apache Kafka in containers. */
import { GenericContainer, Network } from 'testcontainers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { containerEngine } from '../../src/testing/container-engine.ts'
import { kitLabel } from '../../src/testing/container-start.ts'
import { startKafka } from '../../src/testing/start-kafka.ts'
import { runTopology } from '../../src/testing/run-topology.ts'
import { whatContainersLack } from '../support/containers.ts'
import { useKafka } from '../support/kafka-of-file.ts'
import { countTopology, faultSuite, latest, numbers, testKitSuite, texts } from '../support/test-kit-suite.ts'

const lacks = await whatContainersLack()

describe.skipIf(lacks !== undefined)('startKafka on a container', () => {
  const kafka = useKafka({ on: 'container' })
  testKitSuite(kafka)
  describe('faults', () => faultSuite(kafka))

  it('tells that its brokers are processes, and what one wrote when it fails', () => {
    expect(kafka().capabilities).toEqual({ faults: true, processes: true, containers: false })
  })
})

describe.skipIf(lacks !== undefined)('containers of startKafka', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('are three brokers that go on while one is killed', async () => {
    await using kafka = await startKafka({ on: 'container', brokers: 3, topics: { input: 3, output: 1 } })
    await using app = await runTopology(countTopology('input', 'output'), kafka, { transactionTimeoutMs: 5000 })
    await kafka.pipe('input', texts, [{ key: 'a', value: '1' }])
    await kafka.killBroker(2)
    await kafka.pipe('input', texts, [{ key: 'a', value: '2' }])
    await kafka.awaitLagZero(app.applicationId, { timeoutMs: 90_000 })
    await kafka.restartBroker(2)
    expect(latest(await kafka.read('output', numbers)).get('a')).toBe(2)
  })

  it('of another image layout start the same way', async () => {
    await using kafka = await startKafka({ on: 'container', image: 'confluentinc/cp-kafka:8.3.1', topics: { t: 1 } })
    await kafka.pipe('t', texts, [{ value: 'x' }], { transaction: 'commit' })
    expect(await kafka.read('t', texts)).toHaveLength(1)
  })

  it('are reached by other containers in their network', async () => {
    await using network = await new Network().start()
    await using kafka = await startKafka({ on: 'container', network })
    expect(kafka.network).toBe(network.getName())
    expect(kafka.internalBrokers).toEqual(['kafka:9092'])
    const [host = '', port = ''] = (kafka.internalBrokers[0] ?? '').split(':')
    const probe = await new GenericContainer('apache/kafka:4.3.1')
      .withNetwork(network)
      .withEntrypoint(['bash', '-c', `exec 3<>/dev/tcp/${host}/${port} && echo reached; sleep 60`])
      .withWaitStrategy((await import('testcontainers')).Wait.forLogMessage('reached'))
      .start()
    await probe.stop({ timeout: 0 })
  })

  it('that are reused stay, and are without topics of the test before', async () => {
    const options = { on: 'container', reuse: true, topics: { input: 1 }, config: { 'num.io.threads': 5 } } as const
    const first = await startKafka(options)
    await first.pipe('input', texts, [{ value: 'x' }])
    await first.close()
    const second = await startKafka(options)
    expect(second.brokers).toEqual(first.brokers)
    expect(await second.read('input', texts)).toEqual([])
    await second.close()
    await removeReused()
  })

  it('that end by themselves are an error with the end of their log', async () => {
    const starting = startKafka({ on: 'container', config: { 'num.io.threads': 0 } })
    await expect(starting).rejects.toMatchObject({ code: 'MILLRACE_TEST_KAFKA_START' })
    await expect(starting).rejects.toThrow(/num\.io\.threads/)
  })

  it('get another port where theirs is taken', async () => {
    await using first = await startKafka({ on: 'container' })
    const taken = Number(first.brokers[0]?.split(':').at(-1))
    const { freePorts } = await import('../../src/testing/free-ports.ts')
    const found: number[][] = [[taken]]
    vi.resetModules()
    vi.doMock('../../src/testing/free-ports.ts', () => ({
      freePorts: async (count: number) => found.pop() ?? (await freePorts(count)),
    }))
    const again = await import('../../src/testing/start-kafka.ts')
    await using second = await again.startKafka({ on: 'container', topics: { t: 1 } })
    expect(found).toEqual([])
    expect(second.brokers).not.toEqual(first.brokers)
    vi.doUnmock('../../src/testing/free-ports.ts')
  })

  it('of an image that cannot be had are an error that names it', async () => {
    const starting = startKafka({ on: 'container', image: 'localhost:1/no/such-kafka:1' })
    await expect(starting).rejects.toMatchObject({ code: 'MILLRACE_TEST_KAFKA_START' })
    await expect(starting).rejects.toThrow(/localhost:1\/no\/such-kafka:1.*docker pull/s)
  })

  it('leave nothing behind', async () => {
    const { runtime } = await containerEngine()
    const left = await runtime.container.dockerode.listContainers({ all: true, filters: { label: [kitLabel] } })
    const own = left.filter(({ Created }) => Created * 1000 > performance.timeOrigin)
    expect(own.map(({ Names }) => Names)).toEqual([])
  })
})

async function removeReused(): Promise<void> {
  const { runtime } = await containerEngine()
  const kept = await runtime.container.dockerode.listContainers({
    all: true,
    filters: { name: ['millrace-test-kafka-'] },
  })
  for (const { Id } of kept) await runtime.container.dockerode.getContainer(Id).remove({ force: true, v: true })
}

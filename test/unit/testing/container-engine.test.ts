import { afterEach, describe, expect, it, vi } from 'vitest'

// What a machine lacks cannot be taken from the one that runs the tests, so the package itself is another one here.

async function startOn(load: () => Record<string, unknown>): Promise<unknown> {
  vi.resetModules()
  vi.doMock('testcontainers', load)
  const { startKafka } = await import('../../../src/testing/start-kafka.ts')
  return startKafka({ on: 'container' }).then(
    () => 'started',
    (error: unknown) => error,
  )
}

afterEach(() => {
  vi.unstubAllEnvs()
  vi.doUnmock('testcontainers')
  vi.resetModules()
})

describe('A container that cannot be had is one line', () => {
  it('without a container engine', async () => {
    const error = await startOn(() => ({
      getContainerRuntimeClient: () => Promise.reject(new Error('Could not find a working container runtime strategy')),
    }))
    expect(error).toMatchObject({
      code: 'MILLRACE_TEST_KAFKA_UNAVAILABLE',
      message: expect.stringMatching(/^there is no container engine: start Docker .*embedded.*$/) as string,
    })
  })

  it('where the package does not load, with its reason', async () => {
    const error = await startOn(() => {
      throw new Error("Cannot read properties of undefined (reading 'bind')")
    })
    expect(error).toMatchObject({
      code: 'MILLRACE_TEST_KAFKA_UNAVAILABLE',
      message: expect.stringContaining('does not load on Node') as string,
    })
  })

  it('and is told before a test begins', async () => {
    vi.resetModules()
    vi.doMock('testcontainers', () => ({ getContainerRuntimeClient: () => Promise.reject(new Error('none')) }))
    const { whyNoKafka } = await import('../../../src/testing/start-kafka.ts')
    expect(await whyNoKafka('container')).toMatch(/^there is no container engine/)
  })
})

describe('A Kafka of any kind', () => {
  it('is the embedded broker where there is neither an engine nor Java', async () => {
    vi.resetModules()
    vi.doMock('testcontainers', () => ({ getContainerRuntimeClient: () => Promise.reject(new Error('none')) }))
    vi.stubEnv('JAVA', '/nowhere/java')
    const { startKafka, whyNoKafka } = await import('../../../src/testing/start-kafka.ts')
    expect(await whyNoKafka('jars')).toMatch(/^there is no Java: .*17/)
    await using kafka = await startKafka({ on: 'auto' })
    expect(kafka.kind).toBe('embedded')
  })
})

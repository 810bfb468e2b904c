/** What every operator makes of a callback that throws, returns a promise, or returns nothing. */
import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { TaskError } from '../../../src/errors/task-error.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import { callbackCases, type Callback, type CallbackCase } from '../../support/callback-cases.ts'

const texts = { key: serdes.string, value: serdes.string }

/** Of both topics: rows that are new, changed, deleted and late, and one that ends every window. */
const inputs = [
  ['L', 'k', 'a', 1],
  ['R', 'k', 'b', 2],
  ['L', 'k', 'c', 3],
  ['R', 'k', 'd', 4],
  ['L', 'm', 'e', 200],
  ['L', 'k', 'f', 201],
] as const

interface Driven {
  readonly driver: TopologyTestDriver
  readonly text: string
}

/** The error that ends the task. */
function failureOf({ build }: CallbackCase, call: Callback): TaskError | undefined {
  return run(driverOf(build, call))
}

function driverOf(build: CallbackCase['build'], call: Callback, config: object = {}): Driven {
  const builder = new StreamsBuilder()
  build(builder, call)
  const topology = builder.build()
  const driver = new TopologyTestDriver(topology, { applicationId: 'app', ...config })
  return { driver, text: topology.describe().toString() }
}

function run({ driver, text }: Driven): TaskError | undefined {
  try {
    for (const [topic, key, value, timestamp] of inputs) {
      if (!text.includes(`topics: [${topic}]`)) continue
      driver.createInputTopic(topic, serdes.string, serdes.string).pipeInput({ key, value, timestamp })
    }
  } catch (error) {
    return error as TaskError
  }
  return undefined
}

const thrown = new RangeError('the user failed')
function throwing(): never {
  throw thrown
}
const promising = (() => Promise.reject(new Error('nobody waits for it'))) as unknown as Callback
const returningNothing = (() => undefined) as unknown as Callback

describe.each(Object.entries(callbackCases()))('A callback of %s', (_, one) => {
  const { callback, node = 'it', code = 'MILLRACE_PROCESSING_FAILED', admitsUndefined = false } = one
  const { nodeOfUndefined = node } = one

  it('that throws is an error of its node, with the error of the user as its cause', () => {
    const error = failureOf(one, throwing)
    expect(error).toMatchObject({ code, node, reaction: 'fatal' })
    expect(error?.message).toContain(`node ${node}`)
    expect(error?.message).toContain('the user failed')
    expect(error?.cause).toBe(thrown)
    expect(thrown.stack).toContain('failures.test.ts')
  })

  it('that returns a promise is refused by name', () => {
    const error = failureOf(one, promising)
    expect(error).toMatchObject({ code, node })
    expect(error?.message).toContain(`the ${callback} returned a promise`)
  })

  it(admitsUndefined ? 'may return nothing' : 'that returns nothing is refused by name', () => {
    const error = failureOf(one, returningNothing)
    if (admitsUndefined) {
      expect(error).toBeUndefined()
      return
    }
    expect(error).toMatchObject({ code, node: nodeOfUndefined })
    expect(error?.message).toContain(nodeOfUndefined === node ? callback : 'operator before it')
    expect(error?.message).toMatch(/undefined/)
  })
})

describe('The policy of a node alone lets the application go on', () => {
  const processing = Object.entries(callbackCases({ onProcessingError: 'skip' }))
  it.each(processing.filter(([, { code }]) => code === undefined))('%s', (_, { build }) => {
    const driven = driverOf(build, throwing)
    expect(run(driven)).toBeUndefined()
    expect(driven.driver.metric('dropped-records-total', { reason: 'processing' })).toBeGreaterThan(0)
  })

  const production = Object.entries(callbackCases({ onProductionError: 'skip' }))
  const ofSinks = ['partitioner of to', 'partitioner of repartition', 'function that names a topic']
  it.each(production.filter(([name]) => ofSinks.includes(name)))('%s', (_, { build }) => {
    const driven = driverOf(build, throwing)
    expect(run(driven)).toBeUndefined()
    expect(driven.driver.metric('dropped-records-total', { reason: 'production' })).toBeGreaterThan(0)
  })
})

describe('The policy of the application lets it go on', () => {
  const config = { onProcessingError: 'skip', onProductionError: 'skip' }
  const cases = Object.entries(callbackCases()).filter(([, { code }]) => code !== 'MILLRACE_TIMESTAMP_INVALID')
  it.each(cases)('%s', (_, { build, code }) => {
    const driven = driverOf(build, throwing, config)
    expect(run(driven)).toBeUndefined()
    const reason = code === undefined ? 'processing' : 'production'
    expect(driven.driver.metric('dropped-records-total', { reason })).toBeGreaterThan(0)
  })
})

describe('A policy that fails, of a node of its own, stops an application that would go on', () => {
  const config = { onProcessingError: 'skip', onProductionError: 'skip' }
  const cases = Object.entries(callbackCases({ onProcessingError: 'fail' })).filter(([, one]) => one.code === undefined)
  it.each(cases)('%s', (_, { build }) => {
    expect(run(driverOf(build, throwing, config))?.code).toBe('MILLRACE_PROCESSING_FAILED')
  })
})

describe('A partitioner', () => {
  const to = (partitioner: Callback): ((b: StreamsBuilder) => void) => {
    return (b) => b.stream('L', texts).to('out', { ...texts, name: 'it', partitioner })
  }

  it.each([[1], [-1], [0.5], ['0'], [true], [[0, 1]], [{}]])('that returns %j is an error of its sink', (result) => {
    const error = run(driverOf(to((() => result) as unknown as Callback), throwing))
    expect(error).toMatchObject({ code: 'MILLRACE_PRODUCTION_FAILED', node: 'it' })
    expect(error?.message).toContain('the partitioner must return partitions from 0 to 0 of topic out, or null')
  })

  it('that returns no partition drops the record, and counts it', () => {
    const driven = driverOf(to((() => []) as unknown as Callback), throwing)
    expect(run(driven)).toBeUndefined()
    expect(driven.driver.metric('dropped-records-total', { reason: 'no partition' })).toBe(4)
  })
})

/** What every operator makes of a callback that throws, returns a promise, or returns nothing. */
import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { TaskError } from '../../../src/errors/task-error.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import { callbackCases, type Callback, type CallbackCase } from '../../support/callback-cases.ts'

/** Of both topics: rows that are new, changed, deleted and late, and one that ends every window. */
const inputs = [
  ['L', 'k', 'a', 1],
  ['R', 'k', 'b', 2],
  ['L', 'k', 'c', 3],
  ['R', 'k', 'd', 4],
  ['L', 'm', 'e', 200],
  ['L', 'k', 'f', 201],
] as const

/** The error that ends the task. */
function failureOf({ build }: CallbackCase, call: Callback): TaskError | undefined {
  const builder = new StreamsBuilder()
  build(builder, call)
  const topology = builder.build()
  const text = topology.describe().toString()
  const driver = new TopologyTestDriver(topology, { applicationId: 'app' })
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

describe.each(Object.entries(callbackCases))('A callback of %s', (_, one) => {
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

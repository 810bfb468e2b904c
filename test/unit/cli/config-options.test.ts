import { describe, expect, it } from 'vitest'
import { configOf } from '../../../src/cli/config-options.ts'
import { defineTopology } from '../../../src/dsl/define-topology.ts'

const module = defineTopology('app', () => undefined, { commitIntervalMs: 70, offsetReset: 'latest' })

const configWith = (...set: string[]): object => configOf(module, { set })

describe('-X', () => {
  it('wins over the module and leaves the rest of it', () => {
    expect(configWith('commitIntervalMs=50')).toMatchObject({ commitIntervalMs: 50, offsetReset: 'latest' })
  })

  it('takes an object as JSON', () => {
    const policy = { onDeserializationError: { deadLetter: 'dlq' } }
    expect(configWith('onDeserializationError={"deadLetter":"dlq"}')).toMatchObject(policy)
  })

  it('takes what is not JSON as text, and a number in quotes as text, too', () => {
    expect(configWith('store=memory', 'instanceId="7"')).toMatchObject({ store: 'memory', instanceId: '7' })
  })

  it('refuses a value of the wrong kind', () => {
    expect(() => configWith('instanceId=7')).toThrow("'instanceId' must be a string")
    expect(() => configWith('onDeserializationError={deadLetter:dlq}')).toThrow(
      "'onDeserializationError' must be 'fail', 'skip', { deadLetter: topic } or a function",
    )
  })
})

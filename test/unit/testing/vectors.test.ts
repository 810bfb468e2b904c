import { describe, expect, it } from 'vitest'
import { vectorTopologies } from '../../support/vector-topologies.ts'
import { fkSuppressVectors } from '../../support/vectors/fk-suppress.ts'
import { runScenario } from '../../support/vectors/run-scenario.ts'
import { readScenarios } from '../../support/vectors/scenario.ts'

// What Java's Kafka Streams did, record by record and byte for byte: every topic, every query, every metric, and the
// description of the topology.

const scenarios = new Map(readScenarios().map((scenario) => [scenario.name, scenario]))

describe('A topology', () => {
  for (const [name, scenario] of scenarios) {
    it(`does what Java's does: ${name}`, () => {
      const topology = vectorTopologies.get(name)
      if (topology === undefined) throw new Error(`scenario '${name}' has no translation in test/support/vectors`)
      runScenario(scenario, topology)
    })
  }
})

describe('Every translated topology', () => {
  it('has a recorded scenario', () => {
    expect([...vectorTopologies.keys()].filter((name) => !scenarios.has(name))).toEqual([])
  })
})

/** What Java does by chance of its memory: the order in a hash set that was larger once, and expired sessions in a cache. */
const notKept = new Set([
  'suppress table: many keys at one time, order of the changelog',
  'suppress sessions: random 3',
])

describe('A topology that crashes after every record', () => {
  for (const [name, topology] of Object.entries(fkSuppressVectors)) {
    const scenario = scenarios.get(name)
    if (scenario === undefined || notKept.has(name)) continue
    it(`goes on as if it had not: ${name}`, () => runScenario(scenario, topology, true))
  }
})

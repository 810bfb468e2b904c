import { expect, it } from 'vitest'
import { defineTopology } from '../../../src/dsl/define-topology.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { KafkaStreams } from '../../../src/runtime/kafka-streams.ts'
import { requireTopology } from '../../../src/topology/require-topology.ts'
import { Topology } from '../../../src/topology/topology.ts'

const config = { applicationId: 'a', kafka: { brokers: ['localhost:9092'] } }
const start = (found: unknown): KafkaStreams => new KafkaStreams(found as Topology, config)

it('something with build() in place of a topology is refused with the advice to call it', () => {
  const module = defineTopology('a', () => undefined)
  for (const found of [new StreamsBuilder(), module]) {
    expect(() => start(found)).toThrow(/^KafkaStreams takes a Topology .* give it what its build\(\) returns$/)
  }
})

it('anything else in place of a topology is named', () => {
  expect(() => start(undefined)).toThrow('KafkaStreams takes a Topology as its first argument, found undefined')
  expect(() => requireTopology(null, 'X')).toThrow('X takes a Topology as its first argument, found null')
  expect(() => requireTopology(new Topology(), 'X')).not.toThrow()
})

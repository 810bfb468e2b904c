import { expect, test } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { ConfigError } from '../../../src/errors/config-error.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { asBuilt } from '../../../src/runtime/streams-config.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { Topology } from '../../../src/topology/topology.ts'

const strings = { key: serdes.string, value: serdes.string }

test('the shape of a topology is fixed when it is built', () => {
  const topology = new StreamsBuilder({ naming: 'explicit', topologyOptimization: ['reuseSourceTopics'] }).build()
  const fits: Partial<StreamsConfig>[] = [{}, { naming: 'explicit' }, { topologyOptimization: ['reuseSourceTopics'] }]
  for (const config of fits) expect(topology.compile(config).subTopologies).toEqual([])
  expect(() => topology.compile({ naming: 'generated' })).toThrow(
    /'naming' is "generated", but the topology was built with "explicit"/,
  )
  expect(() => topology.compile({ topologyOptimization: true })).toThrow(
    expect.objectContaining({ code: 'MILLRACE_CONFIG_CONFLICT', key: 'topologyOptimization' }),
  )
})

test('equal choices of optimizations fit, however they are written', () => {
  const topology = new StreamsBuilder({ topologyOptimization: true }).build()
  const all = ['singleStoreSelfJoin', 'reuseSourceTopics', 'mergeRepartitionTopics'] as const
  expect(topology.compile({ topologyOptimization: all }).subTopologies).toEqual([])
})

test('what a topology was built with counts for those who run it', () => {
  expect(new StreamsBuilder({ compatibility: 'java' }).build().compile().compatibility).toBe('java')
  expect(new StreamsBuilder().build().compile().compatibility).toBe('none')
  expect(new Topology().compile({ compatibility: 'java' }).compatibility).toBeUndefined()
  const given = { compatibility: 'none', naming: 'generated' } as const
  expect(asBuilt(given, { compatibility: 'java' })).toEqual({ ...given, compatibility: 'java' })
  expect(asBuilt(given, {})).toEqual(given)
})

test('a topology of the processor API has no shape that could differ', () => {
  expect(new Topology().compile({ naming: 'explicit', topologyOptimization: true }).subTopologies).toEqual([])
})

test.each<[Record<string, unknown>, RegExp]>([
  [
    { naming: 'explicite' },
    /'naming' must be one of generated, explicit \(did you mean explicit\?\), found "explicite"/,
  ],
  [{ topologyOptimization: 'all' }, /a boolean or a list/],
  [{ topologyOptimization: ['reuseSourceTopic'] }, /did you mean reuseSourceTopics/],
  [{ compatibility: 'scala' }, /one of none, java/],
])('%j is refused', (config, says) => {
  expect(() => new StreamsBuilder(config)).toThrow(ConfigError)
  expect(() => new StreamsBuilder(config)).toThrow(says)
})

test('repartition topics that the user asked for are not merged', () => {
  const build = (count: number): Topology => {
    const builder = new StreamsBuilder({ topologyOptimization: true })
    for (let i = 0; i < count; i++) builder.stream('in', strings).repartition()
    return builder.build()
  }
  expect(build(2).compile().repartitionTopics).toHaveLength(2)
})

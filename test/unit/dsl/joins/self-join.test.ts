import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { joinWithin, type JoinWithin } from '../../../../src/dsl/windows.ts'
import type { StreamsConfig } from '../../../../src/processor/streams-config.ts'
import { nullable } from '../../../../src/serde/serde.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../../src/testing/topology-test-driver.ts'

type Text = string | null
type Kind = 'inner' | 'left' | 'outer'
type Input = readonly [key: Text, value: Text, timestamp: number]

const texts = { key: nullable(serdes.string), value: nullable(serdes.string) }
const optimized = { topologyOptimization: ['singleStoreSelfJoin'] } as const

function resultsOf(kind: Kind, within: JoinWithin, config: Partial<StreamsConfig>, input: readonly Input[]): string[] {
  const builder = new StreamsBuilder(config)
  const stream = builder.stream('in', texts)
  const joiner = (left: Text, right: Text): string => `${left}+${right}`
  const windows = joinWithin(within)
  const result =
    kind === 'inner'
      ? stream.join(stream, joiner, windows)
      : kind === 'left'
        ? stream.leftJoin(stream, joiner, windows)
        : stream.outerJoin(stream, joiner, windows)
  result.to('out', { key: serdes.string, value: serdes.string })
  const driver = new TopologyTestDriver(builder.build(), { applicationId: 'app', ...config })
  const topic = driver.createInputTopic('in', serdes.string, serdes.string)
  for (const [key, value, timestamp] of input) topic.pipeInput({ key, value, timestamp })
  return driver
    .producedRecords()
    .filter((record) => record.topic === 'out')
    .map(({ value, timestamp }) => `${value === null ? 'null' : Buffer.from(value).toString()}@${timestamp}`)
}

const some: readonly Input[] = [
  ['a', 'x', 10],
  ['b', 'y', 12],
  ['a', 'z', 14],
  ['a', 'u', 11],
  ['a', 'v', 14],
  ['a', 'late', 4],
  ['c', null, 30],
  ['a', 'too late', 19],
  ['a', 'w', 25],
]

describe('A self-join over one store', () => {
  it.each([
    { difference: 5 },
    { before: 0, after: 5, grace: 3 },
    { before: 7, after: 0 },
    { difference: 0 },
    { before: -1, after: 5 },
  ])('has the results of the join over two, within %j', (within) => {
    const plain = resultsOf('inner', within, {}, some)
    expect(plain.length).toBeGreaterThan(0)
    expect(resultsOf('inner', within, optimized, some)).toEqual(plain)
  })

  it('keeps the results of records without a key in left and outer joins, which Java loses', () => {
    const input: readonly Input[] = [[null, 'n', 1]]
    const within = { difference: 5 }
    const java = { ...optimized, compatibility: 'java' } as const
    for (const kind of ['left', 'outer'] as const) {
      const plain = resultsOf(kind, within, {}, input)
      expect(resultsOf(kind, within, optimized, input)).toEqual(plain)
      expect(resultsOf(kind, within, java, input)).toEqual([])
    }
    expect(resultsOf('outer', within, {}, input)).toEqual(['n+null@1', 'null+n@1'])
  })
})

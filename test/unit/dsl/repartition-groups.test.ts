import { describe, expect, it, test } from 'vitest'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../../src/topology/topology.ts'
import { optimizerVectors } from '../../support/vectors/optimizer.ts'
import type { VectorTopology } from '../../support/vectors/vector-topology.ts'

// Where Java merges repartition topics is in the vectors. By default they are merged only where the records are the same.

const vectors = Object.entries(optimizerVectors)
  .filter(([name]) => name.startsWith('optimize (all): '))
  .map(([name, vector]): [string, VectorTopology] => [name.slice('optimize (all): '.length), vector])

function build(name: string, config: Partial<StreamsConfig>): Topology {
  const vector = vectors.find(([each]) => each === name)?.[1]
  if (vector === undefined) throw new Error(`there is no topology '${name}'`)
  return vector.build(config)
}

function repartitionTopics(name: string, config: Partial<StreamsConfig> = {}): string[] {
  const topology = build(name, { topologyOptimization: ['mergeRepartitionTopics'], ...config })
  return topology.compile().repartitionTopics.map((topic) => topic.name)
}

const input = [
  ['in', 'k', 'v'],
  ['in', 'v', 'k'],
  ['in', 'k', 'w'],
  ['in', 'k', 'k'],
] as const

/** By topic, because a merged topic brings records of two outputs in another order. */
function outputs(topology: Topology, config: Partial<StreamsConfig>): string[] {
  const driver = new TopologyTestDriver(topology, { applicationId: 'app', cacheMaxBytes: 0, ...config })
  let timestamp = 0
  for (const [topic, key, value] of input) {
    driver.createInputTopic(topic, serdes.string, serdes.string).pipeInput({ key, value, timestamp: timestamp++ })
  }
  return driver
    .producedRecords()
    .filter(({ topic }) => !topic.startsWith('app-'))
    .map(({ topic, key, value, timestamp: at }) => `${topic} ${hex(key)} ${hex(value)} @${at}`)
    .toSorted()
}

function hex(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : Buffer.from(bytes).toString('hex')
}

describe('The optimisation of a topology', () => {
  it.each(vectors)('leaves the results as they are: %s', (_name, vector) => {
    const optimized = { topologyOptimization: true } as const
    const results = outputs(vector.build({}), {})
    expect(outputs(vector.build(optimized), optimized)).toEqual(results)
  })
})

describe('By default', () => {
  test('repartition topics behind one filter are merged, which Java cannot', () => {
    expect(repartitionTopics('one filter, two counts')).toHaveLength(1)
    expect(() => repartitionTopics('one filter, two counts', { compatibility: 'java' })).toThrow(
      /shares an operator behind KSTREAM-MAP-0000000001 with another one, which Kafka Streams cannot merge/,
    )
  })

  test('records that processors may have changed have topics of their own', () => {
    const own = repartitionTopics('processors between')
    expect(own).toHaveLength(4)
    expect(repartitionTopics('processors between', { compatibility: 'java' })).toHaveLength(2)
  })

  test('a topic behind merged streams is not moved in front of them', () => {
    expect(repartitionTopics('merge whose part is counted too')).toHaveLength(2)
    expect(repartitionTopics('merge whose part is counted too', { compatibility: 'java' })).toHaveLength(1)
  })

  test('values that a join has made are not written before it', () => {
    expect(repartitionTopics('a global table between')).toHaveLength(2)
  })

  test('the topics of a join that are merged are still co-partitioned', () => {
    const topology = build('join of streams after maps', { topologyOptimization: true })
    const [group] = topology.compile().copartitionGroups
    const topics = repartitionTopics('join of streams after maps')
    expect(topics).toHaveLength(2)
    expect(group?.toSorted()).toEqual(topics.toSorted())
  })
})

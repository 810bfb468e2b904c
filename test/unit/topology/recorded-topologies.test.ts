import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TopologyError } from '../../../src/errors/topology-error.ts'
import { replay, type RecordedTopology } from '../../support/recorded-topologies.ts'

const file = new URL('../../testdata/topology-recorder/topologies.json', import.meta.url)
const recorded = JSON.parse(readFileSync(file, 'utf8')) as RecordedTopology[]

describe('random topologies recorded from Kafka Streams', () => {
  test.each(recorded.filter((topology) => topology.describe !== null))(
    'describe() of seed $seed ($api) is the same text',
    (topology) => {
      expect(replay(topology).describe().toString()).toBe(topology.describe)
    },
  )

  test.each(recorded.filter((topology) => topology.describe === null))(
    'seed $seed ($api) is refused here too',
    (topology) => {
      expect(() => replay(topology)).toThrow(TopologyError)
    },
  )
})

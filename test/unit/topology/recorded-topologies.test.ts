import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TopologyError } from '../../../src/errors/topology-error.ts'
import { nullable } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import { replay, type Output, type RecordedTopology } from '../../support/recorded-topologies.ts'

const file = new URL('../../testdata/topology-recorder/topologies.json', import.meta.url)
const recorded = JSON.parse(readFileSync(file, 'utf8')) as RecordedTopology[]
const text = nullable(serdes.string)

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

  test.each(recorded.filter((topology) => topology.steps.length > 0))(
    'seed $seed produces the same records (cached: $cached)',
    (topology) => {
      const config = { applicationId: 'app', cacheMaxBytes: topology.cached ? 1_000_000 : 0 }
      const driver = new TopologyTestDriver(replay(topology), config)
      for (const [topic, key, value, timestamp, out] of topology.steps) {
        driver.createInputTopic(topic, text, text).pipeInput({ key, value, timestamp })
        expect(byTopic(produced(driver))).toEqual(byTopic(out))
      }
      driver.close()
    },
  )
})

function produced(driver: TopologyTestDriver): Output[] {
  return driver
    .producedRecords()
    .map(({ topic, key, value, timestamp }) => [topic, latin1(key), latin1(value), timestamp ?? -1])
}

/** The order between topics is not recorded. */
function byTopic(records: readonly Output[]): Output[] {
  return records.toSorted(([one], [two]) => (one === two ? 0 : one < two ? -1 : 1))
}

function latin1(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('latin1')
}

import { describe, expect, it } from 'vitest'
import type { Header } from '../../../../src/common/headers.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../../src/testing/topology-test-driver.ts'
import { vectorTopologies } from '../../../support/vector-topologies.ts'
import { configOf } from '../../../support/vectors/scenario-config.ts'
import { readScenarios, type RecordedStep, type Scenario } from '../../../support/vectors/scenario.ts'

// The recorded scenarios again, with a crash before every record: operators keep nothing that matters in their fields.

const scenarios = readScenarios().filter(
  ({ name, error, steps }) =>
    /^(stream-table|versioned|null keys)/.test(name) &&
    error === undefined &&
    steps.every((step) => !('error' in step)),
)

describe('A topology that crashes before every record does what Java does without', () => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => run(scenario))
})

function run({ name, config: java, steps }: Scenario): void {
  const vector = vectorTopologies.get(name)
  if (vector === undefined) throw new Error(`scenario '${name}' has no translation`)
  const config = { ...configOf(java ?? {}), ...vector.config }
  const driver = new TopologyTestDriver(vector.build(config), config)
  for (const step of steps) {
    if (!('topic' in step.in)) continue
    driver.crash()
    pipe(driver, step.in)
    const produced = driver.producedRecords().map(({ topic, key, value, timestamp }) => ({
      topic,
      k: hexOf(key),
      v: hexOf(value),
      ts: timestamp,
    }))
    expect(ordered(produced), JSON.stringify(step.in)).toEqual(ordered(step.out))
  }
  driver.close()
}

function pipe(driver: TopologyTestDriver, input: Extract<RecordedStep['in'], { topic: string }>): void {
  driver.createInputTopic(input.topic, serdes.bytes, serdes.bytes).pipeInput({
    key: bytesOf(input.k, input.kx),
    value: bytesOf(input.v, input.vx),
    timestamp: input.ts,
    headers: (input.headers ?? []).map(([name, hex]): Header => [name, bytesOf(undefined, hex ?? undefined)]),
  })
}

/** By topic, without headers; and without the buffers of joins, whose keys have numbers that begin anew. */
function ordered(records: RecordedStep['out']): object[] {
  return records
    .filter(({ topic }) => !topic.endsWith('-Buffer-changelog'))
    .map(({ topic, k, v, ts }) => ({ topic, k, v, ts }))
    .toSorted((one, two) => (one.topic < two.topic ? -1 : one.topic > two.topic ? 1 : 0))
}

function bytesOf(text: string | null | undefined, hex: string | undefined): Buffer | null {
  if (hex !== undefined) return Buffer.from(hex, 'hex')
  return text === null || text === undefined ? null : Buffer.from(text)
}

function hexOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex')
}

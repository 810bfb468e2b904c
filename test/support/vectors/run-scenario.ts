/** What Java's Kafka Streams did, compared record by record and byte for byte. */
import { expect } from 'vitest'
import type { Header } from '../../../src/common/headers.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { RawRecord } from '../../../src/testing/test-topics.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../../src/topology/topology.ts'
import { configOf } from './scenario-config.ts'
import { runQuery } from './scenario-queries.ts'
import type { RecordedOutput, RecordedStep, Scenario } from './scenario.ts'
import type { VectorTopology } from './vector-topology.ts'

/** With `crashes`, after every step: all but the metrics, which count from the crash on, must be the same. */
export function runScenario(scenario: Scenario, vector: VectorTopology, crashes = false): void {
  const config = { ...configOf(scenario.config ?? {}), ...vector.config }
  if (scenario.error !== undefined) {
    expect(codeOf(() => new TopologyTestDriver(vector.build(config), config))).toBe(vector.error ?? 'a code to expect')
    return
  }
  const topology = vector.build(config)
  expect(topology.describe().toString()).toBe(scenario.describe)
  const driver = new TopologyTestDriver(topology, config)
  for (const [index, step] of scenario.steps.entries()) {
    let result: unknown
    const code = codeOf(() => {
      result = perform(driver, topology, vector, step)
    })
    const where = `step ${index}: ${JSON.stringify(step.in)}`
    expect(outputs(driver.producedRecords()), where).toEqual(step.out.map((output) => comparable(output, vector)))
    expect(code, where).toBe(step.error === undefined ? undefined : vector.error)
    if (step.result !== undefined && !(crashes && 'metric' in step.in)) expect(result, where).toEqual(step.result)
    if (crashes && step.error === undefined) driver.crash()
  }
  driver.close()
}

function perform(
  driver: TopologyTestDriver,
  topology: Topology,
  vector: VectorTopology,
  { in: input }: RecordedStep,
): unknown {
  if ('wall' in input) return driver.advanceWallClockTime(input.wall)
  if ('metric' in input) return driver.metric(input.metric)
  if ('query' in input) return runQuery(driver, topology, vector, input)
  driver.createInputTopic(input.topic, serdes.bytes, serdes.bytes).pipeInput({
    key: bytesOf(input.k, input.kx),
    value: bytesOf(input.v, input.vx),
    timestamp: input.ts,
    headers: (input.headers ?? []).map(([name, text]): Header => [
      name,
      text === null ? null : Buffer.from(text, 'hex'),
    ]),
  })
  return undefined
}

/** By topic, as the recording: the order between topics is not part of it. */
function outputs(records: readonly RawRecord[]): RecordedOutput[] {
  const sorted = records.toSorted((one, two) => (one.topic < two.topic ? -1 : one.topic > two.topic ? 1 : 0))
  return sorted.map(({ topic, key, value, timestamp, headers }) =>
    comparable({
      topic,
      k: key === null ? null : hex(key),
      v: value === null ? null : hex(value),
      ts: timestamp,
      ...(headers.length > 0 ? { headers: headers.map(([name, bytes]) => [name, bytes && hex(bytes)] as const) } : {}),
    }),
  )
}

/** The class, message and stack of an error are Java's own. */
const javaOnly = new Set(['exception', 'message', 'stacktrace'].map((name) => `__streams.errors.${name}`))

function comparable(output: RecordedOutput, { withoutHeaders = [] }: Partial<VectorTopology> = {}): RecordedOutput {
  const { headers: all, ...rest } = output
  const headers = all?.filter(([name]) => !withoutHeaders.includes(name)) ?? []
  if (headers.length === 0) return rest
  return { ...rest, headers: headers.map(([name, value]) => [name, javaOnly.has(name) ? '' : value] as const) }
}

function codeOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

function bytesOf(text: string | null | undefined, hexText: string | undefined): Buffer | null {
  if (hexText !== undefined) return Buffer.from(hexText, 'hex')
  return text === null || text === undefined ? null : Buffer.from(text)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

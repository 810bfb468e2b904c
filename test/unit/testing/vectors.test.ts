import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Header } from '../../../src/common/headers.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import type { AnySerde, Serde } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { RawRecord } from '../../../src/testing/test-topics.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import { vectorTopologies, type VectorTopology } from '../../support/vector-topologies.ts'

// What Java's Kafka Streams did, record by record and byte for byte: every topic, every query, every metric, and the
// description of the topology.

interface Output {
  readonly topic: string
  readonly k: string | null
  readonly v: string | null
  readonly ts: number | null
  readonly headers?: readonly (readonly [string, string | null])[]
}

interface Input {
  readonly topic: string
  readonly k?: string | null
  readonly v?: string | null
  readonly kx?: string
  readonly vx?: string
  readonly ts: number
  readonly headers?: readonly (readonly [string, string | null])[]
}

interface Query {
  readonly query: string
  readonly op: string
  readonly args: readonly string[]
}

interface Step {
  readonly in: Input | { readonly wall: number } | Query | { readonly metric: string }
  readonly out: readonly Output[]
  readonly result?: unknown
  readonly error?: unknown
}

interface Scenario {
  readonly name: string
  readonly config?: Readonly<Record<string, string>>
  readonly describe: string
  readonly error?: unknown
  readonly steps: readonly Step[]
}

const file = new URL('../../testdata/vectors/kafka-streams.json', import.meta.url)
const scenarios = JSON.parse(readFileSync(file, 'utf8')) as Scenario[]

/** Which error this project has for what Java refuses. */
const codes: Readonly<Record<string, string>> = {
  'error: table reads a topic that a stream reads': 'MILLRACE_TOPIC_TAKEN',
  'error: processor name used twice': 'MILLRACE_NAME_TAKEN',
  'error: parent not added yet': 'MILLRACE_PARENT_UNKNOWN',
  'error: explicit names required, none given': 'MILLRACE_NAME_MISSING',
  'error: name with a character that is not allowed': 'MILLRACE_NAME_INVALID',
  'error: overlapping topic lists': 'MILLRACE_TOPICS_OVERLAP',
  'error: no topics': 'MILLRACE_TOPICS_EMPTY',
  'error: pattern and name overlap': 'MILLRACE_TOPIC_TAKEN',
  'error: process names a store that is not there': 'MILLRACE_STORE_UNKNOWN',
  'error: processor reads a store it is not connected to': 'MILLRACE_STORE_NOT_CONNECTED',
  'error: topic used by two sources': 'MILLRACE_TOPIC_TAKEN',
  'error: processor is its own parent': 'MILLRACE_PARENT_UNKNOWN',
  'error: processor without a parent': 'MILLRACE_PARENT_UNKNOWN',
  'error: store connected to an unknown processor': 'MILLRACE_STORE_NOT_CONNECTABLE',
  'error: name is a dot': 'MILLRACE_NAME_INVALID',
  'deserialization handler FAIL (default)': 'MILLRACE_DESERIALIZATION_FAILED',
}

describe('A topology', () => {
  for (const [name, topology] of Object.entries(vectorTopologies)) {
    it(`does what Java's does: ${name}`, () => {
      const scenario = scenarios.find((candidate) => candidate.name === name)
      if (scenario === undefined) throw new Error(`there is no recorded scenario '${name}'`)
      run(scenario, topology)
    })
  }
})

function run(scenario: Scenario, vector: VectorTopology): void {
  const config = { applicationId: 'app', cacheMaxBytes: 0, ...configOf(scenario.config ?? {}), ...vector.config }
  if (scenario.error !== undefined) {
    expect(codeOf(() => new TopologyTestDriver(vector.build(config), config))).toBe(codes[scenario.name])
    return
  }
  const topology = vector.build(config)
  expect(topology.describe().toString()).toBe(scenario.describe)
  const driver = new TopologyTestDriver(topology, config)
  for (const step of scenario.steps) {
    let result: unknown
    const code = codeOf(() => {
      result = perform(driver, vector, step)
    })
    expect(outputs(driver.producedRecords())).toEqual(step.out.map(comparable))
    if (step.error === undefined) expect(code).toBeUndefined()
    else expect(code).toBe(codes[scenario.name])
    if (step.result !== undefined) expect(result).toEqual(step.result)
  }
  driver.close()
}

function perform(driver: TopologyTestDriver, vector: VectorTopology, { in: input }: Step): unknown {
  if ('wall' in input) return driver.advanceWallClockTime(input.wall)
  if ('metric' in input) return driver.metric(input.metric)
  if ('query' in input) return query(driver, vector, input)
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

function query(driver: TopologyTestDriver, vector: VectorTopology, { query: name, op, args }: Query): unknown {
  const [key, value] = vector.stores?.[name] ?? ([serdes.bytes, serdes.bytes] as readonly AnySerde[])
  const timestamped = name !== 'seen'
  const store = timestamped
    ? driver.timestampedKeyValueStore<string, unknown>(name)
    : driver.keyValueStore<string, unknown>(name)
  const valueOf = (found: unknown): object => {
    const { value: plain, timestamp } = (timestamped ? found : { value: found }) as {
      value: unknown
      timestamp: number
    }
    const v = hex((value as Serde<unknown>).serialize(plain, '', []))
    return timestamped ? { v, ts: timestamp } : { v }
  }
  const rows = (found: Iterable<readonly [string, unknown]>): object[] =>
    [...found].map(([k, v]) => ({ k: hex((key as Serde<string>).serialize(k, '', [])), ...valueOf(v) }))
  const [one, two] = args
  if (op === 'all') return rows(store.range())
  if (op === 'reverseAll') return rows(store.reverseRange())
  if (op === 'range') return rows(store.range(one, two))
  if (op === 'get') return [store.get(one ?? '')].filter((found) => found !== undefined).map(valueOf)
  throw new Error(`unknown query ${op}`)
}

const deadLetters = { onDeserializationError: { deadLetter: 'dlq' }, onProcessingError: { deadLetter: 'dlq' } } as const

function configOf(java: Readonly<Record<string, string>>): Partial<StreamsConfig> {
  const config: Partial<StreamsConfig> = {}
  const optimization = java['topology.optimization']
  if (optimization !== undefined) config.topologyOptimization = optimization === 'all' ? true : ['reuseSourceTopics']
  if (java['statestore.cache.max.bytes'] !== undefined)
    config.cacheMaxBytes = Number(java['statestore.cache.max.bytes'])
  if (java['ensure.explicit.internal.resource.naming'] === 'true') config.naming = 'explicit'
  return 'errors.dead.letter.queue.topic.name' in java ? { ...config, ...deadLetters } : config
}

/** By topic, as the recording: the order between topics is not part of it. */
function outputs(records: readonly RawRecord[]): Output[] {
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

function comparable(output: Output): Output {
  if (output.headers === undefined) return output
  return { ...output, headers: output.headers.map(([name, value]) => [name, javaOnly.has(name) ? '' : value] as const) }
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

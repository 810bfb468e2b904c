/** Runs a program on millrace and tells what became of it, in the words of java/DifferentialRunner.java. */
import type { Header } from '../../src/common/headers.ts'
import type { ProcessorWrapper } from '../../src/processor/processor-wrapper.ts'
import type { SessionStore } from '../../src/processor/session-store.ts'
import type { StoreSpec } from '../../src/processor/store-builder.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import type { VersionedStore } from '../../src/processor/versioned-store.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Windowed } from '../../src/serde/windowed.ts'
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { configOf } from '../support/vectors/scenario-config.ts'
import { text } from './callbacks.ts'
import type { Data, DataType, Outcome, Produced, Program, ProgramConfig, Query, Row, Step } from './program.ts'
import { replay } from './replay.ts'

const producedMax = 3000

/** `crashes`: the driver crashes after every step, which changes nothing but that metrics begin anew. */
export function run(program: Program, { crashes = false }: { readonly crashes?: boolean } = {}): Outcome {
  const wrapped: string[] = []
  const config = millraceConfig(program.config, wrapped)
  let topology: Topology
  let describe: string
  let driver: TopologyTestDriver
  try {
    topology = replay(program.calls, config)
    describe = topology.describe().toString()
    driver = new TopologyTestDriver(topology, config)
  } catch (error) {
    return { refused: said(error) }
  }
  const namesWrapped = wrappedAsInJava(topology, wrapped)
  const steps = runSteps(driver, program.steps, crashes)
  const { dropped, stores } = ended(driver, topology, program.queries)
  return {
    describe,
    steps,
    stores,
    ...(crashes ? {} : { dropped }),
    ...(program.config.wrapped === true ? { wrapped: namesWrapped } : {}),
  }
}

/** Whether it depends on what a crash forgets on either side. */
export function remembers({ calls, config }: Program): boolean {
  return (
    config.emitInterval > 0 ||
    calls.some(({ punctuate, op, how, grace }) => {
      const scans = op === 'streamJoin' && how !== 'inner'
      return punctuate !== undefined || scans || (op === 'tableLookup' && grace !== undefined)
    })
  )
}

function ended(
  driver: TopologyTestDriver,
  topology: Topology,
  queries: readonly Query[],
): Required<Pick<Outcome, 'stores' | 'dropped'>> {
  const { subTopologies, globalStores } = topology.compile({})
  const specs = [...subTopologies.flatMap(({ stores: own }) => own), ...globalStores].map(({ spec }) => spec)
  const stores: Record<string, readonly Row[]> = {}
  for (const { store, k } of queries) {
    const spec = specs.find(({ name }) => name === store)
    if (spec !== undefined) stores[store] = rowsOf(driver, spec, storeKeys(k))
  }
  // Without a task there is nobody who counts.
  const dropped = subTopologies.length === 0 ? 0 : driver.metric('dropped-records-total')
  driver.close()
  return { stores, dropped }
}

const continues = 'LogAndContinue'

function millraceConfig(
  { cache, optimization, emitInterval, skips, wrapped: wraps }: ProgramConfig,
  wrapped: string[],
): Partial<StreamsConfig> {
  const config = configOf({
    'topology.optimization': optimization,
    'statestore.cache.max.bytes': String(cache),
    '__emit.interval.ms.kstreams.windowed.aggregation__': String(emitInterval),
    ...(skips === 'processing' || skips === 'both' ? { 'processing.exception.handler': continues } : {}),
    ...(skips === 'deserialization' || skips === 'both' ? { 'deserialization.exception.handler': continues } : {}),
  })
  return wraps === undefined ? config : { ...config, processorWrapper: noting(wrapped) }
}

/** Java does not wrap what fills global stores. */
function wrappedAsInJava(topology: Topology, wrapped: readonly string[]): readonly string[] {
  const global = new Set(topology.compile({}).globalStores.map(({ processor }) => processor.name))
  return [...new Set(wrapped)].filter((name) => !global.has(name))
}

/** Changes nothing, and notes what it was asked to wrap: which of Java's operators have fixed keys is not compared. */
function noting(names: string[]): ProcessorWrapper {
  return {
    wrapProcessorSupplier(name, supplier) {
      names.push(name)
      return supplier
    },
    wrapFixedKeyProcessorSupplier(name, supplier) {
      names.push(name)
      return supplier
    },
  }
}

type Steps = NonNullable<Outcome['steps']>

function runSteps(driver: TopologyTestDriver, steps: readonly Step[], crashes: boolean): Steps {
  const answers: Steps[number][] = []
  let produced = 0
  for (const step of steps) {
    try {
      pipe(driver, step)
    } catch (error) {
      answers.push({ error: said(error) })
      break
    }
    const out = byTopic(driver)
    answers.push({ out })
    produced += out.length
    if (produced > producedMax) break
    if (crashes) driver.crash()
  }
  return answers
}

function pipe(driver: TopologyTestDriver, step: Step): void {
  if ('wall' in step) return driver.advanceWallClockTime(step.wall)
  const { topic, key, value, ts, header } = step
  const headers: Header[] = header === undefined ? [] : [['h', header === null ? null : Buffer.from(header)]]
  const input = driver.createInputTopic(topic, serdes.bytes, serdes.bytes)
  input.pipeInput({ key: bytesOf(key), value: bytesOf(value), timestamp: ts, headers })
}

const texts = serdes.list(serdes.string)

function bytesOf(data: Data): Uint8Array | null {
  if (data === null) return null
  if (typeof data === 'string') return Buffer.from(data)
  return typeof data === 'number' ? serdes.int64.serialize(data, '', []) : texts.serialize([...data], '', [])
}

/** What sessions and versions are asked for. */
function storeKeys(type: DataType): readonly unknown[] {
  return type === 'L' || type.startsWith('LW') ? [0, 1, 2, 3, 4, 5, 10] : ['', 'a', 'b', 'c', 'x', 'y', 'z', '1', '2']
}

/** The order between topics is not compared. */
function byTopic(driver: TopologyTestDriver): Produced[] {
  const records = driver.producedRecords().map(({ topic, key, value, timestamp, headers }): Produced => {
    const all = headers.map(([name, bytes]) => `${name}=${hex(bytes)};`).join('')
    return [topic, hex(key), hex(value), timestamp, all]
  })
  return records.toSorted(([one], [two]) => (one < two ? -1 : one > two ? 1 : 0))
}

function rowsOf(driver: TopologyTestDriver, { kind, name }: StoreSpec, keys: readonly unknown[]): Row[] {
  switch (kind) {
    case 'keyValue':
      return [...driver.keyValueStore<unknown, unknown>(name).range()].map(([key, value]) => [text(key), text(value)])
    case 'timestampedKeyValue':
      return [...driver.timestampedKeyValueStore<unknown, unknown>(name).range()].map(timestamped)
    case 'timestampedWindow':
      return [...driver.timestampedWindowStore(name).range(undefined)].map(timestamped)
    case 'session':
      return sessionsOf(driver.sessionStore(name), keys)
    case 'versioned':
      return versionsOf(driver.versionedStore(name), keys)
    default:
      throw new Error(`store ${name} is a ${kind}`)
  }
}

function timestamped([key, stored]: readonly [key: unknown, stored: unknown]): Row {
  const { value, timestamp } = stored as { readonly value: unknown; readonly timestamp: number }
  return [...keyCells(key), text(value), timestamp]
}

function keyCells(key: unknown): (string | number)[] {
  if (typeof key !== 'object' || key === null) return [text(key)]
  const { window } = key as Windowed<unknown>
  return window.end < Number.MAX_SAFE_INTEGER ? [text(key), window.end] : [text(key)]
}

function sessionsOf(store: SessionStore<unknown, unknown>, keys: readonly unknown[]): Row[] {
  return keys.flatMap((key) => [...store.find(key)].map(([windowed, value]) => [...keyCells(windowed), text(value)]))
}

function versionsOf(store: VersionedStore<unknown, unknown>, keys: readonly unknown[]): Row[] {
  return keys.flatMap((key) =>
    [undefined, 5, 20, 40, 80].flatMap((asOf) => {
      const found = store.get(key, asOf)
      return found === undefined
        ? []
        : [[text(key), asOf ?? -1, text(found.value), found.timestamp, found.validTo ?? -1]]
    }),
  )
}

function said(error: unknown): string {
  const code = (error as { readonly code?: string }).code
  return `${code === undefined ? '' : `${code}: `}${(error as Error).message}`
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex')
}

/** Runs the examples of the documents in the test driver, and writes what comes out as the documents do. */
import type { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { bytesSerde } from '../../src/serde/basic-serdes.ts'
import { nullable, type AnySerde } from '../../src/serde/serde.ts'
import type { RawRecord, TestInputTopic } from '../../src/testing/test-topics.ts'
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts'
import type { SinkNode, SourceNode, TopologyNode } from '../../src/topology/topology-node.ts'
import type { Topology } from '../../src/topology/topology.ts'
import type { DocExample, Line } from './doc-examples.ts'

interface Told {
  readonly actual: readonly string[]
  readonly expected: readonly string[]
}

/** Both in the order of events; what comes out has its time only where it is told. */
export function run(builder: StreamsBuilder, { steps, compatibility }: DocExample): Told {
  const topology = builder.build()
  const ends = new Ends(topology)
  const driver = new TopologyTestDriver(topology, { compatibility })
  const expected = steps.flatMap((step) => [told('in', step.given), ...step.expected.map((line) => told('out', line))])
  const actual = steps.flatMap(({ given, expected: lines }) => {
    ends.pipe(driver, given)
    const produced = driver.producedRecords().filter((record) => ends.sinkOf(record.topic) !== undefined)
    const found = produced.map((record, i) => ends.show(record, lines[i] === undefined || hasTime(lines[i])))
    return [told('in', given), ...found.map((line) => told('out', line))]
  })
  driver.close()
  return { actual, expected }
}

function told(direction: 'in' | 'out', { topic, text }: Line): string {
  return `${direction} ${topic} ${text}`
}

function hasTime({ text }: Line): boolean {
  return / @\S+$/.test(text)
}

/** The topics that a topology reads and writes, with their serdes. */
class Ends {
  readonly #sources: readonly SourceNode[]
  readonly #sinks: readonly SinkNode[]
  readonly #inputs = new Map<string, TestInputTopic<unknown, unknown>>()

  constructor(topology: Topology) {
    const { subTopologies, globalStores } = topology.compile()
    const nodes = subTopologies.flatMap((subTopology) => subTopology.nodes)
    this.#sources = [...nodes.filter(isSource), ...globalStores.map(({ source }) => source)]
    this.#sinks = nodes.filter(isSink)
  }

  pipe(driver: TopologyTestDriver, { topic, text }: Line): void {
    const source = this.#sources.find(({ topics }) =>
      topics instanceof RegExp ? topics.test(topic) : topics.includes(topic),
    )
    if (source === undefined) throw new Error(`nothing reads topic ${topic}`)
    const [key, value] = [source.key ?? nullable(bytesSerde), source.value ?? nullable(bytesSerde)]
    const input = this.#inputs.get(topic) ?? driver.createInputTopic(topic, key as never, value as never)
    this.#inputs.set(topic, input)
    const [, keyText = '', valueText = '', at = '0'] = /^(\S+): (.*?)(?: @([\d.]+)s)?$/.exec(text) ?? refuse(text)
    input.pipeInput({
      key: toValue(keyText, key),
      value: toValue(valueText, value),
      timestamp: Number(at) * 1000,
    })
  }

  /** Internal topics have another name in the driver than in the topology, and so are nobody's. */
  sinkOf(topic: string): SinkNode | undefined {
    if (topic.startsWith('topology-test-driver-')) return undefined
    return (
      this.#sinks.find((each) => each.topic === topic) ?? this.#sinks.find((each) => typeof each.topic === 'function')
    )
  }

  show({ topic, key, value, timestamp }: RawRecord, withTime: boolean): Line {
    const sink = this.sinkOf(topic)
    const record = `${showPart(key, sink?.key, topic)}: ${showPart(value, sink?.value, topic)}`
    return { topic, text: withTime ? `${record} @${seconds(timestamp ?? -1)}` : record }
  }
}

function isSource(node: TopologyNode): node is SourceNode {
  return node.kind === 'source'
}

function isSink(node: TopologyNode): node is SinkNode {
  return node.kind === 'sink'
}

function toValue(text: string, serde: AnySerde): unknown {
  if (text === 'null') return null
  return /^(?:nullable\()?string/.test(serde.name) ? text : JSON.parse(text)
}

function refuse(text: string): never {
  throw new Error(`an example says '${text}', which is not 'key: value' or 'key: value @10s'`)
}

function showPart(bytes: Uint8Array | null, serde: AnySerde | undefined, topic: string): string {
  if (bytes === null) return 'null'
  const value: unknown = (serde ?? bytesSerde).deserialize(bytes, topic, [])
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || !('window' in value)) return JSON.stringify(value)
  const { key, window } = value as { key: unknown; window: { start: number; end: number } }
  const close = serde?.name.startsWith('sessionWindowed') === true ? ']' : ')'
  return `${typeof key === 'string' ? key : JSON.stringify(key)}[${seconds(window.start)},${seconds(window.end)}${close}`
}

function seconds(ms: number): string {
  return `${ms / 1000}s`
}

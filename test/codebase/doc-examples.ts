/**
 * The examples of the documents: every `ts` block. One that imports what it uses stands for itself. One of a page that
 * begins with a block of that kind goes on from there: it has its imports and constants, above all `builder`.
 *
 * What goes in and what comes out stands under an example, in the order of events:
 *
 *     // in  orders  ada: {"total":30} @10s
 *     // out totals  ada[0s,60s): 30 @10s
 *
 * Everything that the topology writes to topics of its users has to be there, no more and no less; a time that is not
 * told is not looked at. Strings are written as they are, all else as JSON, times in seconds.
 */
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts'
import type { TestInputTopic } from '../../src/testing/test-topics.ts'
import type { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { bytesSerde } from '../../src/serde/basic-serdes.ts'
import { nullable, type AnySerde } from '../../src/serde/serde.ts'
import type { SinkNode, SourceNode, TopologyNode } from '../../src/topology/topology-node.ts'
import { filesIn, read } from './project-files.ts'

export interface DocExample {
  /** `docs-operators-md-3`: what its file is called. */
  readonly name: string
  readonly document: string
  /** The heading that it stands under, as the end of a link. */
  readonly anchor: string
  readonly code: string
  readonly isWhole: boolean
  readonly steps: readonly Step[]
}

interface Step {
  readonly given: Line
  readonly expected: readonly Line[]
}

interface Line {
  readonly topic: string
  readonly text: string
}

export const documents: readonly string[] = ['README.md', ...filesIn('docs').filter((file) => file.endsWith('.md'))]

export const docExamples: readonly DocExample[] = documents.flatMap((document) => examplesOf(document))

function examplesOf(document: string): DocExample[] {
  const blocks = [...read(document).matchAll(/^#+ (.*)$|^```ts\n([\s\S]*?)^```/gm)]
  let anchor = ''
  let prelude: string | undefined
  const examples: DocExample[] = []
  for (const [, heading, block] of blocks) {
    if (heading !== undefined) anchor = anchorOf(heading)
    if (block === undefined) continue
    const name = `${document.replaceAll(/\W/g, '-')}-${examples.length + 1}`
    const isWhole = /^import /m.test(block)
    if (isWhole && examples.length === 0 && /^const builder = /m.test(block)) prelude = block
    const steps = stepsOf(name, block)
    const whole = isWhole || prelude === undefined ? block : `${prelude}\n${block}`
    const code = isWhole && steps.length === 0 ? whole : `${whole}\nexport { builder }\n`
    examples.push({ name, document, anchor, code, isWhole, steps })
  }
  return examples.filter(({ isWhole }) => isWhole || prelude !== undefined)
}

/** As GitHub makes it. */
export function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}

function stepsOf(name: string, block: string): Step[] {
  const steps: { given: Line; expected: Line[] }[] = []
  for (const [, direction, topic = '', text = ''] of block.matchAll(/^\/\/ (in|out) +(\S+) +(.+)$/gm)) {
    if (direction === 'in') steps.push({ given: { topic, text }, expected: [] })
    else if (steps.length === 0) throw new Error(`${name}: something comes out before anything goes in`)
    else steps.at(-1)?.expected.push({ topic, text })
  }
  return steps
}

/** What comes out, for each step as written: of what has no time there, without. */
export function run(builder: StreamsBuilder, steps: readonly Step[]): { actual: string[]; expected: string[] } {
  const topology = builder.build()
  const { subTopologies, globalStores } = topology.compile()
  const nodes = subTopologies.flatMap((subTopology) => subTopology.nodes)
  const sources = [...nodes.filter(isSource), ...globalStores.map(({ source }) => source)]
  const sinks = nodes.filter(isSink)
  const driver = new TopologyTestDriver(topology)
  const inputs = new Map<string, TestInputTopic<unknown, unknown>>()
  const actual: string[] = []
  const expected: string[] = []
  for (const step of steps) {
    const { topic, text } = step.given
    const source = sources.find(({ topics }) =>
      topics instanceof RegExp ? topics.test(topic) : topics.includes(topic),
    )
    if (source === undefined) throw new Error(`nothing reads topic ${topic}`)
    const [key, value] = [source.key ?? nullable(bytesSerde), source.value ?? nullable(bytesSerde)]
    const input = inputs.get(topic) ?? driver.createInputTopic(topic, key as never, value as never)
    inputs.set(topic, input)
    const record = parse(text)
    expected.push(`in ${topic} ${text}`, ...step.expected.map((line) => `out ${line.topic} ${line.text}`))
    input.pipeInput({
      key: toValue(record.key, key),
      value: toValue(record.value, value),
      timestamp: (record.seconds ?? 0) * 1000,
    })
    actual.push(`in ${topic} ${text}`)
    let index = 0
    for (const found of driver.producedRecords()) {
      const sink = findSink(sinks, found.topic)
      if (sink === undefined) continue
      const time = step.expected[index++]?.text.match(/ @\S+$/) == null ? '' : ` @${seconds(found.timestamp ?? -1)}`
      actual.push(
        `out ${found.topic} ${show(found.key, sink.key, found.topic)}: ${show(found.value, sink.value, found.topic)}${time}`,
      )
    }
  }
  driver.close()
  return { actual, expected }
}

function isSource(node: TopologyNode): node is SourceNode {
  return node.kind === 'source'
}

function isSink(node: TopologyNode): node is SinkNode {
  return node.kind === 'sink'
}

/** Internal topics have another name in the driver than in the topology, and so are nobody's. */
function findSink(sinks: readonly SinkNode[], topic: string): SinkNode | undefined {
  if (topic.startsWith('topology-test-driver-')) return undefined
  return sinks.find((each) => each.topic === topic) ?? sinks.find((each) => typeof each.topic === 'function')
}

function parse(text: string): { key: string; value: string; seconds: number | undefined } {
  const match = /^(\S+): (.*?)(?: @([\d.]+)s)?$/.exec(text)
  if (match === null) throw new Error(`not a record: ${text}`)
  const [, key = '', value = '', at] = match
  return { key, value, seconds: at === undefined ? undefined : Number(at) }
}

function toValue(text: string, serde: AnySerde): unknown {
  if (text === 'null') return null
  if (/^(?:nullable\()?string/.test(serde.name)) return text
  return JSON.parse(text)
}

function show(bytes: Uint8Array | null, serde: AnySerde | undefined, topic: string): string {
  if (bytes === null) return 'null'
  const value: unknown = (serde ?? bytesSerde).deserialize(bytes, topic, [])
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'window' in value) {
    const { key, window } = value as { key: unknown; window: { start: number; end: number } }
    const isSession = serde?.name.startsWith('sessionWindowed') === true
    return `${typeof key === 'string' ? key : JSON.stringify(key)}[${seconds(window.start)},${seconds(window.end)}${isSession ? ']' : ')'}`
  }
  return JSON.stringify(value)
}

function seconds(ms: number): string {
  return `${ms / 1000}s`
}

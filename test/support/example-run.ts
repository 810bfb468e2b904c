/** The commands of an example's README, in this process: `millrace send` and `millrace tail` without their options. */
import { textSerdeOf } from '../../src/cli/text-serde.ts'
import { committedToEnd, partitionsOf, readRanges } from '../../src/cli/topic-reader.ts'
import { noHeaders } from '../../src/common/headers.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { keyView, valueView } from '../../src/processor/record-set.ts'
import { RecordCollector } from '../../src/runtime/record-collector.ts'
import { TopicNames } from '../../src/runtime/topology-plan.ts'
import type { Topology } from '../../src/topology/topology.ts'
import type { SendCommand, TailCommand } from './example-readme.ts'

/** A record for each line, where Java's producer would put it. */
export async function send(client: KafkaClient, command: SendCommand): Promise<void> {
  const { topic, separator, lines, nullText } = command
  const [keys, values] = [
    textSerdeOf(command.keySerde, '--key-serde'),
    textSerdeOf(command.valueSerde, '--value-serde'),
  ]
  const producer = client.producer({ lingerMs: 0 })
  await producer.init()
  const collector = new RecordCollector(client, producer)
  await collector.prepareTopics([topic])
  for (const line of lines) {
    const [keyText, text] = apart(line, separator)
    const key = keyText === undefined ? null : keys.encode(Buffer.from(keyText), topic)
    const value = text === nullText ? null : values.encode(Buffer.from(text), topic)
    collector.append(topic, -1, key, value, 1, noHeaders)
  }
  await collector.flush()
  await producer.close()
}

function apart(line: string, separator: string | undefined): readonly [key: string | undefined, value: string] {
  if (separator === undefined) return [undefined, line]
  const at = line.indexOf(separator)
  if (at < 0) throw new Error(`the line '${line}' has no key`)
  return [line.slice(0, at), line.slice(at + separator.length)]
}

/** Waits until the application has committed all there is, in its internal topics as well, and on their way round. */
export async function settled(client: KafkaClient, topology: Topology, applicationId: string): Promise<void> {
  const compiled = topology.compile()
  const names = new TopicNames(compiled, applicationId)
  const sources = compiled.subTopologies.flatMap((each) => [...names.inputTopics(each, []).values()].flat())
  const topics = await client.describeTopics([...new Set(sources)])
  const partitions = [...topics.values()].flatMap(({ name, partitionCount }) => partitionsOf(name, partitionCount))
  // What one sub-topology commits is input of the next; a foreign-key join leads back to where it began.
  for (let round = 0; round < compiled.subTopologies.length + 2; round++) {
    await committedToEnd(client, applicationId, partitions)
  }
}

/** The lines that are printed, in the order of the partitions. */
export async function tail(client: KafkaClient, command: TailCommand): Promise<string[]> {
  const { topic, separator, nullText = 'null' } = command
  const [keys, values] = [
    textSerdeOf(command.keySerde, '--key-serde'),
    textSerdeOf(command.valueSerde, '--value-serde'),
  ]
  const [described] = [...(await client.describeTopics([topic])).values()]
  if (described === undefined) throw new Error(`nothing was written to ${topic}`)
  const query = partitionsOf(topic, described.partitionCount).map((partition) => ({ ...partition, timestamp: -1 }))
  const ends = await client.listOffsets(query, 'read_committed')
  const lines: string[] = []
  await readRanges(client, new Map([...ends].map(([key, end]) => [key, { start: 0, end }])), (cursor) => {
    const [key, value] = [keyView(cursor), valueView(cursor)]
    const keyText = key === null ? nullText : keys.show(key, topic).toString()
    const text = value === null ? nullText : values.show(value, topic).toString()
    lines.push(separator === undefined ? text : `${keyText}${separator}${text}`)
  })
  return lines
}

/** Between keys no order is promised. Without keys all lines count as of one. */
export function linesByKey(
  { separator }: TailCommand,
  lines: readonly string[],
): Readonly<Partial<Record<string, string[]>>> {
  const keyOf = (line: string): string => (separator === undefined ? '' : (line.split(separator, 1)[0] ?? ''))
  return Object.groupBy(lines, keyOf)
}

/** An application that looks values of a stream up in a global table, and what comes out of it. */
import { noHeaders } from '../../src/common/headers.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import type { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import type { StreamsEvents } from '../../src/runtime/streams-events.ts'
import type { Serde } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Topology } from '../../src/topology/topology.ts'

export const strings: { readonly key: Serde<string>; readonly value: Serde<string> } = {
  key: serdes.string,
  value: serdes.string,
}

/** `in`, each value with what the global table of `names` has for it, to `out`. */
export function lookUpNames(): Topology {
  const builder = new StreamsBuilder()
  const names = builder.globalTable('names', { ...strings, store: 'names' })
  builder
    .stream('in', strings)
    .leftJoin(
      names,
      (value) => value,
      (value, name) => `${value}=${name ?? 'nobody'}`,
    )
    .to('out', strings)
  return builder.build()
}

export type Row = readonly [key: string | null, value: string | null]

export async function produceTo(
  client: KafkaClient,
  topic: string,
  partition: number,
  rows: readonly Row[],
): Promise<void> {
  const producer = client.producer({ lingerMs: 0 })
  await producer.init()
  for (const [key, value] of rows) producer.append(topic, partition, bytes(key), bytes(value), 1, noHeaders)
  await producer.flush()
  await producer.close()
}

/** The values of `out`, once there are so many. */
export async function output(client: KafkaClient, count: number): Promise<(string | null)[]> {
  const fetcher = client.fetcher({ name: 'check', isolation: 'read_committed' })
  const found: (string | null)[] = []
  fetcher.assign(new Map([['out-0', 0]]))
  while (found.length < count) {
    await fetcher.wait(100)
    for (const set of fetcher.take()) {
      for (const cursor = set.cursor(); cursor.next();) {
        const { buffer, valueStart, valueLength } = cursor
        found.push(valueLength < 0 ? null : buffer.toString('utf8', valueStart, valueStart + valueLength))
      }
    }
  }
  await fetcher.close()
  return found
}

/**
 * Sends a value until it comes out as wanted: nothing says when the table, beside the stream, has taken its update.
 * `before`: values that have come out by now.
 */
export async function untilJoined(client: KafkaClient, value: string, wanted: string, before = 0): Promise<void> {
  for (let sent = 1; ; sent++) {
    await produceTo(client, 'in', 0, [['k', value]])
    if ((await output(client, before + sent)).at(-1) === wanted) return
  }
}

export function restoresOf(app: KafkaStreams): StreamsEvents['restore'][] {
  const events: StreamsEvents['restore'][] = []
  app.on('restore', (event) => events.push(event))
  return events
}

export function failureOf(app: KafkaStreams): Promise<Error & { readonly code?: string }> {
  return new Promise((resolve) => app.on('error', ({ error }) => resolve(error)))
}

function bytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text)
}

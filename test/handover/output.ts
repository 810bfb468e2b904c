/** What is compared: the application's output topics and its changelogs, as a reader of committed records sees them. */
import { partitionsOf, readRanges, readToEnd } from '../../src/cli/topic-reader.ts'
import { sleep, systemClock } from '../../src/common/clock.ts'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { inputPartitions, inputTopics } from './input.ts'

/** Every update counts, in whatever order partitions came. */
const streams = ['outer', 'final']
/** The last value of each key counts: how many updates there are in between is the cache's affair. */
const tables = ['words', 'windows', 'sessions', 'tables', 'foreign']
export const outputs: readonly string[] = [...streams, ...tables]

/** Stores whose changelog must be the same in the end; those of stream joins number their records anew. */
const stores = ['words', 'sessions', 'final-windows', 'orders']

export type Found = Readonly<Record<string, readonly string[]>>

/** By topic, sorted. */
export async function readOutputs(client: KafkaClient, out: string, applicationId: string): Promise<Found> {
  const found: Record<string, readonly string[]> = {}
  for (const name of streams)
    found[name] = (await updates(client, out + name)).map((update) => update.join('=')).toSorted()
  for (const name of tables) found[name] = lastOf(await updates(client, out + name))
  for (const name of stores)
    found[`${name} changelog`] = lastOf(await updates(client, `${applicationId}-${name}-changelog`))
  return found
}

/** As text where it is text, else as numbers: what goes wrong is to be read. */
function textOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('latin1').replaceAll(/[^ -~]/g, (each) => `.${each.charCodeAt(0)}`)
}

type Update = readonly [key: string, value: string | null]

async function updates(client: KafkaClient, topic: string): Promise<Update[]> {
  const found: Update[] = []
  await readToEnd(client, partitionsOf(topic, inputPartitions), (key, value) => {
    found.push([textOf(key) ?? '', textOf(value)])
  })
  return found
}

function lastOf(all: readonly Update[]): string[] {
  const last = new Map<string, string>()
  for (const [key, value] of all) {
    if (value === null) last.delete(key)
    else last.set(key, value)
  }
  return [...last].map(([key, value]) => `${key}=${value}`).toSorted()
}

/** What the one has and the other has not. */
export function differences(found: Found, wanted: Found): string[] {
  return Object.keys(wanted).flatMap((name) => {
    const [one, other] = [found[name] ?? [], wanted[name] ?? []]
    return [
      ...surplus(one, other).map((update) => `${name}: ${update} is there and should not be`),
      ...surplus(other, one).map((update) => `${name}: ${update} is missing`),
    ]
  })
}

function surplus(of: readonly string[], over: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const each of over) left.set(each, (left.get(each) ?? 0) + 1)
  return of.filter((each) => {
    const count = left.get(each) ?? 0
    left.set(each, count - 1)
    return count <= 0
  })
}

/** Waits until the group has processed every record there is, in the input and in the topics between its parts. */
export async function processed(client: KafkaClient, applicationId: string, topology: Topology): Promise<void> {
  const between = topology
    .describe()
    .toJSON()
    .repartitionTopics.map(({ name }) => `${applicationId}-${name}`)
  for (;;) {
    // In the order in which records flow; twice, because a topic that was read may get more from the next.
    let left = 0
    for (const topic of [...inputTopics, ...between, ...between])
      left += await unprocessed(client, applicationId, topic)
    if (left === 0) return
    await sleep(systemClock, 100)
  }
}

async function unprocessed(client: KafkaClient, applicationId: string, topic: string): Promise<number> {
  const partitions = partitionsOf(topic, inputPartitions)
  const query = partitions.map((partition) => ({ ...partition, timestamp: -1 }))
  const ends = await client.listOffsets(query, 'read_uncommitted')
  const committed = await client.committedOffsets(applicationId, partitions, { requireStable: true })
  const ranges = new Map(
    partitions.map(({ partition }) => {
      const key = topicPartitionKey(topic, partition)
      return [key, { start: committed.get(key)?.offset ?? 0, end: ends.get(key) ?? 0 }] as const
    }),
  )
  let count = 0
  // Java does not commit what lies behind the last record: the markers of its own transactions.
  await readRanges(client, ranges, () => count++)
  return count
}

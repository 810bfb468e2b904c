/** What may be asked of an application that was killed, and how its output is compared with the truth. */
import { partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { partitionCount } from './layout.ts'

const shownMax = 10

export type Promised = 'exact' | 'none missing' | 'nothing'

export interface Findings {
  /** Empty for a clean run. */
  readonly violations: readonly string[]
  /** Updates that did not raise a count. */
  readonly repeats: number
  /** How much the counts exceed the truth, over all keys. */
  readonly excess: number
  /** How much they are below it. */
  readonly shortfall: number
}

export type Counts = ReadonlyMap<string, number>

/** Every committed record of a topic, in order within each partition. */
export async function readRecords(
  client: KafkaClient,
  topic: string,
): Promise<(readonly [key: Buffer, value: Buffer | null])[]> {
  const records: (readonly [Buffer, Buffer | null])[] = []
  await readToEnd(client, partitionsOf(topic, partitionCount), (key, value) =>
    records.push([Buffer.from(key ?? []), value === null ? null : Buffer.from(value)]),
  )
  return records
}

export function compareCounts(what: string, truth: Counts, found: Counts, promised: Promised): string[] {
  if (promised === 'nothing') return []
  return some(what, promised === 'exact' ? differences(truth, found) : missing(truth, found))
}

export function excessOf(truth: Counts, found: Counts): number {
  return sumOf(found, (key, count) => count - (truth.get(key) ?? 0))
}

export function shortfallOf(truth: Counts, found: Counts): number {
  return sumOf(truth, (key, count) => count - (found.get(key) ?? 0))
}

/** One line for all of a kind. */
export function some(what: string, found: readonly string[]): string[] {
  if (found.length === 0) return []
  return [`${found.length} × ${what}: ${found.slice(0, shownMax).join('; ')}${found.length > shownMax ? '; …' : ''}`]
}

function sumOf(counts: Counts, of: (key: string, count: number) => number): number {
  return [...counts].reduce((sum, [key, count]) => sum + Math.max(0, of(key, count)), 0)
}

function differences(truth: Counts, found: Counts): string[] {
  return [...new Set([...truth.keys(), ...found.keys()])]
    .filter((key) => truth.get(key) !== found.get(key))
    .map((key) => `${key}: ${found.get(key)} instead of ${truth.get(key)}`)
}

function missing(truth: Counts, found: Counts): string[] {
  return [...truth]
    .filter(([key, count]) => (found.get(key) ?? 0) < count)
    .map(([key, count]) => `${key}: ${found.get(key)} instead of at least ${count}`)
}

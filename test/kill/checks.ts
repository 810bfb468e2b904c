/** What must hold once production has ended, the kills have stopped and the group has caught up. */
import { partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { noHeaders } from '../../src/common/headers.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { readCounts } from '../support/word-count-load.ts'
import { partitionCount, topics } from './layout.ts'

const shownMax = 10

/** What may be asked of the counts. */
export type Promised = 'exact' | 'none missing' | 'nothing'

export interface Findings {
  /** Empty for a clean run. */
  readonly violations: readonly string[]
  /** Updates of a word that did not raise its count. */
  readonly repeats: number
  /** How much the counts exceed the truth, over all words. */
  readonly excess: number
  /** How much they are below it. */
  readonly shortfall: number
}

export async function checkCounts(
  client: KafkaClient,
  truth: ReadonlyMap<string, number>,
  promised: Promised,
): Promise<Findings> {
  const { counts, regressions } = await readCounts(client, topics.output, partitionCount)
  const stored = await readChangelog(client)
  return {
    violations: violationsOf(truth, counts, stored, regressions, promised),
    repeats: regressions.length,
    excess: sumOf(counts, (word, count) => count - (truth.get(word) ?? 0)),
    shortfall: sumOf(truth, (word, count) => count - (counts.get(word) ?? 0)),
  }
}

function violationsOf(
  truth: ReadonlyMap<string, number>,
  counts: ReadonlyMap<string, number>,
  stored: ReadonlyMap<string, number>,
  regressions: readonly string[],
  promised: Promised,
): string[] {
  if (promised === 'nothing') return []
  const compare = promised === 'exact' ? differences : missing
  return [
    ...some('count in the output', compare(truth, counts)),
    ...some('count in the changelog', compare(truth, stored)),
    ...(promised === 'exact' ? some('update that does not raise a count', regressions) : []),
  ]
}

function sumOf(counts: ReadonlyMap<string, number>, of: (word: string, count: number) => number): number {
  return [...counts].reduce((sum, [word, count]) => sum + Math.max(0, of(word, count)), 0)
}

/** The last value of every key, as a store would be restored from it. */
async function readChangelog(client: KafkaClient): Promise<Map<string, number>> {
  const stored = new Map<string, number>()
  await readToEnd(client, partitionsOf(topics.changelog, partitionCount), (key, value) => {
    const word = key?.toString() ?? ''
    if (value === null) stored.delete(word)
    else stored.set(word, serdes.int64.deserialize(value, topics.changelog, noHeaders))
  })
  return stored
}

function differences(truth: ReadonlyMap<string, number>, found: ReadonlyMap<string, number>): string[] {
  return [...new Set([...truth.keys(), ...found.keys()])]
    .filter((word) => truth.get(word) !== found.get(word))
    .map((word) => `${word}: ${found.get(word)} instead of ${truth.get(word)}`)
}

function missing(truth: ReadonlyMap<string, number>, found: ReadonlyMap<string, number>): string[] {
  return [...truth]
    .filter(([word, count]) => (found.get(word) ?? 0) < count)
    .map(([word, count]) => `${word}: ${found.get(word)} instead of at least ${count}`)
}

function some(what: string, found: readonly string[]): string[] {
  if (found.length === 0) return []
  return [`${found.length} × ${what}: ${found.slice(0, shownMax).join('; ')}${found.length > shownMax ? '; …' : ''}`]
}

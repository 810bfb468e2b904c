/** `--topology words`: lines of text, and how often each of their words was there. */
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { readCounts, WordLoad } from '../support/word-count-load.ts'
import type { Application, Load, LoadRecord } from './application.ts'
import { compareCounts, excessOf, readRecords, shortfallOf, some } from './checks.ts'
import type { Findings, Promised } from './checks.ts'
import { applicationId, partitionCount } from './layout.ts'

const vocabulary = 5000
const output = 'word-counts'
const changelog = `${applicationId}-counts-changelog`

export const wordsApplication: Application = {
  topology: 'words',
  file: 'topology.ts',
  input: 'lines',
  repartition: `${applicationId}-counts-repartition`,
  outputs: [output],
  changelogs: [changelog],
  records: 300_000,
  load: (seed) => new LineLoad(seed),
}

class LineLoad implements Load {
  readonly #words: WordLoad
  #made = 0

  constructor(seed: number) {
    this.#words = new WordLoad(seed, vocabulary)
  }

  next(nowMs: number): LoadRecord {
    return { partition: this.#made++ % partitionCount, key: null, value: this.#words.nextLine(), timestamp: nowMs }
  }

  endings(): readonly [] {
    return []
  }

  async check(client: KafkaClient, promised: Promised): Promise<Findings> {
    const truth = this.#words.expected
    const { counts, regressions } = await readCounts(client, output, partitionCount)
    const stored = await readChangelog(client)
    return {
      violations: [
        ...compareCounts('count in the output', truth, counts, promised),
        ...compareCounts('count in the changelog', truth, stored, promised),
        ...(promised === 'exact' ? some('update that does not raise a count', regressions) : []),
      ],
      repeats: regressions.length,
      excess: excessOf(truth, counts),
      shortfall: shortfallOf(truth, counts),
    }
  }
}

/** The last value of every key, as a store would be restored from it. */
async function readChangelog(client: KafkaClient): Promise<Map<string, number>> {
  const stored = new Map<string, number>()
  for (const [key, value] of await readRecords(client, changelog)) {
    const word = key.toString()
    if (value === null) stored.delete(word)
    else stored.set(word, serdes.int64.deserialize(value, changelog, noHeaders))
  }
  return stored
}

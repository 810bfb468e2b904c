/** Lines of text with known counts, and what a read_committed reader finds in the output of a word count. */
import { partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { systemClock } from '../../src/common/clock.ts'
import { noHeaders } from '../../src/common/headers.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { serdes } from '../../src/serde/serdes.ts'

/** A small generator with a seed (mulberry32): the same lines for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export class WordLoad {
  readonly expected = new Map<string, number>()
  readonly #random: () => number
  readonly #vocabulary: number

  constructor(seed: number, vocabulary = 500) {
    this.#random = seededRandom(seed)
    this.#vocabulary = vocabulary
  }

  nextLine(): string {
    const words = Array.from({ length: 1 + Math.floor(this.#random() * 8) }, () => this.#nextWord())
    return words.join(' ')
  }

  #nextWord(): string {
    const word = `w${Math.floor(this.#random() ** 2 * this.#vocabulary)}`
    this.expected.set(word, (this.expected.get(word) ?? 0) + 1)
    return word
  }

  /** Produces `lines` lines over all partitions of `topic`, in bursts. */
  async produce(client: KafkaClient, topic: string, partitions: number, lines: number): Promise<void> {
    const producer = client.producer({ lingerMs: 2 })
    await producer.init()
    for (let i = 0; i < lines; i++) {
      const value = Buffer.from(this.nextLine())
      if (!producer.append(topic, i % partitions, null, value, systemClock.now(), noHeaders)) await producer.drained()
      if (i % 500 === 499) await producer.flush()
    }
    await producer.flush()
    await producer.close()
  }
}

export interface CountsRead {
  /** The last count of every word. */
  readonly counts: Map<string, number>
  /** Updates that did not raise a word's count: a repetition or a step back. */
  readonly regressions: readonly string[]
}

export async function readCounts(client: KafkaClient, topic: string, partitions: number): Promise<CountsRead> {
  const counts = new Map<string, number>()
  const regressions: string[] = []
  await readToEnd(client, partitionsOf(topic, partitions), (key, value) => {
    const word = key?.toString() ?? ''
    const count = serdes.int64.deserialize(value ?? Buffer.alloc(8), topic, noHeaders)
    if (count <= (counts.get(word) ?? 0)) regressions.push(`${word}: ${counts.get(word)} then ${count}`)
    counts.set(word, count)
  })
  return { counts, regressions }
}

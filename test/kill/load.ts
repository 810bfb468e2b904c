/** The input of a kill test: lines over all partitions, spread over the time of the kills, with the truth about them. */
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { WordLoad } from '../support/word-count-load.ts'
import { partitionCount, topics } from './layout.ts'

const vocabulary = 5000
const turnMs = 20

export class PacedLoad {
  readonly #words: WordLoad
  #produced = 0

  constructor(seed: number) {
    this.#words = new WordLoad(seed, vocabulary)
  }

  /** How often every word was produced: complete once `produce` has resolved. */
  get truth(): ReadonlyMap<string, number> {
    return this.#words.expected
  }

  get produced(): number {
    return this.#produced
  }

  /** `records` lines evenly over `durationMs`, and more at that rate until `ended`; every one acknowledged. */
  async produce(client: KafkaClient, records: number, durationMs: number, ended: AbortSignal): Promise<void> {
    const producer = client.producer({ lingerMs: 5, deliveryTimeoutMs: 120_000 })
    await producer.init()
    const startedAtMs = Date.now()
    for (let done = 0; done < records || !ended.aborted;) {
      const due = Math.ceil(((Date.now() - startedAtMs) / durationMs) * records)
      for (; done < due; done++) {
        const value = Buffer.from(this.#words.nextLine())
        const partition = this.#produced++ % partitionCount
        if (!producer.append(topics.input, partition, null, value, Date.now(), noHeaders)) await producer.drained()
      }
      await new Promise((resolve) => setTimeout(resolve, turnMs))
    }
    await producer.flush()
    await producer.close()
  }
}

/**
 * What the handed-over application reads: a few minutes of event time in chunks. They are of today, because a broker
 * deletes records of windows that are long over from the changelogs.
 */
import { systemClock } from '../../src/common/clock.ts'
import { noHeaders } from '../../src/common/headers.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { seededRandom } from '../support/word-count-load.ts'

export const inputTopics = ['lines', 'visits', 'left', 'right', 'orders', 'customers'] as const
export const inputPartitions = 2

const agoMs = 20 * 60_000

export class Input {
  readonly #random: () => number
  #nowMs = systemClock.now() - agoMs

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** `records` per topic, in order of time, which goes on from chunk to chunk. */
  async produce(client: KafkaClient, records: number, stepMaxMs = 400): Promise<void> {
    const producer = client.producer({ lingerMs: 2 })
    await producer.init()
    for (let i = 0; i < records; i++) {
      this.#nowMs += this.#below(stepMaxMs)
      for (const topic of inputTopics) {
        const [key, value] = this.#record(topic)
        const partition = Number(key.at(-1)) % inputPartitions
        const bytes = value === null ? null : Buffer.from(value)
        if (!producer.append(topic, partition, Buffer.from(key), bytes, this.#nowMs, noHeaders)) {
          await producer.drained()
        }
      }
    }
    await producer.flush()
    await producer.close()
  }

  /** Time goes on, so that everything that is open closes, but nothing of this. */
  async finish(client: KafkaClient): Promise<void> {
    this.#nowMs += 120_000
    await this.produce(client, 40, 20)
  }

  #record(topic: (typeof inputTopics)[number]): readonly [key: string, value: string | null] {
    const key = `k${this.#below(10)}`
    if (topic === 'lines') return [key, Array.from({ length: 3 }, () => `w${this.#below(40)}`).join(' ')]
    // Deletes, too.
    const isTable = topic === 'orders' || topic === 'customers'
    if (isTable && this.#below(8) === 0) return [key, null]
    return [key, `${topic[0]}${this.#below(1000)}`]
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}

/** The input of a kill test, spread over the time of the kills. */
import type { KafkaClient, Producer } from '../../src/kafka/client/kafka-client.ts'
import { noHeaders } from '../../src/common/headers.ts'
import type { Application, Load, LoadRecord } from './application.ts'
import type { Findings, Promised } from './checks.ts'

const turnMs = 20
/** Longer than what an outer join that finds nothing to give up waits before it looks again. */
const endingPauseMs = 1500

export class PacedLoad {
  readonly #topic: string
  readonly #load: Load
  #produced = 0

  constructor(application: Application, seed: number) {
    this.#topic = application.input
    this.#load = application.load(seed)
  }

  get produced(): number {
    return this.#produced
  }

  /** `records` records evenly over `durationMs`, and more at that rate until `ended`; every one acknowledged. */
  async produce(client: KafkaClient, records: number, durationMs: number, ended: AbortSignal): Promise<void> {
    const producer = await openProducer(client)
    const startedAtMs = Date.now()
    for (let done = 0; done < records || !ended.aborted;) {
      const due = Math.ceil(((Date.now() - startedAtMs) / durationMs) * records)
      for (; done < due; done++) await this.#append(producer, this.#load.next(Date.now()))
      await pause(turnMs)
    }
    await producer.flush()
    await producer.close()
  }

  /** Brings what waits to its end, once all else was processed; false where nothing does. */
  async produceEndings(client: KafkaClient): Promise<boolean> {
    const endings = this.#load.endings()
    if (endings.length === 0) return false
    const producer = await openProducer(client)
    for (const records of endings) {
      for (const record of records) await this.#append(producer, record)
      await producer.flush()
      await pause(endingPauseMs)
    }
    await producer.close()
    return true
  }

  check(client: KafkaClient, promised: Promised): Promise<Findings> {
    return this.#load.check(client, promised)
  }

  async #append(producer: Producer, { partition, key, value, timestamp }: LoadRecord): Promise<void> {
    this.#produced++
    const bytes = key === null ? null : Buffer.from(key)
    if (!producer.append(this.#topic, partition, bytes, Buffer.from(value), timestamp, noHeaders)) {
      await producer.drained()
    }
  }
}

async function openProducer(client: KafkaClient): Promise<Producer> {
  const producer = client.producer({ lingerMs: 5, deliveryTimeoutMs: 120_000 })
  await producer.init()
  return producer
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

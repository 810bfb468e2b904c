/** Faults of single brokers, in an order that makes sense: what was killed is started, what is paused is not restarted. */
import { TestingError } from '../errors/testing-error.ts'
import type { BrokerFaults, KafkaCluster } from './kafka-cluster.ts'
import { untilReady } from './kafka-readiness.ts'
import { keptAlive } from './kept-alive.ts'

type BrokerState = 'up' | 'paused' | 'down'

export class BrokerControl {
  readonly #cluster: KafkaCluster
  readonly #startupTimeoutMs: number
  readonly #states: Map<number, BrokerState>

  constructor(cluster: KafkaCluster, startupTimeoutMs: number) {
    this.#cluster = cluster
    this.#startupTimeoutMs = startupTimeoutMs
    this.#states = new Map(cluster.brokerIds.map((id) => [id, 'up']))
  }

  restart(id: number): Promise<void> {
    return keptAlive(async () => {
      const faults = this.#faults('restartBroker', id)
      await this.#resume(faults, id)
      if (this.#states.get(id) === 'up') await faults.end(id)
      this.#states.set(id, 'down')
      await faults.start(id)
      this.#states.set(id, 'up')
      await this.#untilReady(id)
    })
  }

  kill(id: number): Promise<void> {
    return keptAlive(async () => {
      const faults = this.#faults('killBroker', id)
      // A paused one would die only when it goes on.
      await this.#resume(faults, id)
      if (this.#states.get(id) === 'down') return
      await faults.kill(id)
      this.#states.set(id, 'down')
    })
  }

  pause(id: number): Promise<void> {
    return keptAlive(async () => {
      const faults = this.#faults('pauseBroker', id)
      if (this.#states.get(id) !== 'up') return
      await faults.pause(id)
      this.#states.set(id, 'paused')
    })
  }

  resume(id: number): Promise<void> {
    return keptAlive(async () => this.#resume(this.#faults('continueBroker', id), id))
  }

  async #resume(faults: BrokerFaults, id: number): Promise<void> {
    if (this.#states.get(id) !== 'paused') return
    await faults.resume(id)
    this.#states.set(id, 'up')
  }

  /** It names those that are up. With others missing there may be too few for a transaction. */
  async #untilReady(id: number): Promise<void> {
    const { brokerIds, addresses, connection } = this.#cluster
    const up = [...this.#states.values()].filter((state) => state === 'up').length
    await untilReady({
      addresses: brokerIds.flatMap((brokerId, index) => (brokerId === id ? [addresses[index] ?? ''] : [])),
      brokers: up,
      connection: up === brokerIds.length ? connection : undefined,
      timeoutMs: this.#startupTimeoutMs,
      advice: this.#cluster.adviceWhenSilent,
      check: () => this.#cluster.checkAlive([id]),
      logTail: () => this.#cluster.logTail(id),
    })
  }

  #faults(what: string, id: number): BrokerFaults {
    const { faults, kind, brokerIds } = this.#cluster
    if (faults === undefined) {
      throw new TestingError(
        'MILLRACE_TEST_KAFKA_UNABLE',
        `${what}: this Kafka (${kind}) runs for others, too, so its brokers are not disturbed; test faults on: 'embedded', 'container' or 'jars' (kafka.capabilities.faults)`,
      )
    }
    if (brokerIds.includes(id)) return faults
    throw new TestingError(
      'MILLRACE_TEST_KAFKA_OPTION',
      `${what}: there is no broker ${id}, only ${brokerIds.join(', ')}`,
    )
  }
}

/** What every kind of Kafka that a test may run on gives to `TestKafka`, which makes one interface of it. */
import type { KafkaConnection } from '../processor/streams-config.ts'

/**
 * `embedded`: a broker in this process; `container`: Apache Kafka by Testcontainers; `jars`: Apache Kafka as processes of
 * this machine; `external`: one that runs already.
 */
export type KafkaKind = 'embedded' | 'container' | 'jars' | 'external'

/** What a Kafka of a test can do. */
export interface KafkaCapabilities {
  /** Brokers can be restarted, killed and paused. */
  readonly faults: boolean
  /**
   * Brokers are processes: what a killed one had not written is lost, and a started one reads its logs again. Otherwise
   * faults are those that clients see: connections end or go silent, leaders move; what is in memory stays.
   */
  readonly processes: boolean
  /** Other containers reach it under `internalBrokers`. */
  readonly containers: boolean
}

/** Each resolves when it has happened; readiness is asked for by who calls. */
export interface BrokerFaults {
  /** An orderly end: leaders move, logs are closed. */
  end(brokerId: number): Promise<void>
  kill(brokerId: number): Promise<void>
  /** One that has ended, with its address and its data. */
  start(brokerId: number): Promise<void>
  pause(brokerId: number): Promise<void>
  resume(brokerId: number): Promise<void>
}

export interface KafkaCluster {
  readonly kind: KafkaKind
  readonly brokerIds: readonly number[]
  /** `host:port`, in the order of `brokerIds`. */
  readonly addresses: readonly string[]
  readonly connection: KafkaConnection
  /** For containers on `network`; undefined where there is none. */
  readonly internalAddresses: readonly string[] | undefined
  readonly network: string | undefined
  /** Undefined: it is not ours to disturb. */
  readonly faults: BrokerFaults | undefined
  /** It goes on after `close`, for others: what a test has made in it is to be removed. */
  readonly isShared: boolean
  /** Rejects, with the end of its log, when one of these brokers has ended by itself. */
  checkAlive(brokerIds: readonly number[]): Promise<void>
  /** What to do where brokers run and cannot be reached; empty where there is nothing particular. */
  readonly adviceWhenSilent: string
  /** What a broker wrote last, for messages; empty where it writes nothing. */
  logTail(brokerId: number): Promise<string>
  close(): Promise<void>
}

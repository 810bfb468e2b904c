/**
 * Real Apache Kafka for tests, without a container engine: `src/testing/jar-kafka.ts`, with the jars in `.cache/kafka` of
 * this project.
 */
import path from 'node:path'
import { whatJarsLack } from '../../src/testing/jar-files.ts'
import { startJarKafka } from '../../src/testing/jar-kafka.ts'
import type { JarBroker, SecureListener } from '../../src/testing/jar-layout.ts'

const cache = process.env['MILLRACE_KAFKA_CACHE'] ?? path.join(import.meta.dirname, '../../.cache/kafka')

export interface RealKafkaOptions {
  /** Default 1; up to 3 for failover. */
  readonly brokers?: number
  /** Broker properties on top of those for tests. */
  readonly set?: Readonly<Record<string, string | number | boolean>>
  /** A second listener, on a port of its own per broker. */
  readonly secure?: SecureListener
  readonly heap?: string
  /** Server-grade JVM settings (C2, G1): slower to start, faster to run. */
  readonly bench?: boolean
}

export interface RealKafka {
  readonly bootstrap: readonly { readonly host: string; readonly port: number }[]
  readonly brokers: readonly JarBroker[]
  readonly clusterId: string
  /** Of all that it has on the disk. */
  readonly folder: string
  /** kill -9. */
  killBroker(id: number): Promise<void>
  /** Same ports, same data. */
  restartBroker(id: number): Promise<void>
  /** SIGSTOP: alive for the kernel, silent for everybody else. */
  pauseBroker(id: number): void
  continueBroker(id: number): void
  stop(): Promise<void>
}

let missing: Promise<string | undefined> | undefined

/** Undefined where real Kafka can be started; else the line that says what is missing, for the skipped tests. */
export function whatRealKafkaLacks(): Promise<string | undefined> {
  missing ??= whatJarsLack(cache).then((lacking) => lacking && `real Kafka skipped: ${lacking}`)
  return missing
}

export async function startKafka({ set = {}, ...options }: RealKafkaOptions = {}): Promise<RealKafka> {
  const kafka = await startJarKafka({ ...options, config: set, cache })
  return {
    bootstrap: kafka.brokers.map(({ host, port }) => ({ host, port })),
    brokers: kafka.brokers,
    clusterId: kafka.clusterId,
    folder: kafka.folder,
    killBroker: (id) => kafka.killBroker(id),
    restartBroker: (id) => kafka.restartBroker(id),
    pauseBroker: (id) => kafka.pauseBroker(id),
    continueBroker: (id) => kafka.continueBroker(id),
    stop: () => kafka.stop(),
  }
}

/** The broker of a kill test: Apache Kafka, or the embedded broker in a process of its own. */
import { Child } from '../support/child-process.ts'
import { startKafka } from '../support/real-kafka.ts'

export interface KillCluster {
  /** As for `--brokers`. */
  readonly brokers: string
  /** kill -9, a pause, and the same broker again with its data; undefined where its data would be gone. */
  readonly restart: ((pauseMs: number) => Promise<void>) | undefined
  stop(): Promise<void>
}

export function startCluster(kind: 'kafka' | 'embedded'): Promise<KillCluster> {
  return kind === 'kafka' ? apacheKafka() : embeddedBroker()
}

async function apacheKafka(): Promise<KillCluster> {
  const kafka = await startKafka({ heap: '512m' })
  return {
    brokers: kafka.bootstrap.map(({ host, port }) => `${host}:${port}`).join(','),
    async restart(pauseMs) {
      await kafka.killBroker(1)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      await kafka.restartBroker(1)
    },
    stop: () => kafka.stop(),
  }
}

async function embeddedBroker(): Promise<KillCluster> {
  const broker = Child.millrace(['broker', '--port', '0'])
  await broker.prints('listening on ')
  return {
    brokers: /listening on (\S+)/.exec(broker.output)?.[1] ?? '',
    restart: undefined,
    stop: () => broker[Symbol.asyncDispose](),
  }
}

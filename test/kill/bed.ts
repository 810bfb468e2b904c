/** What every kind of run stands on: a folder for logs and state, a broker, a client that checks, the instances. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { applicationOf } from './applications.ts'
import type { Application } from './application.ts'
import { startCluster } from './cluster.ts'
import type { KillCluster } from './cluster.ts'
import { Fleet } from './fleet.ts'
import { Follower } from './follower.ts'
import { partitionCount } from './layout.ts'
import { PacedLoad } from './load.ts'
import type { KillOptions } from './options.ts'

const logsFolder = join(import.meta.dirname, '../../.cache/kill-test')

export interface Bed {
  readonly application: Application
  readonly cluster: KillCluster
  readonly client: KafkaClient
  readonly fleet: Fleet
  readonly follower: Follower
  readonly load: PacedLoad
}

/** What must be seen by everybody who reports: whether it was clean, and where the logs of a run that was not are. */
export interface Verdict {
  readonly violations: readonly string[]
  /** Undefined when they were removed. */
  readonly logs: string | undefined
}

/** Runs `job` on a bed of its own; logs and state directories stay when it finds violations or fails. */
export async function withBed<T extends { readonly violations: readonly string[] }>(
  options: KillOptions,
  job: (bed: Bed) => Promise<T>,
): Promise<T & Verdict> {
  const folder = join(
    logsFolder,
    `${options.app}-${options.topology}-${options.broker}-seed${options.seed}-${process.pid}-${Date.now()}`,
  )
  await mkdir(folder, { recursive: true })
  const application = applicationOf(options)
  const cluster = await startCluster(options.broker)
  const client = connectKafka({ kafka: { brokers: cluster.brokers.split(',') }, applicationId: 'kill-test-checker' })
  const fleet = new Fleet(cluster, options, folder)
  const follower = new Follower(client, application)
  try {
    await client.connect()
    await createTopics(client, application)
    const result = await job({
      application,
      cluster,
      client,
      fleet,
      follower,
      load: new PacedLoad(application, options.seed),
    })
    const isKept = options.keep || result.violations.length > 0
    await fleet.end()
    if (!isKept) await rm(folder, { recursive: true, force: true })
    return { ...result, logs: isKept ? folder : undefined }
  } catch (error) {
    throw new Error(`the run failed; its logs are in ${folder}`, { cause: error })
  } finally {
    await fleet.end()
    await follower.stop()
    await client.close()
    await cluster.stop()
  }
}

async function createTopics(client: KafkaClient, { input, outputs }: Application): Promise<void> {
  await client.admin.createTopics(
    [input, ...outputs].map((name) => ({ name, partitions: partitionCount, replicationFactor: 1, config: {} })),
  )
}

/** `runTopology`: an application of a test, running when it is there, and gone without a trace on this machine after it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TopologyModule } from '../dsl/define-topology.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { KafkaStreams } from '../runtime/kafka-streams.ts'
import { wholePattern } from '../topology/topic-pattern.ts'
import { Topology } from '../topology/topology.ts'
import type { CompiledTopology } from '../topology/topology-node.ts'
import type { TestKafka } from './test-kafka.ts'

/** A `KafkaStreams` of a test: `await using` closes it and removes its state directory. */
export class RunningTopology extends KafkaStreams {
  /** For `kafka.awaitLagZero(app.applicationId)`. */
  readonly applicationId: string
  readonly #ownStateDir: string | undefined

  constructor(topology: Topology, config: RunConfig, ownStateDir: string | undefined) {
    super(topology, config)
    this.applicationId = config.applicationId
    this.#ownStateDir = ownStateDir
  }

  /** What ended it; undefined unless it failed. */
  async failure(): Promise<Error | undefined> {
    if (this.state !== 'ERROR' && this.state !== 'PENDING_ERROR') return undefined
    return this.stateIs('RUNNING').then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    )
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.close()
    } finally {
      await removeFolder(this.#ownStateDir)
    }
  }
}

type RunConfig = Pick<StreamsConfig, 'applicationId' | 'kafka'> & Partial<StreamsConfig>

/** Under `at_least_once` the default is 30 s, which no test waits for. */
const commitIntervalMs = 100

/**
 * Starts a topology, or the default export of a topology module, on a Kafka of `startKafka`; resolves when it is RUNNING.
 * State is in memory and in a directory of its own, unless `overrides` say otherwise; they win over the module's
 * configuration. The application id is the module's, for a topology one that nothing else has.
 *
 * @example
 * await using app = await runTopology(wordCount, kafka, { applicationId: kafka.unique('word-count') })
 */
export async function runTopology(
  source: TopologyModule | Topology,
  kafka: TestKafka,
  overrides: Partial<StreamsConfig> = {},
): Promise<RunningTopology> {
  const module = source instanceof Topology ? undefined : source
  const ownStateDir =
    overrides.stateDir === undefined ? await mkdtemp(path.join(tmpdir(), 'millrace-test-')) : undefined
  try {
    const config: RunConfig = {
      applicationId: module?.applicationId ?? kafka.unique('test-application'),
      commitIntervalMs,
      store: 'memory',
      ...module?.config,
      kafka: kafka.connection,
      ...(ownStateDir !== undefined && { stateDir: ownStateDir }),
      ...overrides,
    }
    const topology = source instanceof Topology ? source : source.build(config)
    const app = new RunningTopology(topology, config, ownStateDir)
    kafka['~applications'].add(app, sourcesOf(topology.compile(config)))
    await app.start()
    return app
  } catch (error) {
    await removeFolder(ownStateDir)
    throw error
  }
}

/** Whether its tasks read a topic; repartition topics are found by their names. */
function sourcesOf({ subTopologies }: CompiledTopology): (topic: string) => boolean {
  const topics = subTopologies.flatMap(({ nodes }) =>
    nodes.flatMap((node) => (node.kind === 'source' ? [node.topics] : [])),
  )
  const names = new Set(topics.flatMap((list) => (list instanceof RegExp ? [] : list)))
  const patterns = topics.filter((list) => list instanceof RegExp).map(wholePattern)
  return (topic) => names.has(topic) || patterns.some((pattern) => pattern.test(topic))
}

async function removeFolder(folder: string | undefined): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
}

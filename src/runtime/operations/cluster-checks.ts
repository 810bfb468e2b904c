/** Of the doctor: the brokers, whether they are all there, and whether transactions can work on them. */
import { StreamsError } from '../../errors/streams-error.ts'
import type { BrokerAbilities, ClusterDescription } from '../../kafka/client/admin-types.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import type { StreamsConfig } from '../../processor/streams-config.ts'
import type { Check, Finding } from './doctor.ts'

export interface ClusterOptions {
  /** Not connected yet; undefined: no brokers are configured. */
  readonly client: KafkaClient | undefined
  /** With its defaults. */
  readonly config: StreamsLimits
}

export type StreamsLimits = Pick<
  StreamsConfig,
  'processingGuarantee' | 'transactionTimeoutMs' | 'sessionTimeoutMs' | 'replicationFactor'
>

export function clusterChecks(options: ClusterOptions): Check[] {
  const { client } = options
  if (client === undefined) return [unconfigured]
  const facts = new ClusterFacts(client)
  return [
    { id: 'connection', title: 'connection to Kafka', run: () => connection(client) },
    { id: 'brokers', title: 'every broker', needs: ['connection'], run: () => everyBroker(facts) },
    {
      id: 'versions',
      title: 'versions of the brokers',
      needs: ['connection'],
      run: () => versions(facts, options.config),
    },
    {
      id: 'replication',
      title: 'replication of internal topics of Kafka',
      needs: ['connection'],
      run: () => replication(facts, options.config),
    },
    { id: 'limits', title: 'limits of the brokers', needs: ['connection'], run: () => limits(facts, options.config) },
  ]
}

const unconfigured: Check = {
  id: 'connection',
  title: 'connection to Kafka',
  run: async () => ({ skipped: 'no brokers are configured: give --brokers, or set MILLRACE_BROKERS' }),
}

/** Asked for once. */
class ClusterFacts {
  readonly #client: KafkaClient
  #description: Promise<ClusterDescription> | undefined
  #configs: Promise<ReadonlyMap<string, string> | undefined> | undefined

  constructor(client: KafkaClient) {
    this.#client = client
  }

  get description(): Promise<ClusterDescription> {
    this.#description ??= this.#client.admin.cluster.describe()
    return this.#description
  }

  /** Of one broker: they are configured alike. Undefined: they may not be read, and an application need not. */
  get configs(): Promise<ReadonlyMap<string, string> | undefined> {
    this.#configs ??= this.description
      .then(({ brokers }) => this.#client.admin.cluster.brokerConfigs(brokers[0]?.id ?? 0))
      .catch((error: unknown) => {
        if (error instanceof StreamsError && error.code === 'MILLRACE_KAFKA_AUTHORIZATION') return undefined
        throw error
      })
    return this.#configs
  }

  async abilities(): Promise<(readonly [number, BrokerAbilities | Error])[]> {
    const { brokers } = await this.description
    return Promise.all(
      brokers.map(async ({ id }) => {
        const { cluster } = this.#client.admin
        return [id, await cluster.abilities(id).catch((error: unknown) => asError(error))] as const
      }),
    )
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

const unreadable: Finding = {
  status: 'warn',
  detail: 'the configuration of the brokers may not be read by this principal, so it was not looked at',
  fix: 'run it as one who may: kafka-acls.sh --add --allow-principal User:<name> --operation DescribeConfigs --cluster',
}

async function connection(client: KafkaClient): Promise<Finding> {
  await client.connect()
  return { status: 'ok', detail: `cluster ${client.clusterId ?? 'without an id'}` }
}

async function everyBroker(facts: ClusterFacts): Promise<Finding> {
  const { brokers, controller } = await facts.description
  const answers = new Map(await facts.abilities())
  const addresses = brokers.map(({ id, host, port }) => `${id} at ${host}:${port}`)
  const silent = brokers.filter(({ id }) => answers.get(id) instanceof Error)
  if (silent.length === 0) {
    return {
      status: 'ok',
      detail: `${brokers.length === 1 ? 'broker' : 'brokers'} ${addresses.join(', ')}; controller ${controller}`,
    }
  }
  const reasons = silent.map(({ id, host, port }) => `${id} at ${host}:${port}: ${(answers.get(id) as Error).message}`)
  return {
    status: 'fail',
    detail: `${silent.length} of ${brokers.length} brokers cannot be reached. ${reasons.join('; ')}`,
    fix: 'these are the addresses that brokers advertise (advertised.listeners); they must resolve and be reachable from here',
  }
}

/** What the runtime sends, each in the version from which on it is fit. */
const neededRequests: Readonly<Record<string, number>> = {
  Produce: 3,
  Fetch: 4,
  OffsetFetch: 7,
  OffsetCommit: 7,
  JoinGroup: 0,
  TxnOffsetCommit: 3,
  InitProducerId: 0,
  EndTxn: 0,
}
const v2 = 2

async function versions(facts: ClusterFacts, { processingGuarantee }: StreamsLimits): Promise<Finding> {
  const abilities = (await facts.abilities()).filter(
    (one): one is readonly [number, BrokerAbilities] => !(one[1] instanceof Error),
  )
  for (const [id, { requests }] of abilities) {
    const lacking = Object.entries(neededRequests).filter(([name, version]) => (requests.get(name) ?? -1) < version)
    if (lacking.length === 0) continue
    const names = lacking.map(([name, version]) => `${name} ${version}`).join(', ')
    return {
      status: 'fail',
      detail: `broker ${id} lacks requests that are needed: ${names}`,
      fix: 'use Apache Kafka 2.5 or later',
    }
  }
  const levels = abilities.map(([, { features }]) => features.get('transaction.version') ?? 0)
  const lowest = Math.min(...levels)
  if (processingGuarantee === 'exactly_once' && lowest < v2) {
    return {
      status: 'warn',
      detail: 'transactions of protocol v1: they work, with two round trips more for each commit and longer recovery',
      fix: 'with Kafka 4.0 or later: kafka-features.sh upgrade --feature transaction.version=2',
    }
  }
  return { status: 'ok', detail: `all requests that are needed; transactions of protocol v${lowest >= v2 ? 2 : 1}` }
}

async function replication(facts: ClusterFacts, { replicationFactor }: StreamsLimits): Promise<Finding> {
  const [{ brokers }, configs] = await Promise.all([facts.description, facts.configs])
  if (configs === undefined) return unreadable
  const valueOf = (name: string): number => Number(configs.get(name) ?? Number.NaN)
  const count = brokers.length
  for (const name of [
    'transaction.state.log.replication.factor',
    'transaction.state.log.min.isr',
    'offsets.topic.replication.factor',
  ]) {
    if (!(valueOf(name) > count)) continue
    return {
      status: 'fail',
      detail: `${name} is ${valueOf(name)}, and there ${count === 1 ? 'is one broker' : `are ${count} brokers`}: where its topic is not there yet, transactions or groups wait for ever`,
      fix: `start the brokers that are missing, or set ${name}=${count} on a cluster for development`,
    }
  }
  if (replicationFactor > count) {
    return {
      status: 'fail',
      detail: `replicationFactor is ${replicationFactor}, and there ${count === 1 ? 'is one broker' : `are ${count} brokers`}`,
      fix: `set replicationFactor to ${count} or less, or to -1 for the default of the brokers`,
    }
  }
  const transactions = valueOf('transaction.state.log.replication.factor')
  if (count > 1 && transactions === 1) {
    return {
      status: 'warn',
      detail: `transaction.state.log.replication.factor is 1 on ${count} brokers: while one is down, so are the transactions that it coordinates`,
      fix: 'raise the replication of __transaction_state and __consumer_offsets to 3 (kafka-reassign-partitions.sh)',
    }
  }
  const byDefault = valueOf('default.replication.factor')
  if (count > 1 && replicationFactor === -1 && byDefault === 1) {
    return {
      status: 'warn',
      detail: `internal topics would be on one broker each: replicationFactor is -1, and default.replication.factor of the brokers 1`,
      fix: 'set replicationFactor to 3',
    }
  }
  return {
    status: 'ok',
    detail: Number.isNaN(transactions)
      ? 'the brokers do not tell'
      : `transactions are kept on ${transactions} of ${count} brokers`,
  }
}

async function limits(
  facts: ClusterFacts,
  { transactionTimeoutMs, sessionTimeoutMs, processingGuarantee }: StreamsLimits,
): Promise<Finding> {
  const configs = await facts.configs
  if (configs === undefined) return unreadable
  const transactionMax = Number(configs.get('transaction.max.timeout.ms') ?? Number.POSITIVE_INFINITY)
  if (processingGuarantee === 'exactly_once' && transactionTimeoutMs > transactionMax) {
    return {
      status: 'fail',
      detail: `transactionTimeoutMs is ${transactionTimeoutMs}, and transaction.max.timeout.ms of the brokers ${transactionMax}`,
      fix: `set transactionTimeoutMs to ${transactionMax} or less`,
    }
  }
  const sessionMin = Number(configs.get('group.min.session.timeout.ms') ?? 0)
  const sessionMax = Number(configs.get('group.max.session.timeout.ms') ?? Number.POSITIVE_INFINITY)
  if (sessionTimeoutMs < sessionMin || sessionTimeoutMs > sessionMax) {
    return {
      status: 'fail',
      detail: `sessionTimeoutMs is ${sessionTimeoutMs}, and the brokers admit ${sessionMin} to ${sessionMax} (group.min/max.session.timeout.ms)`,
      fix: 'set sessionTimeoutMs within that',
    }
  }
  return { status: 'ok', detail: 'transaction and session time-outs are within what the brokers admit' }
}

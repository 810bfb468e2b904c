/** Clients of some cluster, real or embedded, and the few things that tests of clients do with them all the time. */
import { systemClock } from '../../src/common/clock.ts'
import { noHeaders } from '../../src/common/headers.ts'
import type { Headers } from '../../src/common/headers.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { systemRandom } from '../../src/common/random.ts'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import { createKafkaClient } from '../../src/kafka/client/client.ts'
import type { KafkaClientOptions } from '../../src/kafka/client/client.ts'
import { Cluster } from '../../src/kafka/client/cluster.ts'
import { JoinRequests } from '../../src/kafka/client/join-requests.ts'
import type {
  FetcherOptions,
  GroupOptions,
  Isolation,
  KafkaClient,
  Producer,
  ProducerOptions,
} from '../../src/kafka/client/kafka-client.ts'
import type { Transport } from '../../src/kafka/transport/transport.ts'
import { keyView, valueView } from '../../src/processor/record-set.ts'
import { FaultyTransport } from './faulty-transport.ts'

/** What a cluster must offer to be tested against. */
export interface ClientTarget {
  readonly name: string
  transport(clientId: string): Transport
  stop(): Promise<void>
}

export interface ReadRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Headers
}

export class ClientBed {
  readonly #target: ClientTarget
  readonly #defaults: Partial<KafkaClientOptions>
  readonly #clients: KafkaClient[] = []
  #names = 0

  constructor(target: ClientTarget, defaults: Partial<KafkaClientOptions> = {}) {
    this.#target = target
    this.#defaults = defaults
  }

  async client(options: Partial<KafkaClientOptions> = {}): Promise<KafkaClient> {
    return (await this.faultyClient(options)).client
  }

  async faultyClient(
    options: Partial<KafkaClientOptions> = {},
  ): Promise<{ readonly client: KafkaClient; readonly transport: FaultyTransport }> {
    const clientId = `client-${this.#clients.length}`
    const transport = new FaultyTransport(this.#target.transport(clientId))
    const client = createKafkaClient({
      transport,
      clientId,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      ...this.#defaults,
      ...options,
    })
    this.#clients.push(client)
    await client.connect()
    return { client, transport }
  }

  /** A name nobody else uses. */
  name(prefix: string): string {
    return `${prefix}-${process.pid}-${Date.now() % 1_000_000}-${this.#names++}`
  }

  async topic(client: KafkaClient, partitions = 1, config: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = this.name('topic')
    await client.admin.createTopics([{ name, partitions, replicationFactor: -1, config }])
    return name
  }

  /** The client's own knowledge of the cluster, for questions that its public interface does not answer. */
  async withCluster<T>(use: (cluster: Cluster) => Promise<T>): Promise<T> {
    const cluster = new Cluster({
      transport: this.#target.transport('helper'),
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      requestTimeoutMs: 5000,
    })
    try {
      await cluster.connect(20_000)
      return await use(cluster)
    } finally {
      await cluster.close()
    }
  }

  /** Says to the coordinator that a member leaves, as its restarted process does. */
  removeMember(group: GroupOptions, memberId: string): Promise<void> {
    return this.withCluster((cluster) => new JoinRequests(cluster, group).leave(memberId))
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()))
  }
}

export async function producerOf(client: KafkaClient, options: ProducerOptions = {}): Promise<Producer> {
  const producer = client.producer({ lingerMs: 5, ...options })
  await producer.init()
  return producer
}

export function appendText(
  producer: Producer,
  topic: string,
  values: readonly (string | null)[],
  options: { readonly partition?: number; readonly key?: Buffer | null; readonly headers?: Headers } = {},
): void {
  const { partition = 0, key = null, headers = noHeaders } = options
  for (const value of values) {
    producer.append(topic, partition, key, value === null ? null : Buffer.from(value), 1_700_000_000_000, headers)
  }
}

/** Reads one partition from `from` on until its position is `until`. */
export async function readUntil(
  client: KafkaClient,
  topic: string,
  options: {
    readonly partition?: number
    readonly from?: number
    readonly until: number
    readonly isolation?: Isolation
    readonly fetcher?: Partial<FetcherOptions>
    readonly timeoutMs?: number
  },
): Promise<ReadRecord[]> {
  const { partition = 0, from = 0, until, isolation = 'read_committed', timeoutMs = 20_000 } = options
  const key = topicPartitionKey(topic, partition)
  const fetcher = client.fetcher({ name: 'test', isolation, ...options.fetcher })
  const records: ReadRecord[] = []
  const deadline = Date.now() + timeoutMs
  try {
    fetcher.assign(new Map([[key, from]]))
    while ((fetcher.position(key) ?? 0) < until) {
      if (Date.now() > deadline) {
        throw new Error(`${key} came to ${fetcher.position(key)} instead of ${until} in ${timeoutMs} ms`)
      }
      await fetcher.wait(20)
      for (const set of fetcher.take()) {
        const cursor = set.cursor()
        while (cursor.next()) {
          records.push({
            offset: cursor.offset,
            timestamp: cursor.timestamp,
            key: keyView(cursor)?.toString('latin1') ?? null,
            value: valueView(cursor)?.toString() ?? null,
            headers: cursor.headers(),
          })
        }
      }
    }
  } finally {
    await fetcher.close()
  }
  return records
}

export function valuesOf(records: readonly ReadRecord[]): (string | null)[] {
  return records.map(({ value }) => value)
}

/** Waits on a state; there is no event for what happens inside a broker. */
export async function eventually(condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not reached within ${timeoutMs} ms: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

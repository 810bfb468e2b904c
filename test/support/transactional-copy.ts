/**
 * A hand-written exactly-once copy from one topic to another with nothing but the client: what the runtime does, without
 * a runtime. As a program it runs until it is killed and prints a line per commit.
 */
import { systemClock } from '../../src/common/clock.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { systemRandom } from '../../src/common/random.ts'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import type { TopicPartitionKey } from '../../src/common/topic-partition.ts'
import { createKafkaClient } from '../../src/kafka/client/client.ts'
import type { Fetcher, GroupMembership, KafkaClient, Producer } from '../../src/kafka/client/kafka-client.ts'
import { KafkajsTransport } from '../../src/kafka/transport/kafkajs-transport.ts'
import { keyView, valueView } from '../../src/processor/record-set.ts'

export interface CopyOptions {
  readonly group: string
  readonly transactionalId: string
  readonly from: string
  readonly to: string
  readonly partitions: number
  readonly instanceId?: string
}

export class TransactionalCopy {
  readonly client: KafkaClient
  readonly producer: Producer
  readonly membership: GroupMembership
  readonly #options: CopyOptions
  readonly #fetcher: Fetcher

  constructor(client: KafkaClient, options: CopyOptions) {
    this.client = client
    this.#options = options
    this.producer = client.producer({ transactionalId: options.transactionalId, lingerMs: 5 })
    this.#fetcher = client.fetcher({ name: 'copy', isolation: 'read_committed', maxPartitionBytes: 2000 })
    const partitions = Array.from({ length: options.partitions }, (_, partition) => ({
      topic: options.from,
      partition,
    }))
    this.membership = client.group(
      {
        groupId: options.group,
        instanceId: options.instanceId,
        protocolName: 'millrace',
        sessionTimeoutMs: 2000,
        heartbeatIntervalMs: 200,
        rebalanceTimeoutMs: 5000,
      },
      {
        subscription: () => ({ topics: [options.from], ownedPartitions: [], userData: undefined }),
        // Whoever leads gives everything to the member that came last.
        assign: async (members) =>
          members.map(({ memberId }, index) => ({
            memberId,
            partitions: index === members.length - 1 ? partitions : [],
            userData: undefined,
          })),
        onPrepareJoin: async () => undefined,
        onAssigned: async () => undefined,
        onLost: async () => undefined,
        onFatal: () => undefined,
      },
    )
  }

  async start(): Promise<void> {
    await this.producer.init()
    await this.membership.start()
    this.#fetcher.assign(await this.#committed())
  }

  /** One transaction over what has arrived: the number of records, not yet committed. */
  async step(): Promise<number> {
    await this.#fetcher.wait(100)
    let records = 0
    for (const set of this.#fetcher.take()) {
      const cursor = set.cursor()
      while (cursor.next()) {
        records++
        this.producer.append(this.#options.to, set.partition, keyView(cursor), valueView(cursor), cursor.timestamp, [])
      }
    }
    if (records === 0) return 0
    await this.producer.flush()
    await this.producer.sendOffsets(this.#positions(), this.membership.identity())
    return records
  }

  /** Back to what is committed. */
  async abort(): Promise<void> {
    await this.producer.abort()
    for (const [partition, offset] of await this.#committed()) this.#fetcher.seek(partition, offset)
  }

  async close(): Promise<void> {
    await this.membership.leave()
    await this.producer.close()
    await this.#fetcher.close()
  }

  #positions(): Map<TopicPartitionKey, { offset: number }> {
    return new Map(this.#keys().map((key) => [key, { offset: this.#fetcher.position(key) ?? 0 }]))
  }

  async #committed(): Promise<Map<TopicPartitionKey, number>> {
    const { from, group, partitions } = this.#options
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic: from, partition }))
    const offsets = await this.client.committedOffsets(group, all, { requireStable: true })
    return new Map(this.#keys().map((key) => [key, offsets.get(key)?.offset ?? 0]))
  }

  #keys(): TopicPartitionKey[] {
    return Array.from({ length: this.#options.partitions }, (_, index) => topicPartitionKey(this.#options.from, index))
  }
}

export async function runUntilKilled(port: number, options: CopyOptions): Promise<never> {
  const client = createKafkaClient({
    transport: new KafkajsTransport({ bootstrap: [{ host: '127.0.0.1', port }], clientId: 'copy', clock: systemClock }),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    clientId: 'copy',
  })
  await client.connect()
  const copy = new TransactionalCopy(client, options)
  await copy.start()
  for (;;) {
    if ((await copy.step()) === 0) continue
    await copy.producer.commit()
    process.stdout.write('committed\n')
  }
}

if (process.argv[1] === import.meta.filename) {
  const [port, json] = process.argv.slice(2)
  await runUntilKilled(Number(port), JSON.parse(json ?? '{}') as CopyOptions)
}

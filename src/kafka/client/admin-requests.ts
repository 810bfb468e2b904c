import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { ClusterRequests } from './admin-cluster.ts'
import { deleteGroup, GroupRequests } from './admin-groups.ts'
import { PermissionRequests } from './admin-permissions.ts'
import { TransactionAdminRequests } from './admin-transactions.ts'
import type { ClusterAdmin, GroupAdmin, PartitionReplicas, PermissionAdmin, TransactionAdmin } from './admin-types.ts'
import { retrying } from './backoff.ts'
import { mainLane } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { byTopic, entriesOf } from './grouping.ts'
import type { Admin, NewTopic, TopicMetadata } from './kafka-client.ts'
import { kafkaCodeOf, kafkaFault, throwOnError } from './kafka-faults.ts'

const topicResource = 2
/** Of IncrementalAlterConfigs (AlterConfigOp.OpType). */
const configOperations = { set: 0, delete: 1 } as const
/** How long a broker that creates topics on first use is given for it. */
const autoCreateTimeoutMs = 2500

/** Topics, their configuration, and groups: our own requests throughout (kafkajs' admin has traps; see its AlterConfigs). */
export class AdminRequests implements Admin {
  readonly groups: GroupAdmin
  readonly transactions: TransactionAdmin
  readonly cluster: ClusterAdmin
  readonly permissions: PermissionAdmin
  readonly #cluster: Cluster
  readonly #timeoutMs: number

  constructor(cluster: Cluster, timeoutMs: number) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
    this.groups = new GroupRequests(cluster, timeoutMs)
    this.transactions = new TransactionAdminRequests(cluster, timeoutMs)
    this.cluster = new ClusterRequests(cluster, timeoutMs)
    this.permissions = new PermissionRequests(cluster, timeoutMs)
  }

  async describeTopics(names: readonly string[] | 'all', autoCreate: boolean): Promise<Map<string, TopicMetadata>> {
    const cluster = this.#cluster
    const creatingUntil = cluster.clock.now() + autoCreateTimeoutMs
    return retrying(cluster, { what: 'Describing topics', timeoutMs: this.#timeoutMs }, async () => {
      if (names !== 'all' && names.length === 0) return new Map<string, TopicMetadata>()
      const { topics } = await cluster.requestMetadata(names === 'all' ? null : names, autoCreate)
      const found = new Map<string, TopicMetadata>()
      for (const { name, errorCode, topicId, isInternal, partitions } of topics) {
        if (name === null) continue
        const isAbsent = errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION
        if (isAbsent && !(autoCreate && cluster.clock.now() < creatingUntil)) continue
        throwOnError(errorCode, { what: `Describing the topic ${name}`, topic: name, needs: { topic: 'Describe' } })
        found.set(name, { name, topicId, internal: isInternal, partitionCount: partitions.length })
      }
      return found
    })
  }

  async createTopics(
    topics: readonly NewTopic[],
    { validateOnly = false }: { readonly validateOnly?: boolean } = {},
  ): Promise<void> {
    if (topics.length === 0) return
    const request = {
      timeoutMs: this.#cluster.requestTimeoutMs,
      validateOnly,
      topics: topics.map(({ name, partitions, replicationFactor, config }) => ({
        name,
        numPartitions: partitions,
        replicationFactor,
        configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
      })),
    }
    await this.#onController(`Creating the topics ${topics.map(({ name }) => name).join(', ')}`, async (nodeId) => {
      // Version 4 is the first that takes -1 for the broker's defaults.
      const response = await this.#cluster.send(nodeId, mainLane, apis.CreateTopics, request, { minVersion: 4 })
      for (const { name, errorCode, errorMessage } of response.topics) {
        if (errorCode === errorCodes.TOPIC_ALREADY_EXISTS) continue
        const needs = { topic: 'Create', cluster: 'Create' }
        throwOnError(errorCode, { what: `Creating the topic ${name}`, topic: name, message: errorMessage, needs })
      }
    })
    if (!validateOnly) await this.#waitForLeaders(new Map(topics.map(({ name }) => [name, 1])))
  }

  async createPartitions(
    counts: ReadonlyMap<string, number>,
    { validateOnly = false }: { readonly validateOnly?: boolean } = {},
  ): Promise<void> {
    if (counts.size === 0) return
    const names = [...counts.keys()].join(', ')
    const topics = [...counts].map(([name, count]) => ({ name, count, assignments: null }))
    const request = { topics, timeoutMs: this.#cluster.requestTimeoutMs, validateOnly }
    await this.#onController(`Adding partitions to the topics ${names}`, async (nodeId) => {
      const { results } = await this.#cluster.send(nodeId, mainLane, apis.CreatePartitions, request)
      for (const { name, errorCode, errorMessage } of results) {
        const what = `Adding partitions to the topic ${name}`
        throwOnError(errorCode, { what, topic: name, message: errorMessage, needs: { topic: 'Alter' } })
      }
    })
    if (!validateOnly) await this.#waitForLeaders(counts)
  }

  async describeReplicas(names: readonly string[]): Promise<Map<string, readonly PartitionReplicas[]>> {
    const found = new Map<string, readonly PartitionReplicas[]>()
    if (names.length === 0) return found
    await this.#onAny('Describing the replicas of topics', async () => {
      const { topics } = await this.#cluster.requestMetadata(names, false)
      for (const { name, errorCode, partitions } of topics) {
        if (name === null || errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) continue
        const what = `Describing the replicas of the topic ${name}`
        throwOnError(errorCode, { what, topic: name, needs: { topic: 'Describe' } })
        const replicas = partitions.map((one) => ({
          partition: one.partitionIndex,
          leader: one.leaderId,
          replicas: one.replicaNodes,
          inSync: one.isrNodes,
        }))
        found.set(
          name,
          replicas.toSorted((a, b) => a.partition - b.partition),
        )
      }
    })
    return found
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const timeoutMs = this.#cluster.requestTimeoutMs
    await this.#onController(`Deleting the topics ${names.join(', ')}`, async (nodeId) => {
      const response = await this.#cluster.send(nodeId, mainLane, apis.DeleteTopics, (version) =>
        version >= 6 ? { topics: names.map((name) => ({ name })), timeoutMs } : { topicNames: names, timeoutMs },
      )
      for (const { name, errorCode, errorMessage } of response.responses) {
        if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) continue
        const subject = { topic: name ?? '', message: errorMessage, needs: { topic: 'Delete' } }
        throwOnError(errorCode, { what: `Deleting the topic ${name ?? ''}`, ...subject })
      }
    })
  }

  async describeTopicConfigs(names: readonly string[]): Promise<Map<string, ReadonlyMap<string, string>>> {
    const configs = new Map<string, ReadonlyMap<string, string>>()
    if (names.length === 0) return configs
    const resources = names.map((resourceName) => ({
      resourceType: topicResource,
      resourceName,
      configurationKeys: null,
    }))
    await this.#onAny('Describing the configuration of topics', async () => {
      const { results } = await this.#cluster.sendToAny(apis.DescribeConfigs, { resources })
      for (const { resourceName, errorCode, errorMessage, configs: entries } of results) {
        throwOnError(errorCode, {
          what: `Describing the configuration of ${resourceName}`,
          topic: resourceName,
          message: errorMessage,
          needs: { topic: 'DescribeConfigs' },
        })
        configs.set(resourceName, new Map(entries.map(({ name, value }) => [name, value ?? ''])))
      }
    })
    return configs
  }

  async alterTopicConfigs(
    changes: ReadonlyMap<string, Readonly<Record<string, string | null>>>,
    { validateOnly = false }: { readonly validateOnly?: boolean } = {},
  ): Promise<void> {
    if (changes.size === 0) return
    const resources = [...changes].map(([resourceName, values]) => ({
      resourceType: topicResource,
      resourceName,
      configs: Object.entries(values).map(([name, value]) => ({
        name,
        configOperation: value === null ? configOperations.delete : configOperations.set,
        value,
      })),
    }))
    await this.#onController(`Changing the configuration of ${[...changes.keys()].join(', ')}`, async (nodeId) => {
      const request = { resources, validateOnly }
      const { responses } = await this.#cluster.send(nodeId, mainLane, apis.IncrementalAlterConfigs, request)
      for (const { resourceName: topic, errorCode, errorMessage } of responses) {
        const what = `Changing the configuration of the topic ${topic}`
        throwOnError(errorCode, { what, topic, message: errorMessage, needs: { topic: 'AlterConfigs' } })
      }
    })
  }

  async deleteRecords(before: ReadonlyMap<TopicPartitionKey, number>): Promise<void> {
    const open = new Map(before)
    await this.#onAny('Deleting records', async () => {
      for (const item of entriesOf(open)) {
        const { nodeId } = await this.#cluster.leader(item)
        const { topics } = await this.#cluster.send(nodeId, mainLane, apis.DeleteRecords, {
          timeoutMs: this.#cluster.requestTimeoutMs,
          topics: byTopic([item], ({ partition, value }) => ({ partitionIndex: partition, offset: value })),
        })
        const { topic, partition } = item
        const errorCode = topics[0]?.partitions[0]?.errorCode ?? errorCodes.NONE
        if (errorCode !== errorCodes.NONE) {
          this.#cluster.markStale()
          const needs = { topic: 'Delete' }
          throw kafkaFault(errorCode, { what: `Deleting records of ${topic}-${partition}`, topic, partition, needs })
        }
        open.delete(`${topic}-${partition}`)
      }
    })
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
    for (const group of groups) await deleteGroup(this.#cluster, group, this.#timeoutMs)
  }

  /** Topics are created on the controller and reach the brokers' metadata later, leaders last. */
  async #waitForLeaders(counts: ReadonlyMap<string, number>): Promise<void> {
    const names = [...counts.keys()]
    await this.#onAny(`Waiting for the topics ${names.join(', ')}`, async () => {
      const { topics } = await this.#cluster.requestMetadata(names, false)
      for (const { name, errorCode, partitions } of topics) {
        const what = `Waiting for the topic ${name ?? ''}`
        throwOnError(errorCode, { what, topic: name ?? '', needs: { topic: 'Describe' } })
        const isLed =
          partitions.length >= (counts.get(name ?? '') ?? 1) && partitions.every(({ leaderId }) => leaderId >= 0)
        if (!isLed) throw kafkaFault(errorCodes.LEADER_NOT_AVAILABLE, { what })
      }
    })
  }

  /** Any KRaft broker forwards to the controller; older ones answer NOT_CONTROLLER unless they are it. */
  async #onController(what: string, attempt: (nodeId: number) => Promise<void>): Promise<void> {
    await this.#onAny(what, async () => {
      const { metadata } = this.#cluster
      if (metadata.endpoint(metadata.controllerId) === undefined) await this.#cluster.refresh()
      try {
        await attempt(metadata.controllerId)
      } catch (error) {
        const code = kafkaCodeOf(error)
        if (code === undefined || code === errorCodes.NOT_CONTROLLER)
          await this.#cluster.refresh().catch(() => undefined)
        throw error
      }
    })
  }

  #onAny(what: string, attempt: () => Promise<void>): Promise<void> {
    return retrying(this.#cluster, { what, timeoutMs: this.#timeoutMs }, attempt)
  }
}

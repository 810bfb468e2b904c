/** Topics, their partitions and who leads them. It is the source of truth for metadata; records are the log's business. */
import type { Random } from '../../common/random.ts'
import type { BrokerConfig } from './broker-config.ts'
import { LogBudget } from './log-budget.ts'
import { PartitionLog } from './partition-log.ts'
import { Refusal } from './refusal.ts'
import { TopicConfig } from './topic-config.ts'

export interface Partition {
  readonly topic: Topic
  readonly index: number
  readonly log: PartitionLog
  /** -1: none of its replicas is up. */
  leaderId: number
  leaderEpoch: number
  replicas: readonly number[]
}

export interface Topic {
  readonly name: string
  readonly topicId: string
  readonly config: TopicConfig
  readonly replicationFactor: number
  readonly partitions: readonly Partition[]
}

export interface TopicSpec {
  readonly name: string
  /** -1: the broker's default. */
  readonly partitions: number
  readonly replicationFactor: number
  readonly configs: ReadonlyMap<string, string>
  /** Replicas of each partition, instead of the two numbers. */
  readonly assignments?: readonly (readonly number[])[]
}

export const zeroTopicId = '00000000-0000-0000-0000-000000000000'

interface OpenTopic extends Topic {
  readonly partitions: Partition[]
}

export class Topics {
  readonly #config: BrokerConfig
  readonly #random: Random
  readonly #nodeIds: readonly number[]
  readonly #budget: LogBudget
  readonly #byName = new Map<string, OpenTopic>()
  readonly #byId = new Map<string, OpenTopic>()
  #partitionCount = 0
  #createdCount = 0

  constructor(config: BrokerConfig, random: Random, nodeIds: readonly number[]) {
    this.#config = config
    this.#random = random
    this.#nodeIds = nodeIds
    this.#budget = new LogBudget(config.maxLogBytes)
  }

  get all(): readonly Topic[] {
    return [...this.#byName.values()]
  }

  get(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  byId(topicId: string): Topic | undefined {
    return this.#byId.get(topicId)
  }

  partition(name: string, index: number): Partition | undefined {
    return this.#byName.get(name)?.partitions[index]
  }

  /** Throws the refusal of a topic that cannot be created; returns how it would be otherwise. */
  check(spec: TopicSpec): { readonly partitions: number; readonly replicationFactor: number } {
    checkTopicName(spec.name)
    if (this.#byName.has(spec.name)) {
      throw new Refusal('TOPIC_ALREADY_EXISTS', `Topic '${spec.name}' already exists.`)
    }
    this.#checkCollision(spec.name)
    if (spec.assignments !== undefined) return this.#checkAssignments(spec.assignments)
    const partitions = spec.partitions === -1 ? this.#config.defaultPartitions : spec.partitions
    const replicationFactor =
      spec.replicationFactor === -1 ? this.#config.defaultReplicationFactor : spec.replicationFactor
    if (partitions <= 0) {
      throw new Refusal('INVALID_PARTITIONS', 'Number of partitions was set to an invalid non-positive value.')
    }
    if (replicationFactor <= 0 || replicationFactor > this.#nodeIds.length) {
      throw new Refusal(
        'INVALID_REPLICATION_FACTOR',
        `Unable to replicate the partition ${replicationFactor} time(s): only ${this.#nodeIds.length} broker(s) are registered.`,
      )
    }
    this.#checkRoom(partitions)
    return { partitions, replicationFactor }
  }

  create(spec: TopicSpec): Topic {
    const { partitions, replicationFactor } = this.check(spec)
    const topic: OpenTopic = {
      name: spec.name,
      topicId: this.#random.uuid(),
      config: new TopicConfig(spec.configs, this.#config.topicDefaults),
      replicationFactor,
      partitions: [],
    }
    this.#createdCount += 1
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.topicId, topic)
    this.#grow(topic, partitions, spec.assignments)
    return topic
  }

  delete(topic: Topic): void {
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.topicId)
    this.#partitionCount -= topic.partitions.length
    for (const { log } of topic.partitions) log.drop()
  }

  addPartitions(name: string, count: number, validateOnly: boolean): void {
    const topic = this.#byName.get(name)
    if (topic === undefined) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
    if (count <= topic.partitions.length) {
      throw new Refusal(
        'INVALID_PARTITIONS',
        `The topic ${name} currently has ${topic.partitions.length} partition(s); ${count} would not be an increase.`,
      )
    }
    this.#checkRoom(count - topic.partitions.length)
    if (!validateOnly) this.#grow(topic, count)
  }

  /** A new leader under a new epoch; one that has no replica gets the old leader's. */
  moveLeader(partition: Partition, nodeId: number): void {
    if (nodeId !== -1 && !partition.replicas.includes(nodeId)) {
      partition.replicas = partition.replicas.map((replica) => (replica === partition.leaderId ? nodeId : replica))
    }
    partition.leaderId = nodeId
    partition.leaderEpoch += 1
    partition.log.epochs.begin(partition.leaderEpoch, partition.log.endOffset)
  }

  #grow(topic: OpenTopic, count: number, assignments?: readonly (readonly number[])[]): void {
    for (let index = topic.partitions.length; index < count; index++) {
      const replicas = assignments?.[index] ?? this.#replicas(index, topic.replicationFactor)
      const log = new PartitionLog(this.#budget)
      log.epochs.begin(0, 0)
      topic.partitions.push({ topic, index, log, leaderId: replicas[0] ?? -1, leaderEpoch: 0, replicas })
      this.#partitionCount += 1
    }
  }

  /** Leaders go round the nodes. */
  #replicas(index: number, count: number): number[] {
    const nodes = this.#nodeIds
    const first = this.#createdCount - 1 + index
    return Array.from({ length: count }, (_, replica) => nodes[(first + replica) % nodes.length] ?? -1)
  }

  #checkAssignments(assignments: readonly (readonly number[])[]): { partitions: number; replicationFactor: number } {
    const replicationFactor = assignments[0]?.length ?? 0
    for (const replicas of assignments) {
      const known = replicas.every((id) => this.#nodeIds.includes(id))
      if (replicas.length === 0 || replicas.length !== replicationFactor || !known) {
        throw new Refusal('INVALID_REPLICA_ASSIGNMENT')
      }
    }
    this.#checkRoom(assignments.length)
    return { partitions: assignments.length, replicationFactor }
  }

  #checkRoom(more: number): void {
    if (this.#partitionCount + more <= this.#config.maxPartitions) return
    throw new Refusal('POLICY_VIOLATION', `the embedded broker has at most ${this.#config.maxPartitions} partitions`)
  }

  /** Names that differ in '.' and '_' only would collide in metrics. */
  #checkCollision(name: string): void {
    if (!/[._]/.test(name)) return
    const plain = name.replaceAll('.', '_')
    for (const other of this.#byName.keys()) {
      if (other.replaceAll('.', '_') !== plain) continue
      throw new Refusal('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with existing topic: ${other}`)
    }
  }
}

function checkTopicName(name: string): void {
  const valid = /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'
  if (!valid) throw new Refusal('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: '${name}'`)
}

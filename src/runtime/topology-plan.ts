/**
 * A topology meets a cluster: which topics it reads and writes by their names on the brokers, how many partitions its
 * internal topics need, and so which tasks there are. Pure: the same topology and partition counts give the same plan on
 * every member. Rules: Kafka Streams' StreamsPartitionAssignor, RepartitionTopics and CopartitionedTopicsEnforcer.
 */
import { RuntimeError } from '../errors/runtime-error.ts'
import type { NewTopic } from '../kafka/client/kafka-client.ts'
import { changelogConfig, repartitionConfig } from '../topology/internal-topic-config.ts'
import type { CompiledTopology, SourceNode, SubTopology } from '../topology/topology-node.ts'
import { wholePattern } from '../topology/topic-pattern.ts'

export interface Changelog {
  readonly storeName: string
  /** With the application id; a source topic's own name where that serves as changelog. */
  readonly topic: string
  readonly isSource: boolean
}

export interface SubTopologyPlan {
  readonly subTopology: SubTopology
  /** By source node: topics with their names on the broker, patterns resolved. */
  readonly inputTopics: ReadonlyMap<string, readonly string[]>
  /** All of them once, sorted, with their partition counts: not every task has a partition of every topic. */
  readonly sourceTopics: ReadonlyMap<string, number>
  readonly changelogs: readonly Changelog[]
  /** Of its tasks: the largest count among its source topics. */
  readonly partitionCount: number
}

export interface TopologyPlan {
  readonly subTopologies: readonly SubTopologyPlan[]
  readonly taskIds: readonly string[]
  /** Repartition topics and changelogs with the partition counts that they must have. */
  readonly internalTopics: readonly NewTopic[]
}

/** `external`: not made by the application; `global`: nor read by its tasks, but into a global store. */
export type TopicKind = 'external' | 'global' | 'changelog' | 'repartition'

/** The names that a topology has on a broker. */
export class TopicNames {
  readonly #applicationId: string
  readonly #repartition: ReadonlySet<string>
  /** By their names on the broker. */
  readonly #changelogs: ReadonlySet<string>

  constructor(topology: CompiledTopology, applicationId: string) {
    this.#applicationId = applicationId
    this.#repartition = new Set(topology.repartitionTopics.map((topic) => topic.name))
    const changelogs = topology.subTopologies.flatMap((subTopology) => this.changelogs(subTopology))
    this.#changelogs = new Set(changelogs.flatMap(({ topic, isSource }) => (isSource ? [] : [topic])))
  }

  isRepartition(name: string): boolean {
    return this.#repartition.has(name)
  }

  /** By its name on the broker. */
  isRepartitionOnBroker(topic: string): boolean {
    const prefix = `${this.#applicationId}-`
    return topic.startsWith(prefix) && this.#repartition.has(topic.slice(prefix.length))
  }

  /** By its name on the broker. */
  kindOf(topic: string): TopicKind {
    if (this.#changelogs.has(topic)) return 'changelog'
    return this.isRepartitionOnBroker(topic) ? 'repartition' : 'external'
  }

  /** Repartition topics get the application id in front, users' topics stay. */
  onBroker(name: string): string {
    return this.#repartition.has(name) ? `${this.#applicationId}-${name}` : name
  }

  changelogs(subTopology: SubTopology): Changelog[] {
    return subTopology.stores.flatMap(({ spec, changelogTopic, changelogIsSource }) =>
      changelogTopic === undefined
        ? []
        : [
            {
              storeName: spec.name,
              topic: changelogIsSource ? this.onBroker(changelogTopic) : `${this.#applicationId}-${changelogTopic}`,
              isSource: changelogIsSource,
            },
          ],
    )
  }

  /** Users' topics among the sources; patterns matched against `existing`, in order of name. */
  inputTopics(subTopology: SubTopology, existing: readonly string[]): Map<string, readonly string[]> {
    const sources = subTopology.nodes.filter((node): node is SourceNode => node.kind === 'source')
    return new Map(sources.map(({ name, topics }) => [name, this.matching(topics, existing)]))
  }

  matching(topics: readonly string[] | RegExp, existing: readonly string[]): readonly string[] {
    if (!(topics instanceof RegExp)) return topics.map((name) => this.onBroker(name))
    const whole = wholePattern(topics)
    return existing.filter((name) => whole.test(name) && !name.startsWith('__')).toSorted()
  }
}

/** All topics that the topology reads and that are not its own: what must exist before it can run. */
export function userSourceTopics(topology: CompiledTopology, names: TopicNames): string[] {
  const topics = topology.subTopologies
    .flatMap(({ nodes }) => nodes)
    .flatMap((node) => (node.kind === 'source' && !(node.topics instanceof RegExp) ? node.topics : []))
    .filter((name) => !names.isRepartition(name))
  return [...new Set(topics)].toSorted()
}

export function hasPatternSource(topology: CompiledTopology): boolean {
  return topology.subTopologies.some(({ nodes }) =>
    nodes.some((node) => node.kind === 'source' && node.topics instanceof RegExp),
  )
}

/** Whether one of the sources with a pattern reads a topic of that name; undefined: there is none with a pattern. */
export function patternMatcher(topology: CompiledTopology): ((topic: string) => boolean) | undefined {
  const patterns = topology.subTopologies
    .flatMap(({ nodes }) => nodes)
    .flatMap((node) => (node.kind === 'source' && node.topics instanceof RegExp ? [wholePattern(node.topics)] : []))
  if (patterns.length === 0) return undefined
  return (topic) => !topic.startsWith('__') && patterns.some((pattern) => pattern.test(topic))
}

export interface PlanOptions {
  readonly topology: CompiledTopology
  readonly names: TopicNames
  /** Of users' topics; undefined: does not exist. */
  readonly partitionCount: (topic: string) => number | undefined
  /** For patterns. */
  readonly existingTopics: readonly string[]
  readonly replicationFactor: number
  /** Partitions of a repartition topic that no topic feeds yet, as a pattern may have it; undefined: it is an error. */
  readonly unfedPartitions?: number
}

export function planTopology(options: PlanOptions): TopologyPlan {
  const { topology, names } = options
  const inputs = topology.subTopologies.map((subTopology) => names.inputTopics(subTopology, options.existingTopics))
  const counts = new Map<string, number>()
  for (const topic of userTopics(inputs, topology, names)) counts.set(topic, requireCount(topic, options))
  resolveRepartitionCounts(options, inputs, counts)
  enforceCopartitioning(options, counts)

  const subTopologies = topology.subTopologies.map((subTopology, i): SubTopologyPlan => {
    const inputTopics = inputs[i] ?? new Map<string, readonly string[]>()
    const topics = [...new Set([...inputTopics.values()].flat())].toSorted()
    const sourceTopics = new Map(topics.map((topic) => [topic, counts.get(topic) ?? 0]))
    const partitionCount = Math.max(0, ...sourceTopics.values())
    return { subTopology, inputTopics, sourceTopics, changelogs: names.changelogs(subTopology), partitionCount }
  })
  return {
    subTopologies,
    taskIds: subTopologies.flatMap(({ subTopology, partitionCount }) =>
      Array.from({ length: partitionCount }, (_, partition) => `${subTopology.id}_${partition}`),
    ),
    internalTopics: [
      ...repartitionTopics(topology, names, counts, options.replicationFactor),
      ...subTopologies.flatMap((plan) => changelogTopics(plan, options.replicationFactor)),
    ],
  }
}

function userTopics(
  inputs: readonly ReadonlyMap<string, readonly string[]>[],
  topology: CompiledTopology,
  names: TopicNames,
): string[] {
  const internal = new Set(topology.repartitionTopics.map(({ name }) => names.onBroker(name)))
  return [...new Set(inputs.flatMap((input) => [...input.values()].flat()))].filter((topic) => !internal.has(topic))
}

function requireCount(topic: string, options: PlanOptions): number {
  const count = options.partitionCount(topic)
  if (count !== undefined) return count
  throw new RuntimeError(
    'MILLRACE_SOURCE_TOPIC_MISSING',
    `the input topic '${topic}' does not exist; create it (with as many partitions as the application shall have tasks; 'millrace topics apply' does it), or correct its name in the topology`,
    { topic },
  )
}

/**
 * A repartition topic without a count of its own gets the largest among the topics of the sub-topologies that feed it,
 * which may themselves be repartition topics: repeated until nothing changes.
 */
function resolveRepartitionCounts(
  { topology, names, unfedPartitions }: PlanOptions,
  inputs: readonly ReadonlyMap<string, readonly string[]>[],
  counts: Map<string, number>,
): void {
  for (const topic of topology.repartitionTopics) {
    if (topic.partitions !== undefined) counts.set(names.onBroker(topic.name), topic.partitions)
  }
  const open = topology.repartitionTopics.filter((topic) => topic.partitions === undefined)
  for (let round = 0; round <= open.length; round++) {
    for (const topic of open) {
      const count = Math.max(0, ...feedingTopics(topology, topic.name, inputs).map((name) => counts.get(name) ?? 0))
      if (count > 0) counts.set(names.onBroker(topic.name), count)
    }
  }
  if (unfedPartitions !== undefined) {
    for (const { name } of open) counts.set(names.onBroker(name), counts.get(names.onBroker(name)) ?? unfedPartitions)
  }
  const unresolved = open.find((topic) => !counts.has(names.onBroker(topic.name)))
  if (unresolved !== undefined) {
    throw new RuntimeError(
      'MILLRACE_SOURCE_TOPIC_MISSING',
      `the repartition topic '${names.onBroker(unresolved.name)}' is fed by no existing topic, so its partition count is unknown; give repartition() a count, or create the topics upstream of it`,
      { topic: names.onBroker(unresolved.name) },
    )
  }
}

function feedingTopics(
  topology: CompiledTopology,
  repartitionTopic: string,
  inputs: readonly ReadonlyMap<string, readonly string[]>[],
): string[] {
  return topology.subTopologies.flatMap(({ nodes }, i) =>
    nodes.some((node) => node.kind === 'sink' && node.topic === repartitionTopic)
      ? [...(inputs[i]?.values() ?? [])].flat()
      : [],
  )
}

function enforceCopartitioning({ topology, names, existingTopics }: PlanOptions, counts: Map<string, number>): void {
  const adaptable = new Set(
    topology.repartitionTopics
      .filter((topic) => topic.partitions === undefined)
      .map(({ name }) => names.onBroker(name)),
  )
  for (const group of topology.copartitionGroups) {
    const all = group.flatMap((topic) => names.matching(topic instanceof RegExp ? topic : [topic], existingTopics))
    const topics = [...new Set(all)].filter((topic) => counts.has(topic))
    const fixed = topics.filter((topic) => !adaptable.has(topic))
    const count = Math.max(0, ...(fixed.length > 0 ? fixed : topics).map((topic) => counts.get(topic) ?? 0))
    const other = fixed.find((topic) => counts.get(topic) !== count)
    const first = fixed.find((topic) => counts.get(topic) === count)
    if (other !== undefined && first !== undefined) {
      throw new RuntimeError(
        'MILLRACE_TOPICS_NOT_COPARTITIONED',
        `topics '${first}' (${count} partitions) and '${other}' (${counts.get(other)}) are not co-partitioned; repartition one of them or create both with the same count`,
        { topic: other },
      )
    }
    for (const topic of topics) if (adaptable.has(topic)) counts.set(topic, count)
  }
}

function repartitionTopics(
  topology: CompiledTopology,
  names: TopicNames,
  counts: ReadonlyMap<string, number>,
  replicationFactor: number,
): NewTopic[] {
  return topology.repartitionTopics.map(({ name }) => ({
    name: names.onBroker(name),
    partitions: counts.get(names.onBroker(name)) ?? 0,
    replicationFactor,
    config: repartitionConfig,
  }))
}

function changelogTopics(plan: SubTopologyPlan, replicationFactor: number): NewTopic[] {
  return plan.changelogs.flatMap(({ storeName, topic, isSource }) => {
    const store = plan.subTopology.stores.find(({ spec }) => spec.name === storeName)
    if (isSource || store === undefined) return []
    return [{ name: topic, partitions: plan.partitionCount, replicationFactor, config: changelogConfig(store.spec) }]
  })
}

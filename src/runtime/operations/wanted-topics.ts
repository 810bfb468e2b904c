/**
 * Which topics an application needs, each with what it is to the application: read, written, kept aside, or its own.
 * Pure. Internal topics come from the plan that the leader of the group makes, so that both always agree.
 */
import { RuntimeError } from '../../errors/runtime-error.ts'
import type { NewTopic } from '../../kafka/client/kafka-client.ts'
import { deadLetterTopics } from '../dead-letter-topics.ts'
import { planTopology } from '../topology-plan.ts'
import type { ApplicationShape } from './application-shape.ts'

export type TopicRole = 'source' | 'global' | 'sink' | 'dead-letter' | 'repartition' | 'changelog'

export interface WantedTopic {
  readonly name: string
  readonly roles: readonly TopicRole[]
  /** Of one that the application makes for itself; undefined: others make it. */
  readonly internal: NewTopic | undefined
  /** Of one that is not there, and not internal: how many partitions it would get; undefined: nobody has said. */
  readonly partitions: number | undefined
}

/** Why the plan is not complete, in the words of the error that a start would end with. */
export interface TopicProblem {
  readonly code: string
  readonly message: string
  readonly topic: string | undefined
}

export interface WantedTopics {
  readonly topics: readonly WantedTopic[]
  readonly problems: readonly TopicProblem[]
}

export interface WantedOptions {
  readonly application: ApplicationShape
  /** Of the topics that exist, all of them. */
  readonly existing: ReadonlyMap<string, number>
  /** For topics of others that do not exist yet. */
  readonly partitions?: number | undefined
}

export function wantedTopics(options: WantedOptions): WantedTopics {
  const roles = externalRoles(options)
  const counts = new Map<string, number>()
  for (const name of roles.keys()) {
    const count = options.existing.get(name) ?? copartitionedCount(name, options) ?? options.partitions
    if (count !== undefined) counts.set(name, count)
  }
  const external = [...roles].map(([name, found]) => ({
    name,
    roles: [...found],
    internal: undefined,
    partitions: counts.get(name),
  }))
  const { topics, problems } = internalTopics(options, counts)
  return { topics: [...external, ...topics].toSorted((a, b) => order(a) - order(b) || compare(a, b)), problems }
}

const roleOrder: readonly TopicRole[] = ['source', 'global', 'sink', 'dead-letter', 'repartition', 'changelog']

function order({ roles }: WantedTopic): number {
  return Math.min(...roles.map((role) => roleOrder.indexOf(role)))
}

function compare(a: WantedTopic, b: WantedTopic): number {
  return a.name < b.name ? -1 : 1
}

function externalRoles({ application, existing }: WantedOptions): Map<string, Set<TopicRole>> {
  const { topology, names, config } = application
  const roles = new Map<string, Set<TopicRole>>()
  const add = (name: string, role: TopicRole): void => {
    if (names.isRepartitionOnBroker(name)) return
    const found = roles.get(name) ?? new Set()
    roles.set(name, found.add(role))
  }
  for (const subTopology of topology.subTopologies) {
    for (const topics of names.inputTopics(subTopology, [...existing.keys()]).values()) {
      for (const topic of topics) add(topic, 'source')
    }
    for (const node of subTopology.nodes) {
      // One that a function names is known only record by record.
      if (node.kind === 'sink' && typeof node.topic === 'string') add(names.onBroker(node.topic), 'sink')
    }
    for (const topic of deadLetterTopics(subTopology, config)) add(topic, 'dead-letter')
  }
  for (const { topic } of topology.globalStores) add(topic, 'global')
  return roles
}

/** Of the topics that it must be equal to, where one of them exists. */
function copartitionedCount(name: string, { application, existing }: WantedOptions): number | undefined {
  const { topology, names } = application
  for (const group of topology.copartitionGroups) {
    const topics = group.flatMap((topic) =>
      names.matching(topic instanceof RegExp ? topic : [topic], [...existing.keys()]),
    )
    if (!topics.includes(name)) continue
    const peer = topics.find((topic) => existing.has(topic) && !names.isRepartitionOnBroker(topic))
    if (peer !== undefined) return existing.get(peer)
  }
  return undefined
}

function internalTopics({ application, existing }: WantedOptions, counts: ReadonlyMap<string, number>): WantedTopics {
  const { topology, names, config } = application
  try {
    const { internalTopics: planned } = planTopology({
      topology,
      names,
      partitionCount: (topic) => counts.get(topic),
      existingTopics: [...existing.keys()],
      replicationFactor: config.replicationFactor,
    })
    const topics = planned.map((internal) => ({
      name: internal.name,
      roles: [names.kindOf(internal.name) === 'changelog' ? ('changelog' as const) : ('repartition' as const)],
      internal,
      partitions: internal.partitions,
    }))
    return { topics, problems: [] }
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    const { code, message, topic } = error
    return { topics: [], problems: [{ code, message, topic }] }
  }
}

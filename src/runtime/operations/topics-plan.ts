/**
 * The topics that an application needs, beside those that there are: what is missing, differs, or cannot be right. Pure;
 * `topics-on-cluster.ts` reads the facts and does what the plan says. Nothing is ever deleted.
 */
import type { NewTopic, TopicMetadata } from '../../kafka/client/kafka-client.ts'
import type { ApplicationShape } from './application-shape.ts'
import { wantedTopics } from './wanted-topics.ts'
import type { TopicProblem, TopicRole, WantedTopic } from './wanted-topics.ts'

/**
 * `create`: is made by apply. `config`: apply changes configs. `mismatch`: has another partition count than it must have,
 * which nothing but a person can cure. `missing`: is not the application's own and not there, and how many partitions it
 * shall have nobody has said.
 */
export type TopicStatus = 'ok' | 'create' | 'config' | 'mismatch' | 'missing'

export interface ConfigChange {
  readonly name: string
  /** Null: the broker does not know it. */
  readonly found: string | null
  readonly wanted: string
}

export interface PlannedTopic {
  readonly name: string
  readonly roles: readonly TopicRole[]
  readonly status: TopicStatus
  readonly isInternal: boolean
  /** Null: not known (wanted), does not exist (found). */
  readonly partitions: { readonly wanted: number | null; readonly found: number | null }
  /** -1: the broker's default. Wanted is null where it is the business of others; found where it is not there. */
  readonly replicationFactor: { readonly wanted: number | null; readonly found: number | null }
  /** All that the application needs of it, and what it is created with; of topics of others nothing. */
  readonly config: Readonly<Record<string, string>>
  readonly configChanges: readonly ConfigChange[]
  /** Why it has this status; empty where it is ok. */
  readonly reason: string
  readonly warnings: readonly string[]
}

export interface TopicsPlan {
  readonly applicationId: string
  readonly topics: readonly PlannedTopic[]
  /** What keeps the plan from being complete. */
  readonly problems: readonly TopicProblem[]
}

/** What a cluster says of topics. */
export interface TopicFacts {
  readonly topics: ReadonlyMap<string, TopicMetadata>
  /** Undefined: they may not be read. */
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined
  /** By topic: on how many brokers its partitions are, the fewest. */
  readonly replicas: ReadonlyMap<string, number>
}

export interface TopicsPlanOptions {
  readonly application: ApplicationShape
  readonly facts: TopicFacts
  /** For topics of others that are not there; without it they are `missing`. */
  readonly partitions?: number | undefined
  /** For the same; default: the broker's. */
  readonly replicationFactor?: number | undefined
}

export function planTopics(options: TopicsPlanOptions): TopicsPlan {
  const { application, facts, partitions } = options
  const existing = new Map([...facts.topics].map(([name, { partitionCount }]) => [name, partitionCount]))
  const { topics, problems } = wantedTopics({ application, existing, partitions })
  const misfit = new Map(problems.flatMap(({ topic, message }) => (topic === undefined ? [] : [[topic, message]])))
  return {
    applicationId: application.applicationId,
    topics: topics.map((topic) => plannedTopic(topic, options, misfit.get(topic.name))),
    // Of one that is missing the topic itself tells.
    problems: problems.filter(({ code }) => code !== 'MILLRACE_SOURCE_TOPIC_MISSING' || !tellsOf(topics, facts)),
  }
}

function tellsOf(topics: readonly WantedTopic[], { topics: found }: TopicFacts): boolean {
  return topics.some(({ name, partitions }) => partitions === undefined && !found.has(name))
}

function plannedTopic(wanted: WantedTopic, options: TopicsPlanOptions, misfit: string | undefined): PlannedTopic {
  const { name, roles, internal } = wanted
  const { facts } = options
  const found = facts.topics.get(name)
  const replicasFound = facts.replicas.get(name) ?? null
  const replicasWanted = internal?.replicationFactor ?? options.replicationFactor ?? -1
  const configChanges = internal === undefined || found === undefined ? [] : changesOf(internal, facts.configs)
  const isRead = found !== undefined
  return {
    name,
    roles,
    isInternal: internal !== undefined,
    partitions: {
      wanted: internal?.partitions ?? (isRead ? null : (wanted.partitions ?? null)),
      found: found?.partitionCount ?? null,
    },
    replicationFactor: { wanted: isRead && internal === undefined ? null : replicasWanted, found: replicasFound },
    config: internal?.config ?? {},
    configChanges,
    ...judged(wanted, found, configChanges, misfit),
    warnings: found === undefined ? [] : warningsOf(wanted, replicasFound, facts.configs),
  }
}

function judged(
  { name, roles, internal, partitions }: WantedTopic,
  found: TopicMetadata | undefined,
  changes: readonly ConfigChange[],
  misfit: string | undefined,
): Pick<PlannedTopic, 'status' | 'reason'> {
  if (found === undefined) {
    if (internal !== undefined) return { status: 'create', reason: 'the application would make it at its start' }
    if (partitions !== undefined) return { status: 'create', reason: `it does not exist, and is ${useOf(roles)}` }
    return { status: 'missing', reason: `it does not exist, is ${useOf(roles)}, and its partition count is not known` }
  }
  if (misfit !== undefined) return { status: 'mismatch', reason: misfit }
  if (internal !== undefined && internal.partitions !== found.partitionCount) {
    return {
      status: 'mismatch',
      reason:
        `it has ${found.partitionCount} partitions, and the topology needs ${internal.partitions}: keys would meet the ` +
        `wrong state. Stop the application, delete '${name}' and reset its offsets, or give it a new id`,
    }
  }
  if (changes.length === 0) return { status: 'ok', reason: '' }
  return { status: 'config', reason: `${changes.map((change) => change.name).join(', ')}: not what the topology needs` }
}

const uses: Readonly<Record<TopicRole, string>> = {
  source: 'read',
  global: 'read into a global store',
  sink: 'written',
  'dead-letter': 'for records that fail',
  repartition: 'read and written',
  changelog: 'written, and read at a restore',
}

function useOf(roles: readonly TopicRole[]): string {
  return roles.map((role) => uses[role]).join(', ')
}

function changesOf({ name, config }: NewTopic, configs: TopicFacts['configs']): ConfigChange[] {
  const found = configs?.get(name)
  if (found === undefined) return []
  return Object.entries(config).flatMap(([key, wanted]) => {
    const value = found.get(key) ?? null
    return value !== null && isSame(value, wanted) ? [] : [{ name: key, found: value, wanted }]
  })
}

/** Lists have no order. */
function isSame(one: string, other: string): boolean {
  const parts = (text: string): string =>
    text
      .split(',')
      .map((part) => part.trim())
      .toSorted()
      .join()
  return one === other || parts(one) === parts(other)
}

function warningsOf(
  { name, roles, internal }: WantedTopic,
  replicas: number | null,
  configs: TopicFacts['configs'],
): string[] {
  const warnings: string[] = []
  const wanted = internal?.replicationFactor ?? -1
  if (wanted > 0 && replicas !== null && replicas < wanted) {
    warnings.push(
      `it has ${replicas} replicas, and replicationFactor is ${wanted}; kafka-reassign-partitions.sh adds them`,
    )
  }
  if (internal !== undefined && configs === undefined) {
    warnings.push(`its configuration may not be read (DescribeConfigs on the topic '${name}'), so it was not compared`)
  }
  const policy = configs?.get(name)?.get('cleanup.policy')
  if (roles.includes('global') && policy === 'delete') {
    warnings.push(
      'its old records are deleted (cleanup.policy=delete), and the global store loses them with a new instance',
    )
  }
  return warnings
}

/** What stands in the way of apply, and of a start. */
export function isBlocked({ topics, problems }: TopicsPlan): boolean {
  return problems.length > 0 || topics.some(({ status }) => status === 'missing' || status === 'mismatch')
}

export function hasChanges({ topics }: TopicsPlan): boolean {
  return topics.some(({ status }) => status === 'create' || status === 'config')
}

/** Reads what a plan of topics is made of, and does what it says. */
import { StreamsError } from '../../errors/streams-error.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import type { ApplicationShape } from './application-shape.ts'
import { planTopics } from './topics-plan.ts'
import type { TopicFacts, TopicsPlan } from './topics-plan.ts'
import { wantedTopics } from './wanted-topics.ts'

export interface PlanTopicsRequest {
  readonly application: ApplicationShape
  readonly partitions?: number | undefined
  readonly replicationFactor?: number | undefined
}

export async function topicsPlanOnCluster(client: KafkaClient, request: PlanTopicsRequest): Promise<TopicsPlan> {
  return planTopics({ ...request, facts: await topicFacts(client, request) })
}

async function topicFacts(client: KafkaClient, { application, partitions }: PlanTopicsRequest): Promise<TopicFacts> {
  // All, because patterns match any.
  const all = await client.describeTopics('all')
  const existing = new Map([...all].map(([name, { partitionCount }]) => [name, partitionCount]))
  const { topics: wanted } = wantedTopics({ application, existing, partitions })
  // Of one that the principal may not see, the broker says so when it is named.
  await client.describeTopics(wanted.map(({ name }) => name).filter((name) => !all.has(name)))
  const names = wanted.map(({ name }) => name).filter((name) => all.has(name))
  const replicas = await client.admin.describeReplicas(names)
  return {
    topics: all,
    configs: await readableConfigs(client, names),
    replicas: new Map(
      [...replicas].map(([name, found]) => [name, Math.min(...found.map((one) => one.replicas.length))]),
    ),
  }
}

async function readableConfigs(client: KafkaClient, names: readonly string[]): Promise<TopicFacts['configs']> {
  try {
    return await client.admin.describeTopicConfigs(names)
  } catch (error) {
    if (error instanceof StreamsError && error.code === 'MILLRACE_KAFKA_AUTHORIZATION') return undefined
    throw error
  }
}

export interface TopicsApplied {
  readonly created: readonly string[]
  readonly changed: readonly string[]
}

/** Makes what the plan creates and changes the configs that it changes. Again after an interruption: a new plan first. */
export async function applyTopicsPlan(client: KafkaClient, { topics }: TopicsPlan): Promise<TopicsApplied> {
  const created = topics.filter(({ status }) => status === 'create')
  const changed = topics.filter(({ status }) => status === 'config')
  await client.admin.createTopics(
    created.map(({ name, partitions, replicationFactor, config }) => ({
      name,
      partitions: partitions.wanted ?? -1,
      replicationFactor: replicationFactor.wanted ?? -1,
      config,
    })),
  )
  await client.admin.alterTopicConfigs(
    new Map(
      changed.map(({ name, configChanges }) => [
        name,
        Object.fromEntries(configChanges.map((change) => [change.name, change.wanted])),
      ]),
    ),
  )
  return { created: created.map(({ name }) => name), changed: changed.map(({ name }) => name) }
}

import type { AlterConfigsRequest, AlterConfigsResponse } from '../../protocol/messages/alter-configs.ts'
import type {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
  DescribeConfigsResponseDescribeConfigsResourceResult,
} from '../../protocol/messages/describe-configs.ts'
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsRequestAlterableConfig,
  IncrementalAlterConfigsResponse,
} from '../../protocol/messages/incremental-alter-configs.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import type { BrokerState } from '../broker-state.ts'
import { findTopic } from '../partition-access.ts'
import { Refusal, refusalOf } from '../refusal.ts'
import type { RequestContext } from '../request-context.ts'
import { configTypeIds, topicConfigTable } from '../topic-config-table.ts'
import { checkedConfig, checkedConfigs, type TopicConfig } from '../topic-config.ts'
import { zeroTopicId, type Topic } from '../topics.ts'

const resourceTypes = { topic: 2, broker: 4 } as const
const sources = { topic: 1, staticBroker: 4, default: 5 } as const

interface DescribedConfig {
  readonly name: string
  readonly value: string
  readonly source: number
}

export function describedConfigs(config: TopicConfig): DescribedConfig[] {
  return Object.keys(topicConfigTable).map((name) => {
    const inherited = config.isBrokerDefault(name) ? sources.staticBroker : sources.default
    return { name, value: config.get(name), source: config.values.has(name) ? sources.topic : inherited }
  })
}

export function describeConfigs(
  request: DescribeConfigsRequest,
  { state }: RequestContext,
): MessageInput<DescribeConfigsResponse> {
  return {
    results: request.resources.map(({ resourceType, resourceName, configurationKeys }) => {
      try {
        const keys = configurationKeys === null || configurationKeys.length === 0 ? undefined : configurationKeys
        const all =
          resourceType === resourceTypes.broker
            ? brokerConfigs(state, resourceName)
            : topicConfigs(topicOf(state, resourceType, resourceName), request.includeSynonyms)
        return {
          resourceType,
          resourceName,
          configs: keys === undefined ? all : all.filter(({ name }) => keys.includes(name ?? '')),
        }
      } catch (error) {
        const { errorCode, message } = refusalOf(error)
        return { resourceType, resourceName, errorCode, errorMessage: message }
      }
    }),
  }
}

type ConfigAnswer = MessageInput<DescribeConfigsResponseDescribeConfigsResourceResult>

function topicConfigs({ config }: Topic, includeSynonyms: boolean): ConfigAnswer[] {
  return describedConfigs(config).map(({ name, value, source }) => {
    const own = { name, value, source }
    const inherited = {
      name,
      value: config.default(name),
      source: config.isBrokerDefault(name) ? sources.staticBroker : sources.default,
    }
    return {
      name,
      value,
      configSource: source,
      configType: configTypeIds[topicConfigTable[name]?.type ?? 'string'],
      documentation: null,
      synonyms: includeSynonyms ? (source === sources.topic ? [own, inherited] : [inherited]) : [],
    }
  })
}

/** Those a client may ask for; they cannot be changed. */
function brokerConfigs({ config, nodes }: BrokerState, resourceName: string): ConfigAnswer[] {
  if (resourceName !== '' && nodes.get(Number(resourceName)) === undefined) throw new Refusal('INVALID_REQUEST')
  const values: Readonly<Record<string, string | number | boolean>> = {
    'auto.create.topics.enable': config.autoCreateTopics,
    'default.replication.factor': config.defaultReplicationFactor,
    'group.initial.rebalance.delay.ms': config.groupInitialRebalanceDelayMs,
    'group.max.session.timeout.ms': config.groupMaxSessionTimeoutMs,
    'group.min.session.timeout.ms': config.groupMinSessionTimeoutMs,
    'message.max.bytes': Number(config.topicDefaults['max.message.bytes'] ?? 1_048_588),
    'num.partitions': config.defaultPartitions,
    'offset.metadata.max.bytes': config.offsetMetadataMaxBytes,
    // Kept in memory, by every node.
    'offsets.topic.replication.factor': nodes.ids.length,
    'transaction.max.timeout.ms': config.transactionMaxTimeoutMs,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.replication.factor': nodes.ids.length,
  }
  return Object.entries(values).map(([name, value]) => ({
    name,
    value: String(value),
    readOnly: true,
    configSource: sources.staticBroker,
    configType: configTypeIds[typeof value === 'number' ? 'int' : typeof value === 'boolean' ? 'boolean' : 'string'],
    documentation: null,
  }))
}

/** Replaces all configs of the topic: what is not named goes back to its default. */
export function alterConfigs(
  request: AlterConfigsRequest,
  context: RequestContext,
): MessageInput<AlterConfigsResponse> {
  const responses = request.resources.map(({ resourceType, resourceName, configs }) =>
    alter(resourceType, resourceName, request.validateOnly, context, () =>
      checkedConfigs(configs.map(({ name, value }) => [name, value])),
    ),
  )
  return { responses }
}

export function incrementalAlterConfigs(
  request: IncrementalAlterConfigsRequest,
  context: RequestContext,
): MessageInput<IncrementalAlterConfigsResponse> {
  const responses = request.resources.map(({ resourceType, resourceName, configs }) =>
    alter(resourceType, resourceName, request.validateOnly, context, (current) => {
      const values = new Map(current.values)
      for (const change of configs) applyChange(values, current, change)
      return checkedConfigs(values)
    }),
  )
  return { responses }
}

function alter(
  resourceType: number,
  resourceName: string,
  validateOnly: boolean,
  { state }: RequestContext,
  change: (current: TopicConfig) => Map<string, string>,
): { resourceType: number; resourceName: string; errorCode?: number; errorMessage?: string } {
  try {
    const { config } = topicOf(state, resourceType, resourceName)
    const values = change(config)
    if (!validateOnly) config.replace(values)
    return { resourceType, resourceName }
  } catch (error) {
    const { errorCode, message } = refusalOf(error)
    return { resourceType, resourceName, errorCode, errorMessage: message }
  }
}

function applyChange(
  values: Map<string, string>,
  current: TopicConfig,
  { name, configOperation, value }: IncrementalAlterConfigsRequestAlterableConfig,
): void {
  const isList = topicConfigTable[name]?.type === 'list'
  const given = value?.split(',') ?? []
  const present = (values.get(name) ?? current.default(name)).split(',').filter((part) => part !== '')
  switch (configOperation) {
    case 0:
      values.set(name, checkedConfig(name, value))
      return
    case 1:
      values.delete(name)
      return
    case 2:
      if (!isList) break
      values.set(name, [...new Set([...present, ...given])].join(','))
      return
    case 3:
      if (!isList) break
      values.set(name, present.filter((part) => !given.includes(part)).join(','))
      return
  }
  throw new Refusal('INVALID_CONFIG', `Can't apply operation ${configOperation} to config ${name}`)
}

function topicOf({ topics }: BrokerState, resourceType: number, resourceName: string): Topic {
  if (resourceType !== resourceTypes.topic) {
    throw new Refusal('INVALID_REQUEST', `the embedded broker has no configs for resources of type ${resourceType}`)
  }
  return findTopic(topics, resourceName, zeroTopicId, false)
}

/** Kafka's names of what is configured here under another name, for who comes from Java: `num.stream.threads`. */
import type { StreamsConfig } from '../processor/streams-config.ts'

type Ours = keyof StreamsConfig

/** Where camel case alone does not lead to our key. */
const renamed: Readonly<Record<string, { readonly key: Ours; readonly as?: string }>> = {
  'bootstrap.servers': { key: 'kafka', as: "{ brokers: ['host:port'] }" },
  'client.id': { key: 'kafka', as: "{ brokers: [...], clientId: '…' }" },
  'security.protocol': { key: 'kafka', as: '{ brokers: [...], ssl, sasl }' },
  'sasl.mechanism': { key: 'kafka', as: '{ brokers: [...], sasl }' },
  'sasl.jaas.config': { key: 'kafka', as: '{ brokers: [...], sasl }' },
  'num.stream.threads': { key: 'threads' },
  'statestore.cache.max.bytes': { key: 'cacheMaxBytes' },
  'cache.max.bytes.buffering': { key: 'cacheMaxBytes' },
  'default.dsl.store': { key: 'store' },
  'auto.offset.reset': { key: 'offsetReset' },
  'default.timestamp.extractor': { key: 'timestampExtractor' },
  'deserialization.exception.handler': { key: 'onDeserializationError' },
  'default.deserialization.exception.handler': { key: 'onDeserializationError' },
  'processing.exception.handler': { key: 'onProcessingError' },
  'production.exception.handler': { key: 'onProductionError' },
  'default.production.exception.handler': { key: 'onProductionError' },
  'errors.dead.letter.queue.topic.name': { key: 'onProcessingError', as: "{ deadLetter: 'topic' }" },
  'ensure.explicit.internal.resource.naming': { key: 'naming', as: "'explicit'" },
  'compression.type': { key: 'compression' },
  'processor.wrapper.class': { key: 'processorWrapper' },
  'group.instance.id': { key: 'instanceId' },
  'max.poll.interval.ms': { key: 'rebalanceTimeoutMs' },
}

/** Those whose name is ours in dotted form; the rest of ours Kafka Streams has not. */
const sameInJava: readonly Ours[] = [
  'acceptableRecoveryLag',
  'applicationId',
  'bufferedRecordsPerPartition',
  'commitIntervalMs',
  'heartbeatIntervalMs',
  'maxTaskIdleMs',
  'maxWarmupReplicas',
  'numStandbyReplicas',
  'probingRebalanceIntervalMs',
  'processingGuarantee',
  'repartitionPurgeIntervalMs',
  'replicationFactor',
  'sessionTimeoutMs',
  'stateDir',
  'topologyOptimization',
  'transactionTimeoutMs',
]

/** What Kafka Streams 4.3 and its clients call a key of ours; none where they have no such thing. */
export function javaNamesOf(key: Ours): string[] {
  const others = Object.entries(renamed).filter(([, to]) => to.key === key)
  return [...(sameInJava.includes(key) ? [dottedOf(key)] : []), ...others.map(([name]) => name)]
}

/** Ends the sentence "unknown key 'x'; "; undefined when it is none of Kafka's. */
export function javaConfigHint(key: string, ours: readonly string[]): string | undefined {
  const dotted = withoutPrefix(dottedOf(key))
  const found = Object.hasOwn(renamed, dotted) ? renamed[dotted] : undefined
  if (found !== undefined) return `here it is '${found.key}'${found.as === undefined ? '' : `: ${found.as}`}`
  const camel = camelOf(dotted)
  if (camel !== key && ours.includes(camel)) return `here it is '${camel}'`
  if (/^default\.(key|value)\.serde$/.test(dotted)) return 'serdes are given where a topic is read or written'
  return undefined
}

/** Clients' own settings may carry the client's name in front. */
function withoutPrefix(dotted: string): string {
  return dotted.replace(/^(?:(?:main|restore|global)\.consumer|consumer|producer|admin)\./, '')
}

function dottedOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`).replaceAll(/[_-]/g, '.')
}

function camelOf(dotted: string): string {
  return dotted.replaceAll(/\.([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

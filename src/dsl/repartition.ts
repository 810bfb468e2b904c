/** Repartition topics and the names around them (KStreamImpl.createRepartitionedSource). */
import type { ErrorPolicy } from '../processor/error-policy.ts'
import type { StreamPartitioner } from '../processor/stream-partitioner.ts'
import type { AnySerde } from '../serde/serde.ts'
import type { DslBuilder } from './dsl-builder.ts'
import type { NewNode, NodeId } from './graph.ts'
import { requireSerde } from './materialized.ts'

const topicSuffix = '-repartition'
/** Only a generated base keeps generated node names; Java's String.matches, so of the whole name. */
const generatedBase = /^KSTREAM.*-[0-9]{10}$/

export interface RepartitionRequest {
  readonly parent: NodeId
  /** The topic's name without its suffix. */
  readonly base: string
  readonly baseIsGiven: boolean
  readonly key: AnySerde | undefined
  readonly value: AnySerde | undefined
  /** Where the user can give the serdes: ` of groupBy`. */
  readonly serdeHint: string
  readonly partitions?: number | undefined
  readonly partitioner?: StreamPartitioner<never, never> | undefined
  readonly onProductionError?: ErrorPolicy | undefined
  /** Default: true. */
  readonly isMergeable?: boolean
}

export type NewRepartition = Extract<NewNode, { kind: 'repartition' }>

/** The node's name is that of the source which reads the topic. */
export function repartitionNode(dsl: DslBuilder, request: RepartitionRequest): NewRepartition {
  const { parent, base, serdeHint } = request
  const topic = base.endsWith(topicSuffix) ? base : base + topicSuffix
  if (!request.baseIsGiven) dsl.generated.repartitionTopics.push(topic)
  const generated = {
    sinkName: dsl.nodeName('KSTREAM-SINK-'),
    filterName: dsl.nodeName('KSTREAM-FILTER-'),
    name: dsl.nodeName('KSTREAM-SOURCE-'),
  }
  const names = generatedBase.test(base)
    ? generated
    : { sinkName: `${topic}-sink`, filterName: `${topic}-filter`, name: `${topic}-source` }
  const user = `repartition topic ${topic}`
  return {
    kind: 'repartition',
    parents: [parent],
    ...names,
    topic,
    partitions: request.partitions,
    key: requireSerde(names.sinkName, user, 'key', request.key, serdeHint),
    value: requireSerde(names.sinkName, user, 'value', request.value, serdeHint),
    partitioner: request.partitioner,
    onProductionError: request.onProductionError,
    isMergeable: request.isMergeable ?? true,
  }
}

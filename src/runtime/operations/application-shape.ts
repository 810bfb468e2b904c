/** An application as operators look at it: its id, and where its module is known, its topology with the names on brokers. */
import type { StreamsConfig } from '../../processor/streams-config.ts'
import type { CompiledTopology } from '../../topology/topology-node.ts'
import { TopicNames } from '../topology-plan.ts'

/** The part of the configuration that decides which topics there are. */
export type TopicConfig = Pick<
  StreamsConfig,
  'applicationId' | 'replicationFactor' | 'onDeserializationError' | 'onProcessingError' | 'onProductionError'
>

export interface ApplicationShape {
  readonly applicationId: string
  readonly topology: CompiledTopology
  readonly names: TopicNames
  readonly config: TopicConfig
}

export function applicationShape(topology: CompiledTopology, config: TopicConfig): ApplicationShape {
  const { applicationId } = config
  return { applicationId, topology, names: new TopicNames(topology, applicationId), config }
}

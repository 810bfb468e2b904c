/** Which dead-letter topics policies name, so that their absence is found at the start and not at the first bad record. */
import { deadLetterTopicOf } from '../processor/error-policy.ts'
import type { ErrorPolicy } from '../processor/error-policy.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { SubTopology, TopologyNode } from '../topology/topology-node.ts'

type Policies = Pick<StreamsConfig, 'onDeserializationError' | 'onProcessingError' | 'onProductionError'>

/** Of the nodes of one sub-topology, each with its own policy or that of the configuration. */
export function deadLetterTopics({ nodes }: SubTopology, config: Policies): string[] {
  const topics = nodes.map((node) => deadLetterTopicOf(policyOf(node, config)))
  return [...new Set(topics.filter((topic) => topic !== undefined))]
}

function policyOf(node: TopologyNode, config: Policies): ErrorPolicy {
  if (node.kind === 'source') return node.onDeserializationError ?? config.onDeserializationError
  if (node.kind === 'processor') return node.onProcessingError ?? config.onProcessingError
  return node.onProductionError ?? config.onProductionError
}

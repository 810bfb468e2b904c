/**
 * Passes over the logical graph, each a function from nodes to nodes: those that Kafka Streams always makes, then the
 * ones that `topologyOptimization` chooses. Reusing source topics is no pass: it changes stores, when they are written.
 */
import { TopologyError } from '../errors/topology-error.ts'
import { samePattern } from '../topology/topic-pattern.ts'
import type { TopologyOptimization } from '../topology/topology-shape.ts'
import type { GraphNode, NodeId, StreamSource } from './graph.ts'

export function optimize(
  nodes: readonly GraphNode[],
  optimizations: readonly TopologyOptimization[],
): readonly GraphNode[] {
  const merged = mergeDuplicateSources(nodes)
  return optimizations.includes('mergeRepartitionTopics') ? mergeRepartitionTopics(merged) : merged
}

/** Streams of the same topics share one source (InternalStreamsBuilder.mergeDuplicateSourceNodes). */
function mergeDuplicateSources(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const sources: StreamSource[] = []
  const replaced = new Map<NodeId, NodeId>()
  for (const node of nodes) {
    if (node.kind !== 'streamSource') continue
    const same = sources.find((source) => readSameTopics(source, node))
    if (same === undefined) {
      sources.push(node)
      continue
    }
    checkOffsetResets(same, node)
    replaced.set(node.id, same.id)
  }
  return nodes.filter(({ id }) => !replaced.has(id)).map((node) => ({ ...node, parents: redirect(node, replaced) }))
}

/** A parent that is replaced goes to the end, as it does in Java. */
function redirect(node: GraphNode, replaced: ReadonlyMap<NodeId, NodeId>): NodeId[] {
  const kept = node.parents.filter((parent) => !replaced.has(parent))
  const others = node.parents.flatMap((parent) => replaced.get(parent) ?? [])
  return [...new Set([...kept, ...others])]
}

function readSameTopics(one: StreamSource, two: StreamSource): boolean {
  const [first, second] = [one.source.topics, two.source.topics]
  if (first instanceof RegExp || second instanceof RegExp) {
    return first instanceof RegExp && second instanceof RegExp && samePattern(first, second)
  }
  const topics = new Set(first)
  const common = second.filter((topic) => topics.has(topic))
  if (common.length === 0) return false
  if (common.length === new Set(second).size && common.length === topics.size) return true
  throw new TopologyError(
    'MILLRACE_TOPICS_OVERLAP',
    `two source nodes are subscribed to overlapping but not equal input topics: ${one.name} reads [${first.join(', ')}], ${two.name} reads [${second.join(', ')}]; make the lists equal, or one stream per topic and merge()`,
    { node: two.name, topic: common[0] },
  )
}

function checkOffsetResets(one: StreamSource, two: StreamSource): void {
  const [first, second] = [one.source.offsetReset, two.source.offsetReset].map((reset) => JSON.stringify(reset))
  if (first === second) return
  throw new TopologyError(
    'MILLRACE_OFFSET_RESET_CONFLICT',
    `two streams read the same topics with different offset reset policies: ${one.name} has ${first ?? 'none given'}, ${two.name} has ${second ?? 'none given'}; give both the same`,
    { node: two.name },
  )
}

/** Refused where it could have an effect, because without it the topics would have other names than the user expects. */
function mergeRepartitionTopics(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const repartitions = nodes.filter(({ kind }) => kind === 'repartition')
  if (repartitions.length < 2) return nodes
  throw new TopologyError(
    'MILLRACE_NOT_AVAILABLE',
    `topologyOptimization 'mergeRepartitionTopics' is not available yet, and this topology has ${repartitions.length} repartition topics that it might merge; use topologyOptimization: ['reuseSourceTopics']`,
  )
}

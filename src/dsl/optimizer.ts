/**
 * Passes over the logical graph, each a function from nodes to nodes: those that Kafka Streams always makes, then the
 * ones that `topologyOptimization` chooses. Reusing source topics is no pass: it changes stores, when they are written.
 */
import { TopologyError } from '../errors/topology-error.ts'
import { samePattern } from '../topology/topic-pattern.ts'
import type { TopologyShape } from '../topology/topology-shape.ts'
import type { GraphNode, NodeId, StreamSource } from './graph.ts'
import { mergeRepartitions, type MergedGraph } from './merge-repartitions.ts'
import { javaRepartitionGroups, repartitionGroups } from './repartition-groups.ts'

export function optimize(nodes: readonly GraphNode[], shape: TopologyShape): MergedGraph {
  const chosen = shape.topologyOptimization
  const asJava = shape.compatibility === 'java'
  const unique = mergeDuplicateSources(nodes)
  const merged = chosen.includes('mergeRepartitionTopics')
    ? mergeRepartitions(unique, asJava ? javaRepartitionGroups(nodes) : repartitionGroups(nodes), asJava)
    : { nodes: unique, replacedSources: new Map<string, string>() }
  return chosen.includes('singleStoreSelfJoin') ? { ...merged, nodes: rewriteSelfJoins(merged.nodes) } : merged
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

/** A join whose two streams are one needs one window and one store (InternalStreamsBuilder.rewriteSingleStoreSelfJoin). */
function rewriteSelfJoins(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const removed = new Set<NodeId>()
  const rewritten = nodes.map((node) => {
    if (node.kind !== 'compound' || node.selfJoin === undefined || node.parents.length !== 1) return node
    removed.add(node.selfJoin.otherWindow)
    return { ...node, parts: [node.selfJoin.part] }
  })
  return rewritten.filter(({ id }) => !removed.has(id))
}

/**
 * Writes a logical graph into a topology: by ascending priority among the nodes whose parents are written
 * (InternalStreamsBuilder.buildAndOptimizeTopology). The order decides the numbers of sub-topologies, and so task ids
 * and the names of state directories.
 */
import { timestampExtractors } from '../processor/timestamp-extractors.ts'
import { TopologyBuilder, type NodeOrigin } from '../topology/topology-builder.ts'
import type {
  Compound,
  GraphNode,
  NodeId,
  Operation,
  Repartition,
  Sink,
  TableRepartition,
  TableSource,
} from './graph.ts'
import { nodesAboveNullKeyJoins } from './null-key-joins.ts'
import { nullKeyFilter, openNullKeyFilter } from './operators/null-key-filter.ts'

export interface WriteOptions {
  /** A table's source topic serves as its changelog. */
  readonly reuseSourceTopics: boolean
  /** By the name of a node. */
  readonly operators: ReadonlyMap<string, string>
}

export function writeTopology(nodes: readonly GraphNode[], options: WriteOptions): TopologyBuilder {
  const builder = new TopologyBuilder(nodes.flatMap((node) => originsOf(node, options.operators)))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const open = nodesAboveNullKeyJoins(byId)
  for (const node of inWritingOrder(nodes)) {
    const parents = node.parents.flatMap((parent) => byId.get(parent)?.name ?? [])
    writeNode(builder, node, parents, { ...options, keepsNullKeys: open.has(node.id) })
  }
  return builder
}

interface NodeOptions extends WriteOptions {
  readonly keepsNullKeys: boolean
}

function inWritingOrder(nodes: readonly GraphNode[]): GraphNode[] {
  const open = nodes.toSorted((one, two) => one.priority - two.priority)
  const written = new Set<NodeId>()
  const order: GraphNode[] = []
  for (;;) {
    const next = open.findIndex(({ parents }) => parents.every((parent) => written.has(parent)))
    const [node] = next === -1 ? [] : open.splice(next, 1)
    if (node === undefined) return order
    written.add(node.id)
    order.push(node)
  }
}

function writeNode(builder: TopologyBuilder, node: GraphNode, parents: readonly string[], options: NodeOptions): void {
  switch (node.kind) {
    case 'streamSource':
      return builder.addSource({ kind: 'source', name: node.name, ...node.source })
    case 'tableSource':
      return writeTableSource(builder, node, options)
    case 'globalSource':
      return builder.addGlobalStore(node.global)
    case 'operation':
      return writeOperation(builder, node, parents)
    case 'compound':
      return writeCompound(builder, node, parents)
    case 'repartition':
      return writeRepartition(builder, node, parents, options.keepsNullKeys)
    case 'tableRepartition':
      return writeTableRepartition(builder, node, parents)
    case 'sink':
      return writeSink(builder, node, parents)
    case 'store':
      return builder.addStore(node.spec)
  }
}

function writeTableSource(builder: TopologyBuilder, node: TableSource, options: WriteOptions): void {
  builder.addSource(node.source)
  const { name, supplier, onProcessingError } = node
  builder.addProcessor({
    kind: 'processor',
    name,
    parents: [node.source.name],
    supplier,
    stores: [],
    onProcessingError,
  })
  const spec = node.store()
  if (spec === undefined) return
  builder.addStore(options.reuseSourceTopics ? { ...spec, logging: false } : spec, [name])
  if (options.reuseSourceTopics) builder.useAsChangelog(node.topic, spec.name)
}

function writeOperation(builder: TopologyBuilder, node: Operation, parents: readonly string[]): void {
  const { name, supplier, onProcessingError } = node
  builder.addProcessor({ kind: 'processor', name, parents, supplier, stores: [], onProcessingError })
  for (const spec of node.ownStores()) builder.addStore(spec, [name])
  for (const store of node.otherStores) builder.connect(name, store)
}

function writeCompound(builder: TopologyBuilder, node: Compound, parents: readonly string[]): void {
  for (const part of node.parts) {
    const { name, supplier, onProcessingError } = part
    const partParents = part.parents.flatMap((parent) =>
      typeof parent === 'string' ? parent : (parents[parent] ?? []),
    )
    builder.addProcessor({ kind: 'processor', name, parents: partParents, supplier, stores: [], onProcessingError })
    for (const spec of part.ownStores()) builder.addStore(spec, [name])
    for (const store of part.otherStores()) builder.connect(name, store)
  }
}

function writeSink(builder: TopologyBuilder, { name, sink, createsTopic }: Sink, parents: readonly string[]): void {
  const { topic } = sink
  if (createsTopic === true && typeof topic === 'string')
    builder.addRepartitionTopic({ name: topic, partitions: undefined })
  builder.addSink({ kind: 'sink', name, parents, ...sink })
}

function writeRepartition(
  builder: TopologyBuilder,
  node: Repartition,
  parents: readonly string[],
  keepsNullKeys: boolean,
): void {
  const { topic, partitions, key, value } = node
  const supplier = keepsNullKeys ? openNullKeyFilter : nullKeyFilter
  builder.addRepartitionTopic({ name: topic, partitions })
  builder.addProcessor({ kind: 'processor', name: node.filterName, parents, supplier, stores: [] })
  builder.addSink({
    kind: 'sink',
    name: node.sinkName,
    parents: [node.filterName],
    topic,
    key,
    value,
    partitioner: node.partitioner,
    onProductionError: node.onProductionError,
  })
  builder.addSource({
    kind: 'source',
    name: node.name,
    topics: [topic],
    key,
    value,
    admitsNull: true,
    // The user's extractor has given these records their time before they were written.
    timestampExtractor: timestampExtractors.failOnInvalid,
  })
}

/** Null keys never get here, and a null value is no change. */
function writeTableRepartition(builder: TopologyBuilder, node: TableRepartition, parents: readonly string[]): void {
  const { name, sinkName, topic, key, value } = node
  builder.addRepartitionTopic({ name: topic, partitions: undefined })
  builder.addSink({ kind: 'sink', name: sinkName, parents, topic, key, value })
  const { failOnInvalid } = timestampExtractors
  builder.addSource({
    kind: 'source',
    name,
    topics: [topic],
    key,
    value,
    admitsNull: false,
    timestampExtractor: failOnInvalid,
  })
}

/** Of every node of the topology that is written for this one. */
function originsOf(node: GraphNode, operators: ReadonlyMap<string, string>): (readonly [string, NodeOrigin])[] {
  return namesOf(node).map(({ name, operator }) => [
    name,
    { place: node.place, operator: operator ?? operators.get(name) },
  ])
}

function namesOf(node: GraphNode): { readonly name: string; readonly operator?: string }[] {
  switch (node.kind) {
    case 'tableSource':
      return [{ name: node.name }, { name: node.source.name, operator: 'source' }]
    case 'globalSource':
      return [{ name: node.global.processor.name }, { name: node.global.source.name, operator: 'source' }]
    case 'compound':
      return node.parts.map(({ name }) => ({ name }))
    case 'repartition':
      return [
        { name: node.filterName, operator: 'repartition-filter' },
        { name: node.sinkName, operator: 'repartition-sink' },
        { name: node.name, operator: 'repartition-source' },
      ]
    case 'tableRepartition':
      return [
        { name: node.sinkName, operator: 'repartition-sink' },
        { name: node.name, operator: 'repartition-source' },
      ]
    case 'streamSource':
      // One with a parent reads an internal topic.
      return [{ name: node.name, operator: node.parents.length > 0 ? 'repartition-source' : 'source' }]
    case 'sink':
      return [{ name: node.name, operator: node.createsTopic === true ? 'repartition-sink' : 'sink' }]
    default:
      return [{ name: node.name }]
  }
}

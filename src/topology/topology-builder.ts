/**
 * The nodes and stores of one topology while it is put together, and the source of truth for what may be added: names
 * are unique, parents exist, no topic is read twice, stores belong to processors. `Topology` (processor API) and the DSL
 * both write here. It must never look at user code or at configuration, and never drop a node that was added.
 *
 * Kafka Streams: InternalTopologyBuilder.java.
 */
import { TopologyError } from '../errors/topology-error.ts'
import type { StoreSpec } from '../processor/store-builder.ts'
import { capturePlace, type DefinitionPlace } from './definition-place.ts'
import { checkName } from './names.ts'
import { wholePattern } from './topic-pattern.ts'
import type {
  GlobalStore,
  ProcessorNode,
  RepartitionTopic,
  SinkNode,
  SourceNode,
  TopologyNode,
} from './topology-node.ts'

/** Where a node comes from; for descriptions only. */
export interface NodeOrigin {
  readonly place: DefinitionPlace
  /** Of the DSL, in Java's words; undefined: a processor of the user's. */
  readonly operator: string | undefined
}

/** What was built, as data. Nodes in the order of insertion, which is topological. */
export interface TopologyDefinition {
  readonly nodes: readonly TopologyNode[]
  readonly stores: ReadonlyMap<string, StoreSpec>
  /** By the name of the source. */
  readonly globalStores: ReadonlyMap<string, GlobalStore>
  /** Source topics that serve as changelogs, by store. */
  readonly sourceChangelogs: ReadonlyMap<string, string>
  readonly repartitionTopics: readonly RepartitionTopic[]
  /** Names of source nodes whose topics must have equal partition counts. */
  readonly copartitionedSources: readonly (readonly string[])[]
  /** By the name of a node. */
  readonly origins: ReadonlyMap<string, NodeOrigin>
}

export class TopologyBuilder {
  readonly #nodes = new Map<string, TopologyNode>()
  readonly #stores = new Map<string, StoreSpec>()
  readonly #connections = new Map<string, Set<string>>()
  readonly #globalStores = new Map<string, GlobalStore>()
  readonly #sourceChangelogs = new Map<string, string>()
  readonly #repartitionTopics = new Map<string, RepartitionTopic>()
  readonly #copartitionedSources: (readonly string[])[] = []
  readonly #origins: Map<string, NodeOrigin>

  /** `origins`: of nodes that were defined before they are added; the others are defined by being added. */
  constructor(origins: Iterable<readonly [string, NodeOrigin]> = []) {
    this.#origins = new Map(origins)
  }

  addSource(source: SourceNode): void {
    this.#checkNewNode(source)
    this.#checkTopicsAreFree(source)
    this.#put(source)
  }

  addProcessor(processor: ProcessorNode): void {
    this.#checkNewNode(processor)
    this.#checkParents(processor.name, processor.parents)
    this.#put(processor)
    for (const store of processor.stores) this.connect(processor.name, store)
  }

  addSink(sink: SinkNode): void {
    this.#checkNewNode(sink)
    this.#checkParents(sink.name, sink.parents)
    this.#put(sink)
  }

  /** Adding the same store again is no error: several processors may bring it along. */
  addStore(spec: StoreSpec, processors: readonly string[] = []): void {
    checkName(spec.name, 'store name')
    const present = this.#stores.get(spec.name)
    const isOther = present !== undefined && present !== spec
    if (isOther || this.#globalStoreNamed(spec.name) !== undefined) this.#refuseStore(spec, processors)
    this.#stores.set(spec.name, spec)
    for (const processor of processors) this.connect(processor, spec.name)
  }

  connect(processor: string, store: string): void {
    if (this.#globalStoreNamed(store) !== undefined) {
      throw new TopologyError(
        'MILLRACE_STORE_NOT_CONNECTABLE',
        `processor ${processor}: the global store ${store} is open to every processor and cannot be connected; leave it out`,
        { node: processor, storeName: store },
      )
    }
    if (!this.#stores.has(store)) {
      const known = [...this.#stores.keys()].join(', ') || 'none'
      throw new TopologyError(
        'MILLRACE_STORE_UNKNOWN',
        `processor ${processor}: store ${store} is not added yet (stores so far: ${known}); add it with addStateStore() before`,
        { node: processor, storeName: store },
      )
    }
    const node = this.#nodes.get(processor)
    if (node === undefined) {
      throw new TopologyError(
        'MILLRACE_STORE_NOT_CONNECTABLE',
        `store ${store}: processor ${processor} is not added yet; add the processor before it is connected`,
        { node: processor, storeName: store },
      )
    }
    if (node.kind !== 'processor') {
      throw new TopologyError(
        'MILLRACE_STORE_NOT_CONNECTABLE',
        `store ${store} cannot be connected to ${node.kind} ${processor}; only processors use stores`,
        { node: processor, storeName: store },
      )
    }
    const connected = this.#connections.get(processor) ?? new Set()
    this.#connections.set(processor, connected.add(store))
  }

  addGlobalStore(store: GlobalStore): void {
    const { source, processor, spec } = store
    checkName(spec.name, 'store name')
    this.#checkNewNode(source)
    this.#checkTopicsAreFree(source)
    this.#checkNewNode(processor)
    if (source.name === processor.name) refuseNodeName(source, processor)
    const isTaken = this.#stores.has(spec.name) || this.#globalStoreNamed(spec.name) !== undefined
    if (isTaken) this.#refuseStore(spec, [processor.name])
    this.#put(source)
    this.#put(processor)
    this.#connections.set(processor.name, new Set([spec.name]))
    this.#globalStores.set(source.name, store)
  }

  /** The source topic is what the store is restored from; no changelog of its own is written. */
  useAsChangelog(topic: string, store: string): void {
    this.#sourceChangelogs.set(store, topic)
  }

  addRepartitionTopic(topic: RepartitionTopic): void {
    this.#repartitionTopics.set(topic.name, topic)
  }

  copartition(sources: readonly string[]): void {
    this.#copartitionedSources.push(sources)
  }

  definition(): TopologyDefinition {
    return {
      nodes: [...this.#nodes.values()].map((node) =>
        node.kind === 'processor' ? { ...node, stores: [...(this.#connections.get(node.name) ?? [])] } : node,
      ),
      stores: new Map(this.#stores),
      globalStores: new Map(this.#globalStores),
      sourceChangelogs: new Map(this.#sourceChangelogs),
      repartitionTopics: [...this.#repartitionTopics.values()],
      copartitionedSources: [...this.#copartitionedSources],
      origins: this.#origins,
    }
  }

  #put(node: TopologyNode): void {
    this.#nodes.set(node.name, node)
    if (!this.#origins.has(node.name)) {
      this.#origins.set(node.name, { place: capturePlace(), operator: undefined })
    }
  }

  #globalStoreNamed(name: string): GlobalStore | undefined {
    return this.#globalStores.values().find((store) => store.spec.name === name)
  }

  #checkNewNode(node: TopologyNode): void {
    const { name } = node
    if (typeof name !== 'string' || name === '') {
      throw new TopologyError('MILLRACE_NAME_INVALID', `the name of a node is missing, found ${JSON.stringify(name)}`)
    }
    const present = this.#nodes.get(name)
    if (present !== undefined) refuseNodeName(present, node)
  }

  #refuseStore({ name }: StoreSpec, users: readonly string[]): never {
    const before = [...this.#connections].filter(([, stores]) => stores.has(name)).map(([processor]) => processor)
    const places = [before, users].map((all) => (all.length === 0 ? 'no processor' : all.join(', ')))
    throw new TopologyError(
      'MILLRACE_NAME_TAKEN',
      `a different store has already been added with the name ${name}: one is that of ${places[0]}, the other of ${places[1]}; every store needs a name of its own`,
      { storeName: name },
    )
  }

  #checkParents(name: string, parents: readonly string[]): void {
    if (parents.length === 0) refuseParents(name, 'has no parent; name at least one source or processor')
    for (const parent of parents) {
      const node = this.#nodes.get(parent)
      if (parent === name) refuseParents(name, `is its own parent: ${parent} is unknown (self-reference)`)
      if (node === undefined) {
        refuseParents(
          name,
          `names the parent ${parent}, which is unknown; add ${parent} before it, or correct the name`,
        )
      }
      if (node.kind === 'sink') refuseParents(name, `names the sink ${parent} as its parent; a sink has no children`)
    }
  }

  #checkTopicsAreFree(source: SourceNode): void {
    if (source.topics instanceof RegExp) this.#checkPatternIsFree(source.name, source.topics)
    else for (const topic of source.topics) this.#checkTopicIsFree(source.name, topic)
  }

  #checkTopicIsFree(name: string, topic: string): void {
    for (const other of this.#sources()) {
      if (other.topics instanceof RegExp) {
        if (wholePattern(other.topics).test(topic)) {
          refuseTopic(name, topic, `it matches the pattern ${other.topics.source} of source ${other.name} already`)
        }
      } else if (other.topics.includes(topic)) {
        refuseTopic(name, topic, `it is read by source ${other.name} already`)
      }
    }
  }

  #checkPatternIsFree(name: string, pattern: RegExp): void {
    const whole = wholePattern(pattern)
    for (const other of this.#sources()) {
      const topic = other.topics instanceof RegExp ? undefined : other.topics.find((candidate) => whole.test(candidate))
      if (topic !== undefined) {
        refuseTopic(name, topic, `the pattern ${pattern.source} matches it, and source ${other.name} reads it already`)
      }
    }
  }

  #sources(): SourceNode[] {
    return [...this.#nodes.values()].filter((node) => node.kind === 'source')
  }
}

function refuseNodeName(present: TopologyNode, added: TopologyNode): never {
  const { name } = added
  throw new TopologyError(
    'MILLRACE_NAME_TAKEN',
    `processor ${name} is already added: one is ${placeOf(present)}, the other ${placeOf(added)}; every source, processor and sink needs a name of its own`,
    { node: name },
  )
}

function placeOf(node: TopologyNode): string {
  if (node.kind !== 'source') return `a ${node.kind} after ${node.parents.join(', ')}`
  return `a source of ${node.topics instanceof RegExp ? String(node.topics) : node.topics.join(', ')}`
}

function refuseParents(name: string, reason: string): never {
  throw new TopologyError('MILLRACE_PARENT_UNKNOWN', `node ${name} ${reason}`, { node: name })
}

function refuseTopic(name: string, topic: string, reason: string): never {
  throw new TopologyError(
    'MILLRACE_TOPIC_TAKEN',
    `source ${name} cannot read topic ${topic}: ${reason}; a topic has one source, whose records can go to several nodes`,
    { node: name, topic },
  )
}

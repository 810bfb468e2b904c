/** A described topology as data; what `describe().toJSON()` gives. */
export interface NodeDescription {
  readonly kind: 'source' | 'processor' | 'sink'
  readonly name: string
  /** Of a source with a list. */
  readonly topics?: readonly string[]
  /** Of a source with a pattern. */
  readonly pattern?: string
  /** Of a sink with a fixed topic. */
  readonly topic?: string
  /** Of a sink whose topic is a function. */
  readonly topicLabel?: string
  readonly stores?: readonly string[]
  readonly predecessors: readonly string[]
  readonly successors: readonly string[]
}

export interface SubTopologyDescription {
  readonly id: number
  readonly kind: 'sub-topology' | 'global-store'
  readonly nodes: readonly NodeDescription[]
}

export interface StoreDescription {
  readonly name: string
  readonly kind: string
  readonly persistent: boolean | null
  readonly caching: boolean
  readonly changelogTopic: string | null
}

/** Topics of the application itself are named without the application id. */
export interface TopologyJson {
  readonly version: 1
  readonly subTopologies: readonly SubTopologyDescription[]
  readonly stores: readonly StoreDescription[]
  readonly repartitionTopics: readonly { readonly name: string; readonly partitions: number | null }[]
}

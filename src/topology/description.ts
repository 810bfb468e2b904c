/**
 * A described topology as data; what `describe().toJSON()` gives, and what `millrace describe --format json` writes for
 * later comparisons. Times are in milliseconds. Topics of the application itself are named without the application id.
 */
import type { BufferLimits, StoreKind, StoreWindows } from '../processor/store-builder.ts'
import type { OffsetReset } from './topology-node.ts'

/** Generated names have a number in them that changes when operators before them come or go. */
export type Naming = 'generated' | 'given'

export interface NodeDescription {
  readonly kind: 'source' | 'processor' | 'sink'
  readonly name: string
  readonly naming: Naming
  /** What it does, in Kafka Streams' words (`key-select`, `table-source`); absent: a processor of the user's. */
  readonly operator?: string
  /** Of a source with a list. */
  readonly topics?: readonly string[]
  /** Of a source with a pattern. */
  readonly pattern?: string
  /** Of a sink with a fixed topic. */
  readonly topic?: string
  /** Of a sink whose topic is a function. */
  readonly topicLabel?: string
  /** Names of the serdes of sources and sinks. */
  readonly keySerde?: string
  readonly valueSerde?: string
  /** Of a source that does not leave it to the configuration. */
  readonly offsetReset?: OffsetReset
  readonly stores?: readonly string[]
  readonly predecessors: readonly string[]
  readonly successors: readonly string[]
  /** The user's call, `src/app.ts:12`; relative to the working directory where it is below it. */
  readonly place?: string
}

export interface SubTopologyDescription {
  readonly id: number
  readonly kind: 'sub-topology' | 'global-store'
  readonly nodes: readonly NodeDescription[]
}

export interface StoreDescription {
  readonly name: string
  readonly naming: Naming
  readonly kind: StoreKind
  /** Null: as the configuration says. */
  readonly persistent: boolean | null
  readonly caching: boolean
  /** Null: it has none, and its content is lost with the instance that has it. */
  readonly changelogTopic: string | null
  /** The topic is read anyway and serves as changelog. */
  readonly changelogIsSource: boolean
  /** Every instance has all of it. */
  readonly isGlobal: boolean
  /** Null: nothing uses it, so it is in none. */
  readonly subTopology: number | null
  /** Nodes that use it. */
  readonly nodes: readonly string[]
  readonly keySerde?: string
  readonly valueSerde?: string
  /** Of windows and sessions; of versioned stores how far back versions are found. */
  readonly retentionMs?: number
  readonly windowSizeMs?: number
  readonly retainDuplicates?: boolean
  /** Also kept in order of time, for results on window close. */
  readonly timeOrdered?: boolean
  readonly maxEntries?: number
  readonly windows?: StoreWindows
  readonly buffer?: BufferLimits
}

export interface TopicDescription {
  /** Without the application id where `kind` is not `external`. */
  readonly name: string
  /** `external`: not made by the application. */
  readonly kind: 'external' | 'repartition' | 'changelog'
  readonly naming: Naming
  /** Nodes. */
  readonly writtenBy: readonly string[]
  readonly readBy: readonly string[]
  /** Of the store whose changelog it is. */
  readonly store?: string
  readonly keySerde?: string
  readonly valueSerde?: string
  /** Only where the topology says it; null: known on a cluster only. */
  readonly partitions: number | null
  /** What it is created with. */
  readonly config?: Readonly<Record<string, string>>
}

export interface TopologyJson {
  /** Changes when the meaning of a field does. */
  readonly version: 1
  /** Where it is known: a topology by itself has none. */
  readonly applicationId?: string
  readonly subTopologies: readonly SubTopologyDescription[]
  readonly stores: readonly StoreDescription[]
  readonly topics: readonly TopicDescription[]
  readonly repartitionTopics: readonly { readonly name: string; readonly partitions: number | null }[]
  /** Topics that must have equal partition counts; patterns as `/text/`. */
  readonly copartitionGroups: readonly (readonly string[])[]
}

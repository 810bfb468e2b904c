/** From the options of a table to its store. Kafka Streams: MaterializedInternal.java, KeyValueStoreMaterializer.java. */
import { parseDuration } from '../common/duration.ts'
import { TopologyError } from '../errors/topology-error.ts'
import type { StoreSpec } from '../processor/store-builder.ts'
import type { AnySerde } from '../serde/serde.ts'
import { checkName } from '../topology/names.ts'
import type { Materialized } from './options.ts'

/** The options of any table. */
export interface AnyMaterialized extends Omit<Materialized<never, never>, 'key' | 'value'> {
  readonly key?: AnySerde
  readonly value?: AnySerde
}

/** The name that was given; undefined when it is to be generated. */
export function givenStoreName({ store }: AnyMaterialized): string | undefined {
  if (store === undefined) return undefined
  return checkName(typeof store === 'string' ? store : store.name, 'store name')
}

/** How long the history of a table's store is; undefined when it is not versioned. */
export function historyRetention({ store }: AnyMaterialized): number | undefined {
  return typeof store === 'object' && store.spec.kind === 'versioned' ? store.spec.historyRetentionMs : undefined
}

/** Any field but a name: Java's `Materialized` without one. */
export function isUnnamedMaterialized(options: AnyMaterialized): boolean {
  const { store, key, value, caching, logging, retention } = options
  return store === undefined && [key, value, caching, logging, retention].some((field) => field !== undefined)
}

/** The serdes that a store inherits where its options give none. */
export interface InheritedSerdes {
  readonly key: AnySerde | undefined
  readonly value: AnySerde | undefined
}

/** The store of a table; its serdes are those given in the options, else the inherited ones. */
export function tableStore(node: string, name: string, options: AnyMaterialized, serdes: InheritedSerdes): StoreSpec {
  const given = builderSpec(node, options)
  const store = storeOf(node, name, options, given, serdes)
  const versioned = given?.kind === 'versioned'
  return {
    ...store,
    kind: versioned ? 'versioned' : 'timestampedKeyValue',
    // Merging updates would take versions out of the history (KeyValueStoreMaterializer.java).
    caching: store.caching && !versioned,
    maxEntries: given?.maxEntries,
    retentionMs: givenRetentionMs(node, options),
    historyRetentionMs: given?.historyRetentionMs,
  }
}

/** What stores of every kind have in common. `given`: what a builder that stands for the store says. */
export function storeOf(
  node: string,
  name: string,
  options: AnyMaterialized,
  given: StoreSpec | undefined,
  serdes: InheritedSerdes,
): Omit<StoreSpec, 'kind'> {
  const { logging } = options
  return {
    name,
    key: requireSerde(node, `store ${name}`, 'key', options.key ?? given?.key ?? serdes.key),
    value: requireSerde(node, `store ${name}`, 'value', options.value ?? given?.value ?? serdes.value),
    persistent: given?.persistent,
    caching: options.caching ?? (given?.cachingChosen === false ? true : given?.caching) ?? true,
    logging: logging === undefined ? (given?.logging ?? true) : logging !== false,
    changelogConfig: typeof logging === 'object' ? logging.config : (given?.changelogConfig ?? {}),
  }
}

function builderSpec(node: string, { store }: AnyMaterialized): StoreSpec | undefined {
  if (store === undefined || typeof store === 'string') return undefined
  const { spec } = store
  if (spec.kind === 'keyValue' || spec.kind === 'timestampedKeyValue' || spec.kind === 'versioned') return spec
  throw new TopologyError(
    'MILLRACE_STORE_OPTION_INVALID',
    `node ${node}: store ${spec.name} is a ${spec.kind} store, and a table without windows needs a key-value store; use stores.timestampedKeyValue() or stores.versioned()`,
    { node, storeName: spec.name },
  )
}

export function givenRetentionMs(node: string, { retention }: AnyMaterialized): number | undefined {
  if (retention === undefined) return undefined
  const duration = parseDuration(retention)
  if (duration !== undefined && duration >= 0) return duration
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `node ${node}: retention is a duration (milliseconds, or '7d'), found ${JSON.stringify(retention)}`,
    { node },
  )
}

/** `user` is what needs it: `store counts`, `topic out`. */
export function requireSerde(
  node: string,
  user: string,
  part: 'key' | 'value',
  serde: AnySerde | undefined,
  hint?: string,
): AnySerde {
  if (serde !== undefined) return serde
  throw new TopologyError(
    'MILLRACE_SERDE_MISSING',
    `node ${node}: ${user} needs the serde of its ${part}, which is not known because a callback made the ${part}, or streams with different serdes were merged; give the option '${part}'${hint ?? ''}, for example { ${part}: serdes.string }`,
    { node },
  )
}

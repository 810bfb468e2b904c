/** Joins of two streams within a time window. Kafka Streams: KStreamImpl.doJoin, KStreamImplJoin.java. */
import { TopologyError } from '../../errors/topology-error.ts'
import type { StoreSpec } from '../../processor/store-builder.ts'
import type { AnySerde } from '../../serde/serde.ts'
import { checkOptions } from '../../topology/check-options.ts'
import { checkName } from '../../topology/names.ts'
import type { DslBuilder, KStreamPart } from '../dsl-builder.ts'
import type { CompoundPart, NodeId, SelfJoinForm } from '../graph.ts'
import { requireSerde } from '../materialized.ts'
import { EarliestExpiry, JavaExpiry } from '../operators/join-expiry.ts'
import { JoinTimes } from '../operators/join-time.ts'
import { joinWindowOperator } from '../operators/join-window.ts'
import { passThrough } from '../operators/pass-through.ts'
import { selfJoinOperator } from '../operators/self-join.ts'
import { streamStreamJoinOperator, type StreamJoin, type StreamJoiner } from '../operators/stream-stream-join.ts'
import type { JoinSide } from '../operators/unmatched-records.ts'
import { streamJoinedOptions } from '../option-names.ts'
import type { StreamJoined } from '../options.ts'
import type { KStream } from '../streams.ts'
import type { JoinWindows } from '../windows.ts'
import { repartitionForJoin } from './repartition-for-join.ts'
import { checkJoinStores, sharedStore, sideStore, type JoinStoreOptions } from './stream-join-stores.ts'

type Kind = 'inner' | 'left' | 'outer'

export interface StreamJoinOptions extends Omit<StreamJoined<never, never, never>, 'key' | 'value' | 'otherValue'> {
  readonly key?: AnySerde | undefined
  readonly value?: AnySerde | undefined
  readonly otherValue?: AnySerde | undefined
}

interface Serdes {
  readonly key: AnySerde
  readonly left: AnySerde
  readonly right: AnySerde
}

interface Names {
  readonly thisWindow: string
  readonly otherWindow: string
  readonly thisJoin: string
  readonly otherJoin: string
  readonly merge: string
  readonly thisStore: string
  readonly otherStore: string
  readonly sharedStore: string
}

interface Stores {
  readonly this: StoreSpec
  readonly other: StoreSpec
  /** Undefined: an inner join. */
  readonly shared: StoreSpec | undefined
}

export function joinStreams<K, VR>(
  dsl: DslBuilder,
  left: KStreamPart,
  right: KStreamPart,
  kind: Kind,
  joiner: (...parameters: readonly never[]) => unknown,
  windows: JoinWindows,
  options: StreamJoinOptions,
): KStream<K, VR> {
  const operator = kind === 'inner' ? 'join()' : `${kind}Join()`
  checkOptions(operator, options, streamJoinedOptions)
  checkWindows(operator, windows)
  if (options.name !== undefined) checkName(options.name)
  const one = repartitioned(dsl, left, operator, options, 'left')
  const two = repartitioned(dsl, right, operator, options, 'right')
  const sources = dsl.copartition(one, two)
  const names = nameJoin(dsl, kind, options)
  const serdes = serdesOf(operator, names, one, two, options)
  const stores = storesOf(dsl, operator, names, kind, windows, serdes, options)
  const node = addJoin(dsl, { one, two, kind, windows, names, serdes, stores, options, joiner: joiner as StreamJoiner })
  const { key } = serdes
  return dsl.stream({ name: names.merge, node, key, value: undefined, sources, repartitionRequired: false })
}

function checkWindows(operator: string, windows: JoinWindows): void {
  const found: unknown = windows
  if (typeof found === 'object' && found !== null && (found as { kind?: unknown }).kind === 'join') return
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `${operator}: a join of two streams needs its window as the third argument, made by joinWithin(), found ${JSON.stringify(found) ?? typeof found}`,
  )
}

function repartitioned(
  dsl: DslBuilder,
  part: KStreamPart,
  operator: string,
  { name, key, value, otherValue }: StreamJoinOptions,
  side: JoinSide,
): KStreamPart {
  if (!part.repartitionRequired) return part
  return repartitionForJoin(dsl, part, {
    givenName: name === undefined ? undefined : checkName(`${name}-${side}`),
    key,
    value: side === 'left' ? value : otherValue,
    serdeHint: ` of ${operator}`,
  })
}

/** Every index is used up in Java's order, named or not. */
function nameJoin(dsl: DslBuilder, kind: Kind, { name, store, thisStore }: StreamJoinOptions): Names {
  const thisSuffix = kind === 'outer' ? '-outer-this-join' : '-this-join'
  const otherSuffix = kind === 'inner' ? '-other-join' : '-outer-other-join'
  const thisWindow = dsl.nodeName('KSTREAM-WINDOWED-', name, '-this-windowed')
  const otherWindow = dsl.nodeName('KSTREAM-WINDOWED-', name, '-other-windowed')
  const thisPrefix = kind === 'outer' ? 'KSTREAM-OUTERTHIS-' : 'KSTREAM-JOINTHIS-'
  const generatedThis = dsl.nodeName(thisPrefix)
  const generatedOther = dsl.nodeName(kind === 'inner' ? 'KSTREAM-JOINOTHER-' : 'KSTREAM-OUTEROTHER-')
  const base = store === undefined ? undefined : checkName(store, 'store name')
  const sharedSuffix = kind === 'outer' ? '-outer-shared-join' : '-left-shared-join'
  const sharedBase = thisStore?.name ?? base
  const generatedShared = `KSTREAM-OUTERSHARED-${generatedThis.slice(thisPrefix.length)}`
  return {
    thisWindow,
    otherWindow,
    thisJoin: name === undefined ? generatedThis : checkName(name + thisSuffix),
    otherJoin: name === undefined ? generatedOther : checkName(name + otherSuffix),
    merge: dsl.nodeName('KSTREAM-MERGE-', name, '-merge'),
    thisStore: `${base === undefined ? generatedThis : base + thisSuffix}-store`,
    otherStore: `${base === undefined ? generatedOther : base + otherSuffix}-store`,
    sharedStore: `${sharedBase === undefined ? generatedShared : sharedBase + sharedSuffix}-store`,
  }
}

/** Both sides are stored under the same key serde, or equal keys would not meet. */
function serdesOf(
  operator: string,
  names: Names,
  one: KStreamPart,
  two: KStreamPart,
  options: StreamJoinOptions,
): Serdes {
  const [thisStore, otherStore] = [`store ${names.thisStore}`, `store ${names.otherStore}`]
  const otherHint = ` of the other stream, or the option 'otherValue' of ${operator}`
  return {
    key: requireSerde(names.thisWindow, thisStore, 'key', options.key ?? one.key ?? two.key, ` of ${operator}`),
    left: requireSerde(names.thisWindow, thisStore, 'value', options.value ?? one.value, ` of ${operator}`),
    right: requireSerde(names.otherWindow, otherStore, 'value', options.otherValue ?? two.value, otherHint),
  }
}

function storesOf(
  dsl: DslBuilder,
  operator: string,
  names: Names,
  kind: Kind,
  windows: JoinWindows,
  { key, left, right }: Serdes,
  { thisStore, otherStore, store, logging = true }: StreamJoinOptions,
): Stores {
  checkJoinStores(operator, { thisStore, otherStore })
  const options: JoinStoreOptions = { operator, windows, logging, key, asJava: dsl.shape.compatibility === 'java' }
  const stores: Stores = {
    this: sideStore(options, thisStore?.name ?? names.thisStore, left, thisStore),
    other: sideStore(options, otherStore?.name ?? names.otherStore, right, otherStore),
    shared: kind === 'inner' ? undefined : sharedStore(names.sharedStore, logging, thisStore?.spec.persistent),
  }
  if (store !== undefined) return stores
  for (const spec of generatedStores(stores, thisStore !== undefined, otherStore !== undefined)) {
    dsl.generated.stores.push(spec.name)
    if (spec.logging) dsl.generated.changelogs.push(`${spec.name}-changelog`)
  }
  return stores
}

/** A shared store takes its name from `thisStore`. */
function generatedStores(stores: Stores, thisIsGiven: boolean, otherIsGiven: boolean): StoreSpec[] {
  const named = [...(thisIsGiven ? [stores.this, stores.shared] : []), ...(otherIsGiven ? [stores.other] : [])]
  const all = [stores.this, stores.other, stores.shared]
  return all.filter((spec) => spec !== undefined).filter((spec) => !named.includes(spec))
}

interface JoinParts {
  readonly one: KStreamPart
  readonly two: KStreamPart
  readonly kind: Kind
  readonly windows: JoinWindows
  readonly names: Names
  readonly serdes: Serdes
  readonly stores: Stores
  readonly options: StreamJoinOptions
  readonly joiner: StreamJoiner
}

function addJoin(dsl: DslBuilder, join: JoinParts): NodeId {
  const { one, two, kind, names, stores, options } = join
  const thisWindow = addWindow(dsl, names.thisWindow, one.node, stores.this, options)
  const otherWindow = addWindow(dsl, names.otherWindow, two.node, stores.other, options)
  return dsl.graph.add({
    kind: 'compound',
    name: names.merge,
    parents: one.node === two.node ? [one.node] : [one.node, two.node],
    wantsNullKeys: kind !== 'inner',
    parts: joinParts(join, dsl.shape.compatibility === 'java'),
    selfJoin: selfJoinForm(join, thisWindow, otherWindow, dsl.shape.compatibility === 'java'),
  })
}

function addWindow(
  dsl: DslBuilder,
  name: string,
  parent: NodeId,
  store: StoreSpec,
  options: StreamJoinOptions,
): NodeId {
  return dsl.graph.add({
    kind: 'operation',
    name,
    parents: [parent],
    supplier: joinWindowOperator(store.name),
    ownStores: () => [store],
    otherStores: [],
    onProcessingError: options.onProcessingError,
  })
}

function joinParts(parts: JoinParts, asJava: boolean): CompoundPart[] {
  const { kind, windows, names, serdes, stores, joiner } = parts
  const { onProcessingError } = parts.options
  const makeExpiry =
    asJava || kind === 'inner' ? () => new JavaExpiry(windows) : () => new EarliestExpiry(windows, kind)
  const { shared } = stores
  const unmatched =
    shared === undefined ? undefined : { ...serdes, storeName: shared.name, times: new JoinTimes(makeExpiry), asJava }
  const join: StreamJoin = { windows, joiner, unmatched }
  const common = { otherStores: () => [], onProcessingError }
  const ownStores = (other: StoreSpec) => () => (shared === undefined ? [other] : [other, shared])
  return [
    {
      ...common,
      name: names.thisJoin,
      parents: [names.thisWindow],
      supplier: streamStreamJoinOperator(join, {
        side: 'left',
        otherStore: stores.other.name,
        outer: kind !== 'inner',
      }),
      ownStores: ownStores(stores.other),
    },
    {
      ...common,
      name: names.otherJoin,
      parents: [names.otherWindow],
      supplier: streamStreamJoinOperator(join, {
        side: 'right',
        otherStore: stores.this.name,
        outer: kind === 'outer',
      }),
      ownStores: ownStores(stores.this),
    },
    {
      ...common,
      name: names.merge,
      parents: [names.thisJoin, names.otherJoin],
      supplier: passThrough,
      ownStores: () => [],
    },
  ]
}

/**
 * differs from Java (#self-joins): a window that does not contain the record's own time is left alone, because the join
 * over one store always joins a record with itself.
 */
function selfJoinForm(
  { kind, windows, names, stores, joiner, options }: JoinParts,
  thisWindow: NodeId,
  otherWindow: NodeId,
  asJava: boolean,
): SelfJoinForm | undefined {
  if (!asJava && (windows.beforeMs < 0 || windows.afterMs < 0)) return undefined
  return {
    thisWindow,
    otherWindow,
    part: {
      name: names.merge,
      parents: [names.thisWindow],
      supplier: selfJoinOperator({ windows, joiner, storeName: stores.this.name, kind, asJava }),
      ownStores: () => [stores.this],
      otherStores: () => [],
      onProcessingError: options.onProcessingError,
    },
  }
}

/**
 * Several groupings that share one aggregate: an aggregation per grouping, all on one store, and a node that merges
 * what they forward. Kafka Streams: CogroupedKStreamImpl.java, CogroupedStreamAggregateBuilder.java and the windowed
 * siblings.
 */
import type { AnySerde } from '../serde/serde.ts'
import type { Windowed } from '../serde/windowed.ts'
import { checkFunction } from '../topology/check-options.ts'
import type { Named } from '../topology/options.ts'
import { aggregating } from './aggregations.ts'
import type { DslBuilder, KGroupedStreamPart, StreamPart } from './dsl-builder.ts'
import { groupRepartition, plainTable, type AggregateOptions, type MakeTable } from './grouped-aggregation.ts'
import { givenStoreName } from './materialized.ts'
import type { Merger } from './operators/aggregation-calls.ts'
import { passThrough } from './operators/pass-through.ts'
import { checkTable } from './option-names.ts'
import type { Materialized, Sync } from './options.ts'
import type {
  CogroupedKStream,
  KGroupedStream,
  KTable,
  SessionWindowedCogroupedKStream,
  TimeWindowedCogroupedKStream,
} from './streams.ts'
import { sessionWindowedTable, timeWindowedTable } from './windowed-table.ts'
import { checkWindows, type SessionWindows, type SlidingWindows, type TimeWindows } from './windows.ts'

const aggregatePrefix = 'COGROUPKSTREAM-AGGREGATE-'

type Aggregator = (...parameters: readonly never[]) => unknown
type Parent = Pick<StreamPart, 'node' | 'sources'>

/** What all aggregations of one cogrouping share. */
interface Cogrouping {
  readonly dsl: DslBuilder
  readonly aggregators: ReadonlyMap<KGroupedStreamPart, Aggregator>
  /** Where records of a grouping come from. As in Java its first aggregation decides, names included. */
  readonly parents: Map<KGroupedStreamPart, Parent>
}

export function cogroupStream<K, VA>(
  dsl: DslBuilder,
  part: KGroupedStreamPart,
  aggregator: Aggregator,
): CogroupedKStream<K, VA> {
  checkFunction('cogroup()', 'aggregator', aggregator)
  return new CogroupedKStreamImpl({ dsl, aggregators: new Map([[part, aggregator]]), parents: new Map() })
}

class CogroupedKStreamImpl<K, VA> implements CogroupedKStream<K, VA> {
  readonly #cogrouping: Cogrouping

  constructor(cogrouping: Cogrouping) {
    this.#cogrouping = cogrouping
  }

  /** A grouping that is there already gets the new aggregator. */
  cogroup<V>(
    grouped: KGroupedStream<K, V>,
    aggregator: (aggregate: VA, value: NonNullable<V>, key: K) => Sync<VA> | null,
  ): CogroupedKStream<K, VA> {
    const part = this.#cogrouping.dsl.require('cogroup()', 'grouped', grouped)
    checkFunction('cogroup()', 'aggregator', aggregator)
    const aggregators = new Map(this.#cogrouping.aggregators).set(part, aggregator)
    return new CogroupedKStreamImpl({ ...this.#cogrouping, aggregators })
  }

  aggregate(initializer: () => VA, options: Named & Materialized<K, VA> = {}): KTable<K, VA> {
    return aggregateAll(this.#cogrouping, initializer, checkTable('aggregate()', options), plainTable)
  }

  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedCogroupedKStream<K, VA>
  windowedBy(windows: SessionWindows): SessionWindowedCogroupedKStream<K, VA>
  windowedBy(
    given: TimeWindows | SlidingWindows | SessionWindows,
  ): TimeWindowedCogroupedKStream<K, VA> | SessionWindowedCogroupedKStream<K, VA> {
    const windows = checkWindows(given)
    return windows.kind === 'session'
      ? new SessionWindowedCogroupedKStreamImpl(this.#cogrouping, windows)
      : new TimeWindowedCogroupedKStreamImpl(this.#cogrouping, windows)
  }
}

class TimeWindowedCogroupedKStreamImpl<K, VA> implements TimeWindowedCogroupedKStream<K, VA> {
  readonly #cogrouping: Cogrouping
  readonly #windows: TimeWindows | SlidingWindows

  constructor(cogrouping: Cogrouping, windows: TimeWindows | SlidingWindows) {
    this.#cogrouping = cogrouping
    this.#windows = windows
  }

  aggregate(initializer: () => VA, options: Named & Materialized<K, VA> = {}): KTable<Windowed<K>, VA> {
    const makeTable = timeWindowedTable(this.#cogrouping.dsl.shape, this.#windows, 'onWindowUpdate')
    return aggregateAll(this.#cogrouping, initializer, checkTable('aggregate()', options), makeTable)
  }
}

class SessionWindowedCogroupedKStreamImpl<K, VA> implements SessionWindowedCogroupedKStream<K, VA> {
  readonly #cogrouping: Cogrouping
  readonly #windows: SessionWindows

  constructor(cogrouping: Cogrouping, windows: SessionWindows) {
    this.#cogrouping = cogrouping
    this.#windows = windows
  }

  aggregate(
    initializer: () => VA,
    merger: (one: VA, two: VA, key: K) => Sync<VA>,
    options: Named & Materialized<K, VA> = {},
  ): KTable<Windowed<K>, VA> {
    const { shape } = this.#cogrouping.dsl
    checkFunction('aggregate()', 'merger', merger)
    const makeTable = sessionWindowedTable(shape, this.#windows, 'onWindowUpdate', merger as Merger<never>)
    return aggregateAll(this.#cogrouping, initializer, checkTable('aggregate()', options), makeTable)
  }
}

function aggregateAll<KR, VA>(
  cogrouping: Cogrouping,
  initializer: () => VA,
  options: AggregateOptions,
  makeTable: MakeTable,
): KTable<KR, VA> {
  const { dsl, aggregators } = cogrouping
  checkFunction('aggregate()', 'initializer', initializer)
  const givenName = givenStoreName(options)
  const storeName = dsl.storeName(aggregatePrefix, givenName, options.logging !== false)
  const key = options.key ?? firstKey(aggregators.keys())
  const parents = [...aggregators.keys()].map((part) =>
    parentOf(cogrouping, part, storeName, givenName !== undefined, key),
  )
  const [first, ...rest] = [...aggregators.values()].map((_, index) =>
    dsl.nodeName(aggregatePrefix, options.name, `-cogroup-agg-${index}`),
  )
  const table = makeTable(first as string, storeName, options, { key, value: undefined })
  const { onProcessingError } = options
  const nodes = [...aggregators.values()].map((aggregator, index) =>
    dsl.graph.add({
      kind: 'operation',
      name: index === 0 ? (first as string) : (rest[index - 1] as string),
      parents: [(parents[index] as Parent).node],
      supplier: table.operator({ ...aggregating(initializer, aggregator), sharesStore: aggregators.size > 1 }),
      ownStores: () => [table.spec],
      otherStores: [],
      ...(table.graceMs !== undefined && { graceMs: table.graceMs }),
      onProcessingError,
    }),
  )
  const name = dsl.nodeName('COGROUPKSTREAM-MERGE-', options.name, '-cogroup-merge')
  const node = dsl.graph.add({
    kind: 'operation',
    name,
    parents: nodes,
    supplier: passThrough,
    ownStores: () => [],
    otherStores: [],
    onProcessingError,
  })
  return dsl.table({
    name,
    node,
    key: table.key,
    value: table.spec.value,
    sources: copartitioned(dsl, parents),
    queryableStoreName: givenName,
    supply: table.supply,
  })
}

/** Names are used up in any case, as in Java. */
function parentOf(
  { dsl, parents }: Cogrouping,
  part: KGroupedStreamPart,
  storeName: string,
  storeNameIsGiven: boolean,
  key: AnySerde | undefined,
): Parent {
  if (!part.repartitionRequired) return part
  const request = groupRepartition(dsl, part, storeName, storeNameIsGiven, key, part.value)
  const known = parents.get(part)
  if (known !== undefined) return known
  const parent = { node: dsl.graph.add(request), sources: new Set([request.name]) }
  parents.set(part, parent)
  return parent
}

function firstKey(parts: Iterable<KGroupedStreamPart>): AnySerde | undefined {
  for (const { key } of parts) if (key !== undefined) return key
  return undefined
}

/**
 * All inputs go to one task by their keys. differs from Java (#co-partitioning-of-cogroups), which compares the topics
 * before repartitioning instead.
 */
function copartitioned(dsl: DslBuilder, parents: readonly Parent[]): ReadonlySet<string> {
  const sources = new Set(parents.flatMap((parent) => [...parent.sources]))
  if (parents.length > 1) dsl.copartitioned.push([...sources])
  return sources
}

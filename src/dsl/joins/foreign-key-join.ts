/**
 * Joins of two tables by a foreign key (KIP-213). The left side sends subscriptions to where the right row is, which
 * answers when they come and whenever the row changes; the answer meets the left row again. Kafka Streams:
 * KTableImpl.doJoinOnForeignKey, whose order of nodes and of asking the tables this file keeps.
 */
import { checkFunction } from '../../topology/check-options.ts'
import type { OperatorSupplier } from '../../processor/operator.ts'
import type { StoreSpec } from '../../processor/store-builder.ts'
import type { StreamPartitioner } from '../../processor/stream-partitioner.ts'
import { timestampExtractors } from '../../processor/timestamp-extractors.ts'
import { bytesSerde } from '../../serde/basic-serdes.ts'
import type { AnySerde } from '../../serde/serde.ts'
import type { DslBuilder, KTablePart } from '../dsl-builder.ts'
import type { NodeId } from '../graph.ts'
import { givenStoreName, historyRetention, requireSerde, tableStore, type AnyMaterialized } from '../materialized.ts'
import { foreignTableJoinOperator } from '../operators/foreign-table-join.ts'
import type { ForeignKeyCallback } from '../operators/foreign-key-callback.ts'
import { responseJoinOperator, type Joiner } from '../operators/response-join.ts'
import { subscriptionJoinOperator } from '../operators/subscription-join.ts'
import { subscriptionReceiveOperator, type SubscriptionStoring } from '../operators/subscription-receive.ts'
import { subscriptionSendOperator } from '../operators/subscription-send.ts'
import { tableSourceOperator } from '../operators/table-source.ts'
import { checkTableJoined } from '../option-names.ts'
import type { TableJoined } from '../options.ts'
import type { KTable } from '../streams.ts'
import { SourceTable } from '../table-supply.ts'
import { foreignKeyNames, outputPrefix, type ForeignKeyNames } from './foreign-key-names.ts'
import { singlePartition } from './single-partition.ts'
import {
  primaryKeyTopic,
  subscriptionResponseSerde,
  subscriptionSerde,
  type SubscriptionResponse,
} from './subscription-serdes.ts'

type Options = TableJoined<never, never> & AnyMaterialized

export function joinOnForeignKey<K, KO, VR>(
  dsl: DslBuilder,
  left: KTablePart,
  right: KTablePart,
  kind: 'inner' | 'left',
  foreignKey: (...parameters: readonly never[]) => unknown,
  joiner: (...parameters: readonly never[]) => unknown,
  options: TableJoined<K, KO> & AnyMaterialized,
): KTable<K, VR> {
  const operator = kind === 'inner' ? 'joinOn()' : 'leftJoinOn()'
  checkTableJoined(operator, options)
  checkFunction(operator, 'foreign key', foreignKey)
  checkFunction(operator, 'joiner', joiner)
  right.supply.demandOldValues(true)
  left.supply.demandOldValues(true)
  const join = new ForeignKeyJoin(dsl, left, right, kind, options)
  const foreignKeyOf = foreignKey as ForeignKeyCallback
  const responses = join.answer(join.subscribe(foreignKeyOf))
  const resolved = join.resolve(responses, foreignKeyOf, joiner as Joiner)
  return join.result(resolved)
}

/** One join while it is written; its methods are called once each, in order. */
class ForeignKeyJoin {
  readonly #dsl: DslBuilder
  readonly #left: KTablePart
  readonly #right: KTablePart
  readonly #isLeftJoin: boolean
  /**
   * differs from Java (#foreign-key-results), which keeps results of right rows that are gone, where the left row changes
   * while the news of it is under way, or where the right row comes and goes within one commit of a cached table; and of
   * left rows that refer to nothing any more, where they change once more while that is under way.
   */
  readonly #isExact: boolean
  readonly #options: Options
  readonly #names: ForeignKeyNames
  readonly #serdes: Serdes
  readonly #nodes: NodeWriter

  constructor(dsl: DslBuilder, left: KTablePart, right: KTablePart, kind: 'inner' | 'left', options: Options) {
    this.#dsl = dsl
    this.#left = left
    this.#right = right
    this.#isLeftJoin = kind === 'left'
    this.#isExact = dsl.shape.compatibility !== 'java'
    this.#options = options
    this.#names = foreignKeyNames(dsl, options.name)
    this.#serdes = serdesOf(this.#names, left, right)
    this.#nodes = new NodeWriter(dsl, options)
  }

  /** From the left table to where the right one is. */
  subscribe(foreignKeyOf: ForeignKeyCallback): NodeId {
    const { send, subscriptionSink, subscriptionTopic, subscriptionSource } = this.#names
    const { foreignKey, value, subscription } = this.#serdes
    const operator = subscriptionSendOperator({
      isLeftJoin: this.#isLeftJoin,
      foreignKeyOf,
      foreignKey,
      value,
      subscriptionTopic,
      answersEveryUpdate: this.#isExact,
      skipsOlderVersions: () => this.#left.supply.isVersioned,
    })
    const node = this.#nodes.throughTopic(
      { sink: subscriptionSink, topic: subscriptionTopic, source: subscriptionSource },
      [this.#nodes.operation(send, this.#left.node, operator)],
      { key: foreignKey, value: subscription },
      singlePartition(subscriptionSink, this.#options.otherPartitioner),
    )
    copartition(this.#dsl, this.#right, subscriptionSource)
    return node
  }

  /** To each subscription when it comes, and to all of a right row when it changes; back to where the left table is. */
  answer(subscriptions: NodeId): NodeId {
    const { receive, join, foreignJoin, responseSink, responseTopic, responseSource } = this.#names
    const store = subscriptionStore(this.#names, this.#serdes)
    const storing = this.#storing()
    const received = this.#nodes.operation(receive, subscriptions, subscriptionReceiveOperator(storing), () => [store])
    const view = this.#right.supply.view()
    const first = this.#nodes.operation(
      join,
      received,
      subscriptionJoinOperator(view, this.#isExact),
      () => [],
      view.storeNames,
    )
    const tell = foreignTableJoinOperator(storing, () => this.#right.supply.isVersioned)
    const later = this.#nodes.operation(foreignJoin, this.#right.node, tell, () => [store])
    return this.#nodes.throughTopic(
      { sink: responseSink, topic: responseTopic, source: responseSource },
      [first, later],
      { key: this.#serdes.primaryKey, value: this.#serdes.response },
      singlePartition(responseSink, this.#options.partitioner) ?? toPrimaryPartition,
    )
  }

  resolve(responses: NodeId, foreignKeyOf: ForeignKeyCallback, joiner: Joiner): NodeId {
    const view = this.#left.supply.view()
    const operator = responseJoinOperator({
      isLeftJoin: this.#isLeftJoin,
      joiner,
      left: view,
      readsTold: this.#isExact,
      foreignKeyOf,
      answersRowsThatAskNothing: this.#isExact,
      value: this.#serdes.value,
      subscriptionTopic: this.#names.subscriptionTopic,
    })
    return this.#nodes.operation(this.#names.resolver, responses, operator, () => [], view.storeNames)
  }

  result<K, VR>(resolved: NodeId): KTable<K, VR> {
    const options = this.#options
    const name = this.#names.result
    const key = this.#serdes.primaryKey
    const given = givenStoreName(options)
    const storeName = this.#dsl.storeName(outputPrefix, given, options.logging !== false)
    const supply = new SourceTable(storeName, given !== undefined, historyRetention(options))
    const store = (): StoreSpec => tableStore(name, storeName, options, { key, value: undefined })
    // At once, so that a missing serde is told where the join is written.
    const spec = given === undefined ? undefined : store()
    const stores = (): readonly StoreSpec[] => (supply.isStored ? [spec ?? store()] : [])
    const node = this.#nodes.operation(name, resolved, tableSourceOperator(supply), stores)
    const sources = copartition(this.#dsl, this.#left, this.#names.responseSource)
    return this.#dsl.table({ name, node, key, value: options.value, sources, queryableStoreName: given, supply })
  }

  #storing(): SubscriptionStoring {
    const { store, subscriptionTopic } = this.#names
    const { foreignKey, primaryKey } = this.#serdes
    return { storeName: store, subscriptionTopic, foreignKey, primaryKey }
  }
}

function serdesOf({ send, foreignJoin }: ForeignKeyNames, left: KTablePart, right: KTablePart) {
  const user = 'the foreign-key join'
  const primaryKey = requireSerde(send, user, 'key', left.key, ' of the left table')
  const foreignValue = requireSerde(foreignJoin, user, 'value', right.value, ' of the right table')
  return {
    primaryKey,
    value: requireSerde(send, user, 'value', left.value, ' of the left table'),
    foreignKey: requireSerde(foreignJoin, user, 'key', right.key, ' of the right table'),
    subscription: subscriptionSerde(primaryKey, primaryKeyTopic),
    response: subscriptionResponseSerde(foreignValue),
  }
}

type Serdes = ReturnType<typeof serdesOf>

function subscriptionStore({ store, subscriptionTopic }: ForeignKeyNames, { primaryKey }: Serdes): StoreSpec {
  const changelog = `${store}-changelog`
  const keyTopic = (topic: string): string => primaryKeyTopic(topic.slice(0, -changelog.length) + subscriptionTopic)
  return {
    kind: 'timestampedKeyValue',
    name: store,
    key: bytesSerde,
    value: subscriptionSerde(primaryKey, keyTopic),
    caching: false,
    // Java keeps these subscriptions in a store with headers, whatever the format of the others.
    logsHeaders: true,
    logging: true,
    changelogConfig: {},
  }
}

/** An internal topic is read where the table is. Returns all sources. */
function copartition(dsl: DslBuilder, table: KTablePart, source: string): ReadonlySet<string> {
  const sources = new Set([...table.sources, source])
  dsl.copartitioned.push([...sources])
  return sources
}

/** The answer goes where the left row is, whatever partitioned the left topic. */
const toPrimaryPartition: StreamPartitioner<unknown, SubscriptionResponse> = (response) =>
  response?.primaryPartition ?? null

interface TopicNames {
  readonly sink: string
  readonly topic: string
  readonly source: string
}

class NodeWriter {
  readonly #dsl: DslBuilder
  readonly #options: Options

  constructor(dsl: DslBuilder, options: Options) {
    this.#dsl = dsl
    this.#options = options
  }

  operation(
    name: string,
    parent: NodeId,
    supplier: OperatorSupplier,
    ownStores: () => readonly StoreSpec[] = () => [],
    otherStores: readonly string[] = [],
  ): NodeId {
    const { onProcessingError } = this.#options
    return this.#dsl.graph.add({
      kind: 'operation',
      name,
      parents: [parent],
      supplier,
      ownStores,
      otherStores,
      onProcessingError,
    })
  }

  /** Java makes a sink and a source of it, and no repartition node: nothing is filtered, nothing can be merged. */
  throughTopic(
    { sink, topic, source }: TopicNames,
    parents: readonly NodeId[],
    { key, value }: { readonly key: AnySerde; readonly value: AnySerde },
    partitioner: StreamPartitioner<never, never> | undefined,
  ): NodeId {
    const { graph, shape } = this.#dsl
    const written = graph.add({
      kind: 'sink',
      name: sink,
      parents,
      sink: { topic, key, value, partitioner },
      createsTopic: true,
    })
    return graph.add({
      kind: 'streamSource',
      name: source,
      parents: [written],
      source: {
        topics: [topic],
        key,
        value,
        admitsNull: true,
        // differs from Java (#foreign-key-timestamps), whose default extractor reads these records, which no user wrote.
        timestampExtractor: shape.compatibility === 'java' ? undefined : timestampExtractors.failOnInvalid,
      },
    })
  }
}

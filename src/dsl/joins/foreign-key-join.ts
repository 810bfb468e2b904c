/**
 * Joins of two tables by a foreign key (KIP-213). The left side sends subscriptions to where the right row is, which
 * answers when they come and whenever the row changes; the answer meets the left row again. Kafka Streams:
 * KTableImpl.doJoinOnForeignKey, whose order of names and of asking the tables this file keeps.
 */
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
import { responseJoinOperator } from '../operators/response-join.ts'
import { subscriptionJoinOperator } from '../operators/subscription-join.ts'
import { subscriptionReceiveOperator } from '../operators/subscription-receive.ts'
import { subscriptionSendOperator } from '../operators/subscription-send.ts'
import { tableSourceOperator } from '../operators/table-source.ts'
import { checkTableJoined } from '../option-names.ts'
import type { TableJoined } from '../options.ts'
import type { KTable } from '../streams.ts'
import { SourceTable } from '../table-supply.ts'
import { singlePartition } from './single-partition.ts'
import {
  primaryKeyTopic,
  subscriptionResponseSerde,
  subscriptionSerde,
  type SubscriptionResponse,
} from './subscription-serdes.ts'

const topicSuffix = '-topic'
const registration = 'KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-'
const processor = 'KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-'
const resolver = 'KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-'
const output = 'KTABLE-FK-JOIN-OUTPUT-'

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
  checkTableJoined(kind === 'inner' ? 'joinOn()' : 'leftJoinOn()', options)
  right.supply.demandOldValues(true)
  left.supply.demandOldValues(true)
  const names = namesOf(dsl, options.name)
  if (options.name === undefined) noteGeneratedNames(dsl, names)
  const serdes = serdesOf(names, left, right)
  const isLeftJoin = kind === 'left'

  const { subscriptionTopic } = names
  const { foreignKey: foreignKeySerde, primaryKey } = serdes
  const storing = { storeName: names.store, subscriptionTopic, foreignKey: foreignKeySerde, primaryKey }
  const nodes = new NodeWriter(dsl, options)
  const send = subscriptionSendOperator({
    isLeftJoin,
    foreignKeyOf: foreignKey as (value: unknown, key: unknown) => unknown,
    foreignKey: serdes.foreignKey,
    value: serdes.value,
    subscriptionTopic,
    skipsOlderVersions: () => left.supply.isVersioned,
  })
  const sent = nodes.operation(names.send, left.node, send)
  const subscriptions = nodes.throughTopic(
    { sink: names.subscriptionSink, topic: subscriptionTopic, source: names.subscriptionSource },
    [sent],
    { key: serdes.foreignKey, value: serdes.subscription },
    singlePartition(names.subscriptionSink, options.otherPartitioner),
  )
  copartition(dsl, right, names.subscriptionSource)

  const store = subscriptionStore(names, serdes)
  const received = nodes.operation(names.receive, subscriptions, subscriptionReceiveOperator(storing), () => [store])
  const rightView = right.supply.view()
  const joinedOnce = nodes.operation(
    names.join,
    received,
    subscriptionJoinOperator(rightView),
    () => [],
    rightView.storeNames,
  )
  const tell = foreignTableJoinOperator(storing, () => right.supply.isVersioned)
  const joinedAgain = nodes.operation(names.foreignJoin, right.node, tell, () => [store])

  const responses = nodes.throughTopic(
    { sink: names.responseSink, topic: names.responseTopic, source: names.responseSource },
    [joinedOnce, joinedAgain],
    { key: serdes.primaryKey, value: serdes.response },
    singlePartition(names.responseSink, options.partitioner) ?? toPrimaryPartition,
  )
  const sources = copartition(dsl, left, names.responseSource)
  const leftView = left.supply.view()
  const join = responseJoinOperator({
    isLeftJoin,
    joiner: joiner as (left: unknown, right: unknown) => unknown,
    left: leftView,
    value: serdes.value,
    subscriptionTopic,
  })
  const resolved = nodes.operation(names.resolver, responses, join, () => [], leftView.storeNames)

  const given = givenStoreName(options)
  const storeName = dsl.storeName(output, given, options.logging !== false)
  const supply = new SourceTable(storeName, given !== undefined, historyRetention(options))
  const resultStore = (): StoreSpec =>
    tableStore(names.result, storeName, options, { key: serdes.primaryKey, value: undefined })
  // At once, so that a missing serde is told where the join is written.
  const spec = given === undefined ? undefined : resultStore()
  const node = nodes.operation(names.result, resolved, tableSourceOperator(supply), () =>
    supply.isStored ? [spec ?? resultStore()] : [],
  )
  return dsl.table({
    name: names.result,
    node,
    key: serdes.primaryKey,
    value: options.value,
    sources,
    queryableStoreName: given,
    supply,
  })
}

/** In the order in which Java numbers them. */
function namesOf(dsl: DslBuilder, given: string | undefined) {
  const name = (prefix: string, suffix: string): string => dsl.nodeName(prefix, given, suffix)
  return {
    subscriptionTopic: name(registration, '-subscription-registration') + topicSuffix,
    send: name(registration, '-subscription-registration-processor'),
    subscriptionSink: name('KTABLE-SINK-', '-subscription-registration-sink'),
    subscriptionSource: name('KTABLE-SOURCE-', '-subscription-registration-source'),
    store: name('KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-', '-subscription-store'),
    receive: name(processor, '-subscription-receive'),
    join: name(processor, '-subscription-join-foreign'),
    foreignJoin: name(processor, '-foreign-join-subscription'),
    responseTopic: name('KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-', '-subscription-response') + topicSuffix,
    responseSink: name('KTABLE-SINK-', '-subscription-response-sink'),
    responseSource: name('KTABLE-SOURCE-', '-subscription-response-source'),
    resolver: name(resolver, '-subscription-response-resolver'),
    result: name(output, '-result'),
  }
}

type Names = ReturnType<typeof namesOf>

/** differs from Java: which asks for a name of the result's store only, also where `naming` is explicit. */
function noteGeneratedNames({ generated, shape }: DslBuilder, { store }: Names): void {
  if (shape.compatibility === 'java') return
  generated.stores.push(store)
  generated.changelogs.push(`${store}-changelog`)
}

function serdesOf({ send, foreignJoin }: Names, left: KTablePart, right: KTablePart) {
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

function subscriptionStore({ store, subscriptionTopic }: Names, { primaryKey }: Serdes): StoreSpec {
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
        // differs from Java: whose default extractor reads these records, which are no records of the user's.
        timestampExtractor: shape.compatibility === 'java' ? undefined : timestampExtractors.failOnInvalid,
      },
    })
  }
}

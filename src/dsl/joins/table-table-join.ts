/** Joins of two tables by their keys. Kafka Streams: KTableImpl.doJoin, KTableKTableJoinNode.java. */
import { checkFunction } from '../../topology/check-options.ts'
import type { OperatorSupplier } from '../../processor/operator.ts'
import type { Named } from '../../topology/options.ts'
import type { DslBuilder, KTablePart } from '../dsl-builder.ts'
import type { CompoundPart } from '../graph.ts'
import { JoinedTable, type JoinedViews } from '../joined-table.ts'
import { givenStoreName, historyRetention, tableStore, type AnyMaterialized } from '../materialized.ts'
import { tableMergeOperator } from '../operators/table-merge.ts'
import { joinValues, tableJoinOperator } from '../operators/table-table-join.ts'
import type { KTable } from '../streams.ts'
import type { TableView } from '../table-supply.ts'

type Kind = 'inner' | 'left' | 'outer'
type Joiner = (left: never, right: never) => unknown
type Options = Named & AnyMaterialized

interface Names {
  readonly merge: string
  readonly left: string
  readonly right: string
}

export function joinTables<K, VR>(
  dsl: DslBuilder,
  left: KTablePart,
  right: KTablePart,
  kind: Kind,
  joiner: Joiner,
  options: Options,
): KTable<K, VR> {
  checkFunction(kind === 'inner' ? 'join()' : `${kind}Join()`, 'joiner of two tables', joiner)
  const names = joinNames(dsl, options)
  const sources = dsl.copartition(left, right)
  const views = openViews(left, right, kind, joiner)
  const storeName = givenStoreName(options)
  const readsTold = readsAsTold(dsl)
  const supply = new JoinedTable([left.supply, right.supply], views, storeName, historyRetention(options))
  const key = options.key ?? left.key
  const { value } = options
  const stores = storeName === undefined ? [] : [tableStore(names.merge, storeName, options, { key, value: undefined })]
  const merge = part(names.merge, [names.left, names.right], tableMergeOperator(supply), options)
  const node = dsl.graph.add({
    kind: 'compound',
    name: names.merge,
    parents: left.node === right.node ? [left.node] : [left.node, right.node],
    parts: [
      leftPart(names.left, left, supply, views, readsTold, options),
      rightPart(names.right, left, right, supply, views, readsTold, joiner, options),
      { ...merge, ownStores: () => stores },
    ],
  })
  return dsl.table({ name: names.merge, node, key, value, sources, queryableStoreName: storeName, supply })
}

function joinNames(dsl: DslBuilder, { name }: Options): Names {
  return {
    merge: dsl.nodeName('KTABLE-MERGE-', name),
    left: dsl.nodeName('KTABLE-JOINTHIS-', name, '-join-this'),
    right: dsl.nodeName('KTABLE-JOINOTHER-', name, '-join-other'),
  }
}

/** In Java's order of asking: what needs old values asks for them before either side is looked up. */
function openViews(left: KTablePart, right: KTablePart, kind: Kind, joiner: Joiner): JoinedViews {
  if (kind !== 'inner') left.supply.demandOldValues(true)
  if (kind === 'outer') right.supply.demandOldValues(true)
  return {
    left: left.supply.view(),
    right: right.supply.view(),
    join: joinValues(joiner, false),
    needsLeft: kind !== 'outer',
    needsRight: kind === 'inner',
  }
}

/**
 * differs from Java (#joins-of-cached-tables), which joins a change with what waits in the other side's cache
 * (KAFKA-4609): where both sides change within one commit, their deletes are never told, and old values are those of
 * results that never were, so that an aggregation of the join subtracts what it has not added.
 */
function readsAsTold({ shape }: DslBuilder): boolean {
  return shape.compatibility !== 'java'
}

function leftPart(
  name: string,
  left: KTablePart,
  supply: JoinedTable,
  { right: other, join, needsLeft, needsRight }: JoinedViews,
  readsTold: boolean,
  options: Options,
): CompoundPart {
  const operator = tableJoinOperator({
    other,
    readsTold,
    join,
    needsOwn: needsLeft,
    needsOther: needsRight,
    skipsOlder: left.supply.isVersioned,
    sendsOldValues: () => supply.sendsOldValues,
  })
  return part(name, [0], operator, options, other)
}

function rightPart(
  name: string,
  left: KTablePart,
  right: KTablePart,
  supply: JoinedTable,
  { left: other, needsLeft, needsRight }: JoinedViews,
  readsTold: boolean,
  joiner: Joiner,
  options: Options,
): CompoundPart {
  const operator = tableJoinOperator({
    other,
    readsTold,
    join: joinValues(joiner, true),
    needsOwn: needsRight,
    needsOther: needsLeft,
    skipsOlder: right.supply.isVersioned,
    sendsOldValues: () => supply.sendsOldValues,
  })
  return part(name, [left.node === right.node ? 0 : 1], operator, options, other)
}

/** `view`: what it looks values up in. */
function part(
  name: string,
  parents: readonly (string | number)[],
  supplier: OperatorSupplier,
  { onProcessingError }: Options,
  view?: TableView,
): CompoundPart {
  const otherStores = (): readonly string[] => view?.storeNames ?? []
  return { name, parents, supplier, ownStores: () => [], otherStores, onProcessingError }
}

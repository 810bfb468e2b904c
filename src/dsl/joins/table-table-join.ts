/** Joins of two tables by their keys. Kafka Streams: KTableImpl.doJoin, KTableKTableJoinNode.java. */
import { TopologyError } from '../../errors/topology-error.ts'
import type { OperatorSupplier } from '../../processor/operator.ts'
import type { Named } from '../../topology/options.ts'
import type { DslBuilder, KTablePart } from '../dsl-builder.ts'
import type { CompoundPart } from '../graph.ts'
import { JoinedTable } from '../joined-table.ts'
import { givenStoreName, historyRetention, tableStore, type AnyMaterialized } from '../materialized.ts'
import { tableMergeOperator } from '../operators/table-merge.ts'
import { joinValues, tableJoinOperator } from '../operators/table-table-join.ts'
import type { KTable } from '../streams.ts'
import type { TableView } from '../table-supply.ts'

type Kind = 'inner' | 'left' | 'outer'
type Joiner = (left: never, right: never) => unknown
type Options = Named & AnyMaterialized

export function joinTables<K, VR>(
  dsl: DslBuilder,
  left: KTablePart,
  right: KTablePart,
  kind: Kind,
  joiner: Joiner,
  options: Options,
): KTable<K, VR> {
  checkJoiner(kind, joiner)
  const storeName = givenStoreName(options)
  const name = dsl.nodeName('KTABLE-MERGE-', options.name)
  const sources = dsl.copartition(left, right)
  const views = openViews(left, right, kind)
  const thisName = dsl.nodeName('KTABLE-JOINTHIS-', options.name, '-join-this')
  const otherName = dsl.nodeName('KTABLE-JOINOTHER-', options.name, '-join-other')
  const key = options.key ?? left.key
  const { value } = options
  const store = storeName === undefined ? undefined : tableStore(name, storeName, options, { key, value: undefined })

  const needsLeft = kind !== 'outer'
  const needsRight = kind === 'inner'
  const join = joinValues(joiner, false)
  const supply = new JoinedTable(
    [left.supply, right.supply],
    { ...views, join, needsLeft, needsRight },
    storeName,
    historyRetention(options),
  )
  const sendsOldValues = (): boolean => supply.sendsOldValues
  const side = (partName: string, parent: number, other: TableView, supplier: OperatorSupplier): CompoundPart => ({
    ...part(partName, [parent], supplier, options),
    otherStores: () => other.storeNames,
  })
  const selfJoin = left.node === right.node
  const node = dsl.graph.add({
    kind: 'compound',
    name,
    parents: selfJoin ? [left.node] : [left.node, right.node],
    parts: [
      side(
        thisName,
        0,
        views.right,
        tableJoinOperator({
          other: views.right,
          join,
          needsOwn: needsLeft,
          needsOther: needsRight,
          skipsOlder: left.supply.isVersioned,
          sendsOldValues,
        }),
      ),
      side(
        otherName,
        selfJoin ? 0 : 1,
        views.left,
        tableJoinOperator({
          other: views.left,
          join: joinValues(joiner, true),
          needsOwn: needsRight,
          needsOther: needsLeft,
          skipsOlder: right.supply.isVersioned,
          sendsOldValues,
        }),
      ),
      {
        ...part(name, [thisName, otherName], tableMergeOperator(supply), options),
        ownStores: () => (store === undefined ? [] : [store]),
      },
    ],
  })
  return dsl.table({ name, node, key, value, sources, queryableStoreName: storeName, supply })
}

/** In Java's order of asking: a left join needs the left side's old values before either side is looked up. */
function openViews(left: KTablePart, right: KTablePart, kind: Kind): { left: TableView; right: TableView } {
  if (kind !== 'inner') left.supply.demandOldValues(true)
  if (kind === 'outer') right.supply.demandOldValues(true)
  return { left: left.supply.view(), right: right.supply.view() }
}

function part(
  name: string,
  parents: readonly (string | number)[],
  supplier: OperatorSupplier,
  { onProcessingError }: Options,
): CompoundPart {
  return { name, parents, supplier, ownStores: () => [], otherStores: () => [], onProcessingError }
}

function checkJoiner(kind: Kind, joiner: unknown): void {
  if (typeof joiner === 'function') return
  const operator = kind === 'inner' ? 'join()' : `${kind}Join()`
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `${operator}: the joiner of two tables must be a function, found ${typeof joiner}`,
  )
}

import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import type { OperatorSupplier } from '../../processor/operator.ts'
import { DerivedTable, type Compute, type TableSupply } from '../table-supply.ts'
import { DerivedTableOperator } from './derived-table.ts'

/** A value that does not fit is a delete. Kafka Streams: KTableFilter.java. */
export function tableFilter<K, V>(
  parent: TableSupply,
  storeName: string | undefined,
  predicate: (value: V, key: K) => unknown,
  wanted: boolean,
  historyRetentionMs?: number,
): DerivedTable {
  const compute: Compute = (value, key, node) => {
    const result = predicate(value as V, key as K)
    if (isThenable(result)) refusePromise(node, 'predicate', result)
    return Boolean(result) === wanted ? value : null
  }
  const table = new DerivedTable(parent, storeName, compute, historyRetentionMs)
  // Where the parent knows old values anyway, they spare deletes of what was never forwarded.
  table.demandParentsOldValues(false)
  return table
}

/** Downstream of a versioned table every change counts: a delete of what is absent may still end an older version. */
export function tableFilterOperator(table: DerivedTable): OperatorSupplier {
  return () => new DerivedTableOperator(table, !table.parentIsVersioned)
}

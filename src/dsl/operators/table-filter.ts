import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import type { OperatorSupplier } from '../../processor/operator.ts'
import { DerivedTable, type TableSupply } from '../table-supply.ts'
import { DerivedTableOperator } from './derived-table.ts'

/** A value that does not fit is a delete. Kafka Streams: KTableFilter.java. */
export function tableFilter<K, V>(
  parent: TableSupply,
  storeName: string | undefined,
  predicate: (value: V, key: K) => unknown,
  wanted: boolean,
): DerivedTable {
  const table = new DerivedTable(parent, storeName, (value, key, node) => {
    const result = predicate(value as V, key as K)
    if (isThenable(result)) refusePromise(node, 'predicate', result)
    return Boolean(result) === wanted ? value : null
  })
  // Where the parent knows old values anyway, they spare deletes of what was never forwarded.
  table.demandParentsOldValues(false)
  return table
}

export function tableFilterOperator(table: DerivedTable): OperatorSupplier {
  return () => new DerivedTableOperator(table, true)
}

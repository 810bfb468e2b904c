import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { OperatorSupplier } from '../../processor/operator.ts'
import { DerivedTable, type Compute, type TableSupply } from '../table-supply.ts'
import { DerivedTableOperator } from './derived-table.ts'

/** Kafka Streams: KTableMapValues.java. */
export function tableMapValues<K, V>(
  parent: TableSupply,
  storeName: string | undefined,
  mapper: (value: V, key: K) => unknown,
  historyRetentionMs?: number,
): DerivedTable {
  const compute: Compute = (value, key, node) => {
    const result = mapper(value as V, key as K)
    if (isThenable(result)) refusePromise(node, 'mapValues callback', result)
    if (result === undefined) refuseResult(node, 'mapValues callback', 'the new value, or null for none', result)
    return result
  }
  return new DerivedTable(parent, storeName, compute, historyRetentionMs)
}

export function tableMapValuesOperator(table: DerivedTable): OperatorSupplier {
  return () => new DerivedTableOperator(table, false)
}

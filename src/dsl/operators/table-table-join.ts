/**
 * One side of a join of two tables: every change of this side's table is joined with what the other one has now. Kafka
 * Streams: KTableKTableInnerJoin.java, KTableKTableLeftJoin.java, KTableKTableRightJoin.java, KTableKTableOuterJoin.java.
 */
import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { TableReader, TableView } from '../table-supply.ts'

/** The user's joiner, with the value of this side first; undefined and promises are refused. */
export type JoinValues = (own: unknown, other: unknown, nodeName: string) => unknown

export interface TableJoinSide {
  readonly other: TableView
  /** The other side as it has told of itself; false, as in Java: as it is, with what waits in its cache. */
  readonly readsTold: boolean
  readonly join: JoinValues
  /** Without a value of this side there is no result: inner, and the left side of a left join. */
  readonly needsOwn: boolean
  /** Without a value of the other side there is no result: inner, and the right side of a left join. */
  readonly needsOther: boolean
  /** This side's table is versioned: older versions are not joined (KIP-914). */
  readonly skipsOlder: boolean
  /** Whether somebody downstream asked, known when the topology is written. */
  readonly sendsOldValues: () => boolean
}

export function tableJoinOperator(side: TableJoinSide): OperatorSupplier {
  return () => new TableJoinOperator(side)
}

/** `reversed`: this side is the right one. */
export function joinValues(joiner: (left: never, right: never) => unknown, reversed: boolean): JoinValues {
  const call = joiner as (left: unknown, right: unknown) => unknown
  return (own, other, nodeName) => {
    const result = reversed ? call(other, own) : call(own, other)
    if (isThenable(result)) refusePromise(nodeName, 'joiner', result)
    if (result === undefined) refuseResult(nodeName, 'joiner', 'the joined value, or null for none', result)
    return result
  }
}

class TableJoinOperator<K> implements Operator<K, Change<unknown>> {
  readonly #side: TableJoinSide
  #sendsOldValues = false
  #context!: OperatorContext<K, Change<unknown>>
  #other!: TableReader<K>

  constructor(side: TableJoinSide) {
    this.#side = side
  }

  init(context: OperatorContext<K, Change<unknown>>): void {
    this.#context = context
    this.#sendsOldValues = this.#side.sendsOldValues()
    this.#other = this.#side.other.open(context, this.#side.readsTold)
  }

  process(key: K, change: Change<unknown>): void {
    if (key === null || key === undefined) return this.#context.dropRecord('null key')
    if (this.#side.skipsOlder && !change.isLatest) {
      return this.#context.dropRecord('older version')
    }
    const found = this.#other.read(key)
    if (found === undefined && this.#hasNoResult(change)) return
    // Both before the joiner is called: the object is the reader's own.
    const other = found === undefined ? null : found.value
    const { timestamp } = this.#context.record
    const resultTimestamp = found === undefined ? timestamp : Math.max(timestamp, found.timestamp)
    const newValue = this.#join(change.newValue, other)
    const oldValue = this.#sendsOldValues ? this.#join(change.oldValue, other) : null
    this.#forward(key, { newValue, oldValue, isLatest: change.isLatest }, resultTimestamp)
  }

  close(): void {
    this.#other.close?.()
  }

  #hasNoResult({ newValue, oldValue }: Change<unknown>): boolean {
    return this.#side.needsOther || (newValue === null && oldValue === null)
  }

  #join(own: unknown, other: unknown): unknown {
    if (own === null && (this.#side.needsOwn || other === null)) return null
    return this.#side.join(own, other, this.#context.nodeName)
  }

  #forward(key: K, change: Change<unknown>, timestamp: number): void {
    const { record } = this.#context
    const recordTimestamp = record.timestamp
    record.timestamp = timestamp
    this.#context.forward(key, change)
    record.timestamp = recordTimestamp
  }
}

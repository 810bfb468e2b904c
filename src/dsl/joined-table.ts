/**
 * What a join of two tables can give to those downstream: it is stored only when it was given a store; otherwise a reader
 * joins what both tables have now. Kafka Streams: KTableKTableJoinMerger.java, KTableKTableAbstractJoin.java and the value
 * getters of the joins.
 */
import type { OperatorContext } from '../processor/operator.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { JoinValues } from './operators/table-table-join.ts'
import { storeView, type TableReader, type TableSupply, type TableView } from './table-supply.ts'

export interface JoinedViews {
  readonly left: TableView
  readonly right: TableView
  /** Left value first. */
  readonly join: JoinValues
  readonly needsLeft: boolean
  readonly needsRight: boolean
}

export class JoinedTable implements TableSupply {
  readonly storeName: string | undefined
  readonly #historyRetentionMs: number | undefined
  readonly #parents: readonly TableSupply[]
  readonly #views: JoinedViews
  #sendsOldValues = false

  constructor(
    parents: readonly TableSupply[],
    views: JoinedViews,
    storeName: string | undefined,
    historyRetentionMs: number | undefined,
  ) {
    this.#parents = parents
    this.#views = views
    this.storeName = storeName
    this.#historyRetentionMs = historyRetentionMs
  }

  /** Never inherited: a join of versioned tables is not versioned (KIP-914). */
  get isVersioned(): boolean {
    return this.#historyRetentionMs !== undefined
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues
  }

  /** Old results need the old values of both sides, so both are stored whoever asks. */
  demandOldValues(): boolean {
    for (const parent of this.#parents) parent.demandOldValues(true)
    this.#sendsOldValues = true
    return true
  }

  view(): TableView {
    if (this.storeName !== undefined) return storeView(this.storeName, this.#historyRetentionMs)
    const { left, right } = this.#views
    return {
      storeNames: [...new Set([...left.storeNames, ...right.storeNames])],
      historyRetentionMs: undefined,
      open: <K>(context: OperatorContext<unknown, unknown>, asTold?: boolean) =>
        new JoinedReader<K>(this.#views, context, asTold),
    }
  }
}

class JoinedReader<K> implements TableReader<K> {
  readonly #views: JoinedViews
  readonly #nodeName: string
  readonly #left: TableReader<K>
  readonly #right: TableReader<K>

  constructor(views: JoinedViews, context: OperatorContext<unknown, unknown>, asTold: boolean | undefined) {
    this.#views = views
    this.#nodeName = context.nodeName
    this.#left = views.left.open(context, asTold)
    this.#right = views.right.open(context, asTold)
  }

  read(key: K): ValueAndTimestamp<unknown> | undefined {
    const { needsLeft, needsRight, join } = this.#views
    const left = this.#left.read(key)
    if (left === undefined && needsLeft) return undefined
    // Before the other side is read: the object is the reader's own.
    const leftValue = left === undefined ? null : left.value
    const leftTimestamp = left === undefined ? -1 : left.timestamp
    const right = this.#right.read(key)
    if (right === undefined && (needsRight || left === undefined)) return undefined
    const timestamp = right === undefined ? leftTimestamp : Math.max(leftTimestamp, right.timestamp)
    const value = join(leftValue, right === undefined ? null : right.value, this.#nodeName)
    return value === null ? undefined : { value, timestamp }
  }

  close(): void {
    this.#left.close?.()
    this.#right.close?.()
  }
}

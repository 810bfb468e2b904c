import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import { nullReason } from '../../processor/drop-reason.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { TableReader, TableView } from '../table-supply.ts'

export interface StreamTableJoin {
  readonly kind: 'inner' | 'left'
  /** Takes the stream's value, the table's and the key. */
  readonly joiner: (...parameters: readonly never[]) => unknown
  readonly table: TableView
}

type Joiner<K> = (value: unknown, tableValue: unknown, key: K) => unknown

/**
 * Looks every record up in the table as it is now; in a versioned table as it was at the record's time. Kafka Streams:
 * KStreamKTableJoinProcessor.java.
 */
export function streamTableJoinOperator(join: StreamTableJoin): OperatorSupplier {
  return () => new StreamTableJoinOperator(join)
}

export class StreamTableJoinOperator<K> implements Operator<K, unknown> {
  protected context!: OperatorContext<K, unknown>
  readonly #isLeft: boolean
  readonly #joiner: Joiner<K>
  readonly #table: TableView
  #reader!: TableReader<K>

  constructor({ kind, joiner, table }: StreamTableJoin) {
    this.#isLeft = kind === 'left'
    this.#joiner = joiner as Joiner<K>
    this.#table = table
  }

  init(context: OperatorContext<K, unknown>): void {
    this.context = context
    this.#reader = this.#table.open(context)
  }

  process(key: K, value: unknown): void {
    const keyIsMissing = key === null || key === undefined
    if (value === null || value === undefined || (keyIsMissing && !this.#isLeft)) {
      this.context.dropRecord(nullReason(key))
      return
    }
    this.accept(key, value)
  }

  close(): void {
    this.#reader.close?.()
  }

  /** With grace it waits. */
  protected accept(key: K, value: unknown): void {
    this.join(key, value)
  }

  protected join(key: K, value: unknown): void {
    const tableValue = this.#lookUp(key)
    if (tableValue === null && !this.#isLeft) return
    const joined = this.#joiner(value, tableValue, key)
    if (isThenable(joined)) refusePromise(this.context.nodeName, 'joiner', joined)
    this.context.forward(key, joined)
  }

  #lookUp(key: K): unknown {
    if (key === null || key === undefined) return null
    const reader = this.#reader
    const found = reader.readAsOf === undefined ? reader.read(key) : reader.readAsOf(key, this.context.record.timestamp)
    return found === undefined ? null : found.value
  }
}

/**
 * What a table of transformed values can give to those downstream. Where it is not stored, a reader asks a transformer of
 * its own, in the context of the stored record. Kafka Streams: KTableTransformValues.java.
 */
import { noHeaders } from '../common/headers.ts'
import { isThenable, refusePromise, refuseResult } from '../processor/callback-result.ts'
import type { OperatorContext } from '../processor/operator.ts'
import type { ValueTransformer } from '../processor/processor.ts'
import { moveTo, type RecordContext } from '../processor/record-context.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import { transformerContext } from '../topology/processor-operator.ts'
import { mappedView, storeView, type RowMapper, type TableSupply, type TableView } from './table-supply.ts'

export type AnyTransformer = ValueTransformer<unknown, unknown, unknown>

/** One transformer of the user, called with what its contract promises. */
export class TransformerCall {
  readonly #transformer: AnyTransformer
  readonly #nodeName: string
  readonly #record: RecordContext

  constructor(transformer: AnyTransformer, context: OperatorContext<unknown, unknown>) {
    this.#transformer = transformer
    this.#nodeName = context.nodeName
    this.#record = context.record
    transformer.init?.(transformerContext(context))
  }

  transform(value: unknown, key: unknown): unknown {
    const { timestamp, headers } = this.#record
    const result = this.#transformer.transform(value, key, { timestamp, headers })
    if (isThenable(result)) refusePromise(this.#nodeName, 'transform method', result)
    if (result === undefined)
      refuseResult(this.#nodeName, 'transform method', 'the new value, or null for none', result)
    return result
  }

  close(): void {
    this.#transformer.close?.()
  }
}

export class TransformedTable implements TableSupply {
  readonly storeName: string | undefined
  readonly supplier: () => AnyTransformer
  readonly #parent: TableSupply
  readonly #historyRetentionMs: number | undefined
  #sendsOldValues = false

  constructor(
    parent: TableSupply,
    storeName: string | undefined,
    supplier: () => AnyTransformer,
    historyRetentionMs: number | undefined,
  ) {
    this.#parent = parent
    this.storeName = storeName
    this.supplier = supplier
    this.#historyRetentionMs = historyRetentionMs
  }

  get isVersioned(): boolean {
    return this.storeName === undefined ? this.#parent.isVersioned : this.#historyRetentionMs !== undefined
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues
  }

  demandOldValues(force: boolean): boolean {
    if (this.storeName !== undefined || this.#parent.demandOldValues(force)) this.#sendsOldValues = true
    return this.#sendsOldValues
  }

  /** As in Java, the transformer's own stores are not connected to who reads an unstored table. */
  view(): TableView {
    if (this.storeName !== undefined) return storeView(this.storeName, this.#historyRetentionMs)
    return mappedView(
      this.#parent.view(),
      (context) => new RowTransformer(new TransformerCall(this.supplier(), context), context.record),
    )
  }
}

class RowTransformer implements RowMapper {
  readonly #call: TransformerCall
  readonly #record: RecordContext

  constructor(call: TransformerCall, record: RecordContext) {
    this.#call = call
    this.#record = record
  }

  close(): void {
    this.#call.close()
  }

  /** Also where the parent has nothing: a transformer may make something of it, with the unknown timestamp -1. */
  map(key: unknown, current: ValueAndTimestamp<unknown> | undefined): ValueAndTimestamp<unknown> | undefined {
    const parentValue = current === undefined ? null : current.value
    const stored = current === undefined ? -1 : current.timestamp
    const record = this.#record
    const { topic, partition, offset, timestamp, headers } = record
    moveTo(record, null, -1, -1, stored, noHeaders)
    try {
      const value = this.#call.transform(parentValue, key)
      return value === null ? undefined : { value, timestamp: stored }
    } finally {
      moveTo(record, topic, partition, offset, timestamp, headers)
    }
  }
}

/** Results of windowed aggregations on their way to the children. Kafka Streams: TimestampedTupleForwarder.java. */
import type { Counter } from '../../common/metrics.ts'
import type { OperatorContext } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { Windowed } from '../../serde/windowed.ts'

export class WindowForwarder<K> {
  readonly #context: OperatorContext<Windowed<K>, Change<unknown>>
  readonly #sendOldValues: boolean
  #finals: Counter | undefined

  constructor(context: OperatorContext<Windowed<K>, Change<unknown>>, sendOldValues: boolean) {
    this.#context = context
    this.#sendOldValues = sendOldValues
  }

  /** The old value goes along only if somebody downstream has asked for it. */
  updated(key: K, start: number, end: number, newValue: unknown, oldValue: unknown, timestamp: number): void {
    const change = { newValue, oldValue: this.#sendOldValues ? oldValue : null, isLatest: true }
    this.forward({ key, window: { start, end } }, change, timestamp)
  }

  /** A final result: there is no earlier one that anybody has seen. */
  closed(key: K, start: number, end: number, value: unknown, timestamp: number): void {
    this.#finals ??= this.#context.emitCounter('emit-final')
    this.#finals.value++
    this.forward({ key, window: { start, end } }, { newValue: value, oldValue: null, isLatest: true }, timestamp)
  }

  forward(windowed: Windowed<K>, change: Change<unknown>, timestamp: number): void {
    const { record } = this.#context
    const recordTimestamp = record.timestamp
    record.timestamp = timestamp
    this.#context.forward(windowed, change)
    record.timestamp = recordTimestamp
  }
}

import type { Operator, OperatorContext } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'

/** From a table's changes to their new values. Kafka Streams: KTableImpl.toStream. */
export function toStreamOperator(): Operator<unknown, Change<unknown>> {
  return new ToStreamOperator()
}

class ToStreamOperator implements Operator<unknown, Change<unknown>> {
  #context!: OperatorContext<unknown, unknown>

  init(context: OperatorContext<unknown, unknown>): void {
    this.#context = context
  }

  process(key: unknown, change: Change<unknown>): void {
    this.#context.forward(key, change.newValue)
  }
}

import { refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext } from '../../processor/operator.ts'

/**
 * In front of every repartition topic: a record without a key (null) belongs to no partition. As in Java it is not counted
 * as dropped. Undefined is no key at all but a slip, such as a misspelt property, and would lose every record.
 */
export function nullKeyFilter(): Operator<unknown, unknown> {
  return new NullKeyFilter()
}

class NullKeyFilter implements Operator<unknown, unknown> {
  #context!: OperatorContext<unknown, unknown>

  init(context: OperatorContext<unknown, unknown>): void {
    this.#context = context
  }

  process(key: unknown, value: unknown): void {
    if (key === undefined) refuseResult(this.#context.nodeName, 'operator before it', 'a key, or null for none', key)
    if (key !== null) this.#context.forward(key, value)
  }
}

import { refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext } from '../../processor/operator.ts'

/**
 * In front of every repartition topic: a record without a key (null) belongs to no partition. As in Java it is not counted
 * as dropped. Undefined is no key at all but a slip, such as a misspelt property, and would lose every record.
 */
export function nullKeyFilter(): Operator<unknown, unknown> {
  return new NullKeyFilter(false)
}

/** The same node where a left or outer join downstream wants records without a key (KIP-962). */
export function openNullKeyFilter(): Operator<unknown, unknown> {
  return new NullKeyFilter(true)
}

class NullKeyFilter implements Operator<unknown, unknown> {
  readonly forwardsItsRecord = true
  readonly #open: boolean
  #context!: OperatorContext<unknown, unknown>

  constructor(open: boolean) {
    this.#open = open
  }

  init(context: OperatorContext<unknown, unknown>): void {
    this.#context = context
  }

  process(key: unknown, value: unknown): void {
    if (key === undefined) refuseResult(this.#context.nodeName, 'operator before it', 'a key, or null for none', key)
    if (this.#open || key !== null) this.#context.forward(key, value)
  }
}

import type { Operator, OperatorContext } from '../../processor/operator.ts'

/** In front of every repartition topic: a record without a key belongs to no partition. Not counted as dropped. */
export function nullKeyFilter(): Operator<unknown, unknown> {
  return new NullKeyFilter()
}

class NullKeyFilter implements Operator<unknown, unknown> {
  #context!: OperatorContext<unknown, unknown>

  init(context: OperatorContext<unknown, unknown>): void {
    this.#context = context
  }

  process(key: unknown, value: unknown): void {
    if (key !== null && key !== undefined) this.#context.forward(key, value)
  }
}

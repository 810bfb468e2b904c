import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'

type Predicate<K, V> = (value: V, key: K) => unknown

/** The branches of one `split`: it fills while the user adds branches, and is complete when the topology is written. */
export interface BranchPlan<K, V> {
  readonly branches: { readonly predicate: Predicate<K, V>; readonly child: string }[]
  /** The child that gets everything else. */
  defaultChild: string | undefined
}

/** Each record to the child of the first predicate that is true of it. Kafka Streams: KStreamBranch.java. */
export function branchOperator<K, V>(plan: BranchPlan<K, V>): OperatorSupplier {
  return () => new BranchOperator(plan)
}

class BranchOperator<K, V> implements Operator<K, V> {
  readonly forwardsItsRecord = true
  readonly #plan: BranchPlan<K, V>
  #context!: OperatorContext<K, V>

  constructor(plan: BranchPlan<K, V>) {
    this.#plan = plan
  }

  init(context: OperatorContext<K, V>): void {
    this.#context = context
  }

  process(key: K, value: V): void {
    const { branches, defaultChild } = this.#plan
    for (const { predicate, child } of branches) {
      const result = predicate(value, key)
      if (isThenable(result)) refusePromise(this.#context.nodeName, 'predicate', result)
      if (result) return this.#context.forwardTo(child, key, value)
    }
    if (defaultChild !== undefined) this.#context.forwardTo(defaultChild, key, value)
  }
}

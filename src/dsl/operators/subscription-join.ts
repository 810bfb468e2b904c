import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import { instructions, type Subscription, type SubscriptionResponse } from '../joins/subscription-serdes.ts'
import type { TableReader, TableView } from '../table-supply.ts'

/**
 * Answers a subscription from the right table; `readsTold`: from what that has told already, since of all else it tells
 * later. Kafka Streams: SubscriptionJoinProcessorSupplier.java.
 */
export function subscriptionJoinOperator(right: TableView, readsTold: boolean): OperatorSupplier {
  return () => new SubscriptionJoinOperator(right, readsTold)
}

class SubscriptionJoinOperator<KO> implements Operator<KO | null, Subscription> {
  readonly #view: TableView
  readonly #readsTold: boolean
  #context!: OperatorContext<unknown, SubscriptionResponse>
  #right!: TableReader<KO>

  constructor(view: TableView, readsTold: boolean) {
    this.#view = view
    this.#readsTold = readsTold
  }

  init(context: OperatorContext<unknown, SubscriptionResponse>): void {
    this.#context = context
    this.#right = this.#view.open(context, this.#readsTold)
  }

  process(foreignKey: KO | null, { instruction, hash, primaryKey, primaryPartition }: Subscription): void {
    if (instruction === instructions.deleteSilently) return
    const found = foreignKey === null ? undefined : this.#right.read(foreignKey)
    if (found === undefined && instruction === instructions.propagateIfPresent) return
    const foreignValue = instruction === instructions.deleteAndPropagate ? null : (found?.value ?? null)
    const { record } = this.#context
    const { timestamp } = record
    // Also a deleted subscription is as late as the right row that it no longer joins.
    if (found !== undefined) record.timestamp = Math.max(timestamp, found.timestamp)
    this.#context.forward(primaryKey, { hash, foreignValue, primaryPartition })
    record.timestamp = timestamp
  }

  close(): void {
    this.#right.close?.()
  }
}

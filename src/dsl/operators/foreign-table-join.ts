import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change, ValueAndTimestamp } from '../../processor/record.ts'
import type { KeyValueStore } from '../../processor/state-store.ts'
import type { CombinedKeys, Subscription, SubscriptionResponse } from '../joins/subscription-serdes.ts'
import { combinedKeys, type SubscriptionStoring } from './subscription-receive.ts'

/**
 * Tells every subscriber of a changed right row, in the order of their key bytes. Kafka Streams:
 * ForeignTableJoinProcessorSupplier.java.
 */
export function foreignTableJoinOperator(
  storing: SubscriptionStoring,
  skipsOlderVersions: () => boolean,
): OperatorSupplier {
  return () => new ForeignTableJoinOperator(storing, skipsOlderVersions())
}

class ForeignTableJoinOperator<KO> implements Operator<KO, Change<unknown>> {
  readonly #storing: SubscriptionStoring
  readonly #skipsOlderVersions: boolean
  #context!: OperatorContext<unknown, SubscriptionResponse>
  #store!: KeyValueStore<Uint8Array, ValueAndTimestamp<Subscription>>
  #keys!: CombinedKeys

  constructor(storing: SubscriptionStoring, skipsOlderVersions: boolean) {
    this.#storing = storing
    this.#skipsOlderVersions = skipsOlderVersions
  }

  init(context: OperatorContext<unknown, SubscriptionResponse>): void {
    this.#context = context
    this.#store = context.getStateStore(this.#storing.storeName)
    this.#keys = combinedKeys(this.#storing, context.applicationId)
  }

  process(foreignKey: KO, { newValue, isLatest }: Change<unknown>): void {
    if (foreignKey === null || foreignKey === undefined) {
      this.#context.dropRecord('null foreign key')
      return
    }
    if (this.#skipsOlderVersions && !isLatest) {
      this.#context.dropRecord('older version')
      return
    }
    const { headers } = this.#context.record
    using subscriptions = this.#store.prefixScan(this.#keys.prefix(foreignKey, headers))
    for (const [, { value }] of subscriptions) {
      const { hash, primaryKey, primaryPartition } = value
      this.#context.forward(primaryKey, { hash, foreignValue: newValue, primaryPartition })
    }
  }
}

import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { TableStore } from '../../processor/state-store.ts'
import type { AnySerde } from '../../serde/serde.ts'
import { CombinedKeys, instructions, type Subscription } from '../joins/subscription-serdes.ts'

export interface SubscriptionStoring {
  readonly storeName: string
  /** Without the application id. */
  readonly subscriptionTopic: string
  readonly foreignKey: AnySerde
  readonly primaryKey: AnySerde
}

/**
 * Keeps the subscriptions of the left rows beside the right table, and passes them on. A null foreign key is answered
 * but kept nowhere. Kafka Streams: SubscriptionReceiveProcessorSupplier.java.
 */
export function subscriptionReceiveOperator(storing: SubscriptionStoring): OperatorSupplier {
  return () => new SubscriptionReceiveOperator(storing)
}

export function combinedKeys(
  { foreignKey, primaryKey, subscriptionTopic }: SubscriptionStoring,
  applicationId: string,
): CombinedKeys {
  return new CombinedKeys(foreignKey, primaryKey, `${applicationId}-${subscriptionTopic}`)
}

class SubscriptionReceiveOperator<KO> implements Operator<KO | null, Subscription> {
  readonly #storing: SubscriptionStoring
  #context!: OperatorContext<KO | null, Subscription>
  #store!: TableStore<Uint8Array, Subscription>
  #keys!: CombinedKeys

  constructor(storing: SubscriptionStoring) {
    this.#storing = storing
  }

  init(context: OperatorContext<KO | null, Subscription>): void {
    this.#context = context
    this.#store = context.getStateStore(this.#storing.storeName)
    this.#keys = combinedKeys(this.#storing, context.applicationId)
  }

  process(foreignKey: KO | null, subscription: Subscription): void {
    if (foreignKey !== null) this.#keep(foreignKey, subscription)
    else if (subscription.instruction !== instructions.propagateAlways) {
      this.#context.dropRecord('null foreign key')
      return
    }
    this.#context.forward(foreignKey, subscription)
  }

  #keep(foreignKey: KO, subscription: Subscription): void {
    const { headers, timestamp } = this.#context.record
    const key = this.#keys.key(foreignKey, subscription.primaryKey, headers)
    const { deleteSilently, deleteAndPropagate } = instructions
    const { instruction } = subscription
    const isDelete = instruction === deleteSilently || instruction === deleteAndPropagate
    this.#store.write(key, isDelete ? null : subscription, timestamp)
  }
}

import { murmur3 } from '../../common/murmur3.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { AnySerde } from '../../serde/serde.ts'
import {
  foreignKeyTopic,
  hashLength,
  instructions,
  newSubscription,
  valueHashTopic,
  type Instruction,
  type Subscription,
} from '../joins/subscription-serdes.ts'
import { foreignKeyOf, type ForeignKeyCallback } from './foreign-key-callback.ts'

export interface SubscriptionSending {
  readonly isLeftJoin: boolean
  readonly foreignKeyOf: ForeignKeyCallback
  readonly foreignKey: AnySerde
  readonly value: AnySerde
  /** Without the application id. */
  readonly subscriptionTopic: string
  /**
   * A changed row is answered also where it has no right row, though its foreign key is the same: the answer that there
   * is none any more may have come while the row was changed already, and was no answer to it.
   */
  readonly answersEveryUpdate: boolean
  /** The left table is versioned: older versions than its latest change nothing. */
  readonly skipsOlderVersions: () => boolean
}

/**
 * From a change of the left table to what its row subscribes to, and no longer subscribes to. Kafka Streams:
 * SubscriptionSendProcessorSupplier.java.
 */
export function subscriptionSendOperator(sending: SubscriptionSending): OperatorSupplier {
  return () => new SubscriptionSendOperator(sending)
}

class SubscriptionSendOperator<K> implements Operator<K, Change<unknown>> {
  readonly #sending: SubscriptionSending
  readonly #skipsOlderVersions: boolean
  readonly #hashBytes = Buffer.alloc(hashLength)
  #context!: OperatorContext<unknown, Subscription>
  #foreignKeyTopic = ''
  #valueTopic = ''

  constructor(sending: SubscriptionSending) {
    this.#sending = sending
    this.#skipsOlderVersions = sending.skipsOlderVersions()
  }

  init(context: OperatorContext<unknown, Subscription>): void {
    this.#context = context
    const topic = `${context.applicationId}-${this.#sending.subscriptionTopic}`
    this.#foreignKeyTopic = foreignKeyTopic(topic)
    this.#valueTopic = valueHashTopic(topic)
  }

  process(key: K, change: Change<unknown>): void {
    if (this.#skipsOlderVersions && !change.isLatest) {
      this.#context.dropRecord('older version')
      return
    }
    if (this.#sending.isLeftJoin) this.#leftJoin(key, change)
    else this.#innerJoin(key, change)
  }

  /** Every change is answered, a deleted row and a null foreign key under the key null, which nobody subscribes to. */
  #leftJoin(key: K, { oldValue, newValue }: Change<unknown>): void {
    if (oldValue === null && newValue === null) return
    const oldForeignKey = this.#foreignKeyOf(oldValue, key)
    const newForeignKey = this.#foreignKeyOf(newValue, key)
    const hash = this.#hash(newValue)
    if (oldForeignKey !== null && this.#differ(oldForeignKey, newForeignKey)) {
      this.#send(oldForeignKey, key, hash, instructions.deleteSilently)
    }
    this.#send(newForeignKey, key, hash, instructions.propagateAlways)
  }

  #innerJoin(key: K, { oldValue, newValue }: Change<unknown>): void {
    const oldForeignKey = this.#foreignKeyOf(oldValue, key)
    const newForeignKey = this.#foreignKeyOf(newValue, key)
    if (newForeignKey === null) {
      if (newValue !== null) this.#context.dropRecord('null foreign key')
      if (oldForeignKey === null) return
      this.#send(oldForeignKey, key, this.#hash(newValue), instructions.deleteAndPropagate)
      return
    }
    const hash = this.#hash(newValue)
    const moves = oldForeignKey !== null && this.#differ(oldForeignKey, newForeignKey)
    if (moves) this.#send(oldForeignKey, key, hash, instructions.deleteSilently)
    // An earlier result has to go where the new value has none.
    const hadResult = moves || (this.#sending.answersEveryUpdate && oldValue !== null)
    const { propagateAlways, propagateIfPresent } = instructions
    this.#send(newForeignKey, key, hash, hadResult ? propagateAlways : propagateIfPresent)
  }

  /** The hash is lent: the sink copies it at once. */
  #send(foreignKey: unknown, key: K, hash: Uint8Array | null, instruction: Instruction): void {
    this.#context.forward(foreignKey, newSubscription(hash, instruction, key, this.#context.partition))
  }

  #hash(value: unknown): Uint8Array | null {
    if (value === null) return null
    const { headers } = this.#context.record
    return murmur3(this.#sending.value.serialize(value as never, this.#valueTopic, headers), this.#hashBytes)
  }

  #foreignKeyOf(value: unknown, key: K): unknown {
    return foreignKeyOf(this.#sending.foreignKeyOf, value, key, this.#context.nodeName)
  }

  /** By their bytes, as they decide the partition. */
  #differ(oldForeignKey: unknown, newForeignKey: unknown): boolean {
    if (newForeignKey === null) return true
    const { foreignKey } = this.#sending
    if (oldForeignKey === newForeignKey && foreignKey.immutable === true) return false
    const { headers } = this.#context.record
    const oldBytes = Buffer.from(foreignKey.serialize(oldForeignKey as never, this.#foreignKeyTopic, headers))
    const newBytes = foreignKey.serialize(newForeignKey as never, this.#foreignKeyTopic, headers)
    return !oldBytes.equals(newBytes)
  }
}

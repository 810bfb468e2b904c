/**
 * In front of the internal topic of a grouped table: what a change means for the groups. A row that leaves a group is
 * subtracted there before it is added to another; where the group stays, both are one record (KIP-904). Kafka Streams:
 * KTableRepartitionMap.java.
 */
import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import type { Change } from '../../processor/record.ts'
import type { AnySerde } from '../../serde/serde.ts'

type Mapper = (value: never, key: never) => unknown
type Pair = readonly [key: unknown, value: unknown]

/** What the aggregations of a grouping know later than the grouping itself. */
export interface Regrouping {
  readonly mapper: Mapper
  /** The grouped table is versioned: older versions change no group (KIP-914). */
  readonly skipsOlder: boolean
  /** The internal topic, by the name that the DSL gives it, and its keys' serde: two keys with equal bytes are one group. */
  target: { readonly topic: string; readonly key: AnySerde } | undefined
}

export function tableRegroupOperator(regrouping: Regrouping): OperatorSupplier {
  return () => new TableRegroupOperator(regrouping)
}

class TableRegroupOperator implements Operator<unknown, Change<unknown>> {
  readonly #regrouping: Regrouping
  readonly #mapper: (value: unknown, key: unknown) => unknown
  #context!: OperatorContext<unknown, Change<unknown>>

  constructor(regrouping: Regrouping) {
    this.#regrouping = regrouping
    this.#mapper = regrouping.mapper as (value: unknown, key: unknown) => unknown
  }

  init(context: OperatorContext<unknown, Change<unknown>>): void {
    this.#context = context
  }

  process(key: unknown, { newValue, oldValue, isLatest }: Change<unknown>): void {
    if (this.#regrouping.skipsOlder && !isLatest) return
    // The new one first, as Java calls the mapper.
    const newPair = newValue === null ? undefined : this.#pair(newValue, key)
    const oldPair = oldValue === null ? undefined : this.#pair(oldValue, key)
    if (newPair !== undefined && oldPair !== undefined && this.#sameGroup(oldPair[0], newPair[0])) {
      this.#context.forward(oldPair[0], { newValue: newPair[1], oldValue: oldPair[1], isLatest })
      return
    }
    if (oldPair !== undefined) this.#context.forward(oldPair[0], { newValue: null, oldValue: oldPair[1], isLatest })
    if (newPair !== undefined) this.#context.forward(newPair[0], { newValue: newPair[1], oldValue: null, isLatest })
  }

  /** Undefined: the row is in no group, which is not counted as dropped. */
  #pair(value: unknown, key: unknown): Pair | undefined {
    const pair = this.#mapper(value, key)
    if (pair === null) return undefined
    const { nodeName } = this.#context
    if (!Array.isArray(pair) || pair.length !== 2) {
      if (isThenable(pair)) refusePromise(nodeName, 'groupBy callback', pair)
      refuseResult(nodeName, 'groupBy callback', 'a pair [key, value]', pair)
    }
    const [group, row] = pair as [unknown, unknown]
    if (isThenable(group)) refusePromise(nodeName, 'groupBy callback', group)
    if (isThenable(row)) refusePromise(nodeName, 'groupBy callback', row)
    if (group === undefined || row === undefined) {
      refuseResult(
        nodeName,
        'groupBy callback',
        'a pair [key, value] with null for a row that is in no group',
        undefined,
      )
    }
    return group === null || row === null ? undefined : (pair as [unknown, unknown])
  }

  /** differs from Java (#equal-groups): keys without an identity of their own are equal when their bytes are. */
  #sameGroup(one: unknown, two: unknown): boolean {
    if (Object.is(one, two)) return true
    const { target } = this.#regrouping
    if (typeof one !== 'object' || typeof two !== 'object' || target === undefined) return false
    const { applicationId, record } = this.#context
    const topic = `${applicationId}-${target.topic}`
    const bytes = Buffer.from(target.key.serialize(one as never, topic, record.headers))
    return bytes.equals(target.key.serialize(two as never, topic, record.headers))
  }
}

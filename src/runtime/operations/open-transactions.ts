/**
 * Transactions that hold back the last stable offset of partitions: who has them open, since when, and whether their time
 * is over. A coordinator ends those that are too old; one that it does not know of stays until somebody aborts it
 * (KIP-664).
 */
import { parseTopicPartition } from '../../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'
import type { TransactionDescription } from '../../kafka/client/admin-types.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import type { PartitionFacts } from './lag.ts'

/**
 * `open`: in its time. `late`: older than its time-out, which its coordinator should have ended. `hanging`: its coordinator
 * knows nothing of it in that partition, so nothing will ever end it.
 */
export type TransactionVerdict = 'open' | 'late' | 'hanging'

export interface OpenTransaction {
  readonly producerId: number
  readonly producerEpoch: number
  /** Null: no coordinator knows one of that producer. */
  readonly transactionalId: string | null
  readonly state: string | null
  /** Epoch milliseconds; of a hanging one the timestamp of its last record. Null: not known. */
  readonly sinceMs: number | null
  readonly timeoutMs: number | null
  readonly verdict: TransactionVerdict
  /** Each with the offset that the last stable offset waits at. */
  readonly partitions: readonly (TopicPartition & { readonly startOffset: number })[]
}

/** Coordinators look for transactions that are over every 10 s (transaction.abort.timed.out…interval.ms). */
const sweepMs = 10_000
/** Between the first record of a transaction and its coordinator's knowledge of it, and between its end and its markers. */
const settleMs = 60_000

interface Held {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastTimestamp: number
  readonly partitions: (TopicPartition & { readonly startOffset: number })[]
}

export async function openTransactions(
  client: KafkaClient,
  facts: ReadonlyMap<TopicPartitionKey, PartitionFacts>,
  nowMs: number,
): Promise<OpenTransaction[]> {
  const held = [...facts].filter(([, { highWatermark, lastStableOffset }]) => lastStableOffset < highWatermark)
  if (held.length === 0) return []
  const { transactions } = client.admin
  const holders = holdersOf(await transactions.producers(held.map(([key]) => parseTopicPartition(key))))
  if (holders.length === 0) return []
  const listed = await transactions.list({ producerIds: holders.map(({ producerId }) => producerId) })
  const described = await transactions.describe(listed.map(({ transactionalId }) => transactionalId))
  const byProducer = new Map([...described.values()].map((transaction) => [transaction.producerId, transaction]))
  return holders.map((holder) => judged(holder, byProducer.get(holder.producerId), nowMs))
}

type Producers = Awaited<ReturnType<KafkaClient['admin']['transactions']['producers']>>

function holdersOf(producers: Producers): Held[] {
  const holders = new Map<string, Held>()
  for (const [key, active] of producers) {
    for (const { producerId, producerEpoch, lastTimestamp, transactionStart } of active) {
      if (transactionStart === undefined) continue
      const id = `${producerId} ${producerEpoch}`
      const known = holders.get(id) ?? { producerId, producerEpoch, lastTimestamp, partitions: [] }
      known.partitions.push({ ...parseTopicPartition(key), startOffset: transactionStart })
      holders.set(id, { ...known, lastTimestamp: Math.max(known.lastTimestamp, lastTimestamp) })
    }
  }
  return [...holders.values()]
}

function judged(holder: Held, transaction: TransactionDescription | undefined, nowMs: number): OpenTransaction {
  const { producerId, producerEpoch, lastTimestamp, partitions } = holder
  const isKnown =
    transaction !== undefined &&
    transaction.startedAtMs !== undefined &&
    partitions.some((one) => transaction.partitions.some((other) => isEqual(one, other)))
  const sinceMs = isKnown ? (transaction.startedAtMs ?? null) : lastTimestamp >= 0 ? lastTimestamp : null
  const ageMs = sinceMs === null ? 0 : nowMs - sinceMs
  const isLate = isKnown && ageMs > transaction.timeoutMs + 2 * sweepMs
  return {
    producerId,
    producerEpoch,
    transactionalId: transaction?.transactionalId ?? null,
    state: transaction?.state ?? null,
    sinceMs,
    timeoutMs: transaction?.timeoutMs ?? null,
    verdict: isLate ? 'late' : !isKnown && ageMs > settleMs ? 'hanging' : 'open',
    partitions,
  }
}

function isEqual(one: TopicPartition, other: TopicPartition): boolean {
  return one.topic === other.topic && one.partition === other.partition
}

/**
 * The two ways in which a Kafka transaction is made, and what differs on the wire. Every transaction keeps to the one it
 * began with; the next may use the other, since a cluster can finalise `transaction.version` or take it back at any time.
 *
 * - **v1** (KIP-98): partitions and groups are added first; a producer keeps its epoch from one transaction to the next.
 * - **v2** (KIP-890): every write adds what it writes to, and every end gives a new epoch, so that nothing of one
 *   transaction, however late it arrives, can get into the next.
 */
import { apis } from '../protocol/apis.ts'
import type { BrokerVersions } from '../transport/transport.ts'
import type { SendOptions } from './connections.ts'
import type { ProducerIdentity } from './partition-queue.ts'

export type TransactionProtocol = 'v1' | 'v2'

/** What the next transaction is made with. */
export interface ProducerSession {
  readonly identity: ProducerIdentity
  readonly protocol: TransactionProtocol
}

type Bounds = Pick<SendOptions, 'minVersion' | 'maxVersion'>

export const protocolVersions: Readonly<
  Record<TransactionProtocol, Readonly<Record<'produce' | 'offsets' | 'end', Bounds>>>
> = {
  // TxnOffsetCommit is fenced by the group's generation from 3 on (KIP-447).
  v1: { produce: { minVersion: 3, maxVersion: 11 }, offsets: { minVersion: 3, maxVersion: 4 }, end: { maxVersion: 4 } },
  // Produce 13 names topics by id only.
  v2: {
    produce: { minVersion: 12, maxVersion: 12 },
    offsets: { minVersion: 5, maxVersion: 5 },
    end: { minVersion: 5, maxVersion: 5 },
  },
}

/**
 * After the end of a transaction under v2 the first Produce waits so long when there is work at once. The markers are
 * written meanwhile; a Produce that comes before them is held in the broker for 20 ms, which cannot be set per request
 * (`add.partitions.to.txn.retry.backoff.ms`; measured on Kafka 4.3.1: 24 ms a transaction without the pause, 3.5 with it).
 */
export const pauseAfterEndMs = 3

/** What the transaction coordinator asks for on this connection; a broker that offers v2 need not have finalised it. */
export function protocolOf({ apis: offered, finalizedFeatures }: BrokerVersions): TransactionProtocol {
  const endTxn = offered.get(apis.EndTxn.key)?.max ?? 0
  return endTxn >= 5 && (finalizedFeatures.get('transaction.version') ?? 0) >= 2 ? 'v2' : 'v1'
}

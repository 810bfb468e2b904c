/**
 * What is known of one transactional id (`TransactionMetadata`): its producer id and epoch with those before them, its
 * transaction's state and partitions. The source of truth for which states follow which; who may act is for the
 * coordinator to judge.
 */
import type { Timer } from '../../common/clock.ts'
import { StateMachine } from '../../common/state-machine.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'

export type TransactionState =
  'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort'

const transitions: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  // An abort without a transaction bumps the epoch as any other (KIP-890).
  Empty: ['Ongoing', 'Empty', 'PrepareAbort'],
  Ongoing: ['PrepareCommit', 'PrepareAbort'],
  PrepareCommit: ['CompleteCommit'],
  PrepareAbort: ['CompleteAbort'],
  CompleteCommit: ['Ongoing', 'Empty', 'PrepareAbort'],
  CompleteAbort: ['Ongoing', 'Empty', 'PrepareAbort'],
}

export interface ProducerIdAndEpoch {
  readonly producerId: number
  readonly epoch: number
}

export const noEpoch = -1
/** A producer id has epochs up to 32,767; the last one is kept for fencing. */
export const lastEpoch = 32_766

export interface Transaction extends ProducerIdAndEpoch {
  readonly transactionalId: string
  readonly state: TransactionState
  readonly timeoutMs: number
  /** -1 while none is open. */
  readonly startedAtMs: number
  readonly partitions: readonly TopicPartition[]
}

export class TransactionEntry implements Transaction {
  readonly transactionalId: string
  readonly machine: StateMachine<TransactionState>
  producerId: number
  epoch: number = noEpoch
  /** Before the last bump: who repeats InitProducerId with it gets the same answer again. */
  previousEpoch: number = noEpoch
  /** Before its epochs were used up. */
  previousProducerId = -1
  timeoutMs = 0
  startedAtMs = -1
  readonly added: Map<TopicPartitionKey, TopicPartition> = new Map()
  timer: Timer | undefined

  constructor(transactionalId: string, producerId: number) {
    this.transactionalId = transactionalId
    this.producerId = producerId
    this.machine = new StateMachine(`transactional id ${transactionalId}`, 'Empty', transitions)
  }

  get state(): TransactionState {
    return this.machine.state
  }

  get partitions(): readonly TopicPartition[] {
    return [...this.added.values()]
  }

  /** Markers are on their way. */
  get isEnding(): boolean {
    return this.machine.is('PrepareCommit', 'PrepareAbort')
  }

  /** Of the present owner; or the id before, of one whose last epoch was bumped and who did not get the answer. */
  isOwnId({ producerId, epoch }: ProducerIdAndEpoch): boolean {
    if (this.epoch === noEpoch || producerId === this.producerId) return true
    return producerId === this.previousProducerId && epoch >= lastEpoch
  }

  /** Whether `owner` ended its transaction, got a new epoch for it (EndTxn 5), and asks again. */
  isRepeatedEnd({ producerId, epoch }: ProducerIdAndEpoch): boolean {
    if (producerId === this.producerId) return epoch + 1 === this.epoch
    return producerId === this.previousProducerId && epoch === lastEpoch && this.epoch === 0
  }
}

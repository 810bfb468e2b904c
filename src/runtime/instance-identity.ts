/**
 * Who this instance is to the brokers and to the other members, from one start to the next: the process id and the
 * transactional ids that its slot keeps, and what it would leave behind if it were killed now.
 *
 * What predecessors in the slot left open is ended at the start: their transactions by InitProducerId, their memberships
 * by LeaveGroup. So nobody waits for a session or a transaction time-out after `kill -9`. They stay recorded until this
 * instance has its place in the group.
 */
import { hostname } from 'node:os'
import type { Logger } from '../common/logger.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import type { KnownOwners, StateSlot } from './state-slot.ts'

export interface InstanceIdentityOptions {
  readonly applicationId: string
  readonly slot: StateSlot
  readonly startId: string
  readonly startedAtMs: number
  readonly isTransactional: boolean
  /** Static membership: whoever starts with the same instance id takes it over, so nothing is to be removed. */
  readonly isStatic: boolean
  readonly logger: Logger
}

export class InstanceIdentity {
  readonly startId: string
  readonly startedAtMs: number
  readonly host: string = hostname()
  /** Start ids of those who held the slot before and left something behind. */
  readonly replaces: readonly string[]
  readonly #options: InstanceIdentityOptions
  /** The newest that the slot knows of the tasks' last owners. */
  readonly knownOwners: KnownOwners
  readonly #memberIds = new Map<string, string>()
  readonly #transactionalIds = new Set<string>()
  #owners: KnownOwners

  constructor(options: InstanceIdentityOptions) {
    this.startId = options.startId
    this.startedAtMs = options.startedAtMs
    this.replaces = options.slot.predecessors.map(({ startId }) => startId)
    const known = options.slot.predecessors.flatMap(({ owners }) => owners ?? [])
    this.knownOwners = known.reduce((a, b) => (b.version > a.version ? b : a), { version: 0, tasks: {} })
    this.#owners = this.knownOwners
    this.#options = options
  }

  get processId(): string {
    return this.#options.slot.processId
  }

  /** Undefined where nothing is kept. */
  get directory(): string | undefined {
    return this.#options.slot.directory
  }

  /** Kafka Streams' rule: one per thread (ActiveTaskCreator.java); undefined where nothing is transactional. */
  transactionalId(threadId: string): string | undefined {
    const { isTransactional, applicationId } = this.#options
    return isTransactional ? `${applicationId}-${this.processId}-${threadId}` : undefined
  }

  /** Before anything is read that they may still be writing. A thread's own producer does it for its id. */
  async fencePredecessors(client: KafkaClient, transactionTimeoutMs: number, ownIds: readonly string[]): Promise<void> {
    const { slot, logger } = this.#options
    const left = new Set(slot.predecessors.flatMap((one) => one.transactionalIds))
    const transactionalIds = [...left].filter((id) => !ownIds.includes(id))
    if (transactionalIds.length === 0) return
    logger.info({ transactionalIds }, 'ending the transactions that an earlier process of this instance left open')
    await client.fenceProducers(transactionalIds, { transactionTimeoutMs })
  }

  /**
   * When the own JoinGroup is on its way, not before: the group then rebalances once, and its leader sees an instance that
   * is back instead of one that is gone, whose tasks others would take over.
   */
  async removePredecessors(client: KafkaClient): Promise<void> {
    const { slot, applicationId, isStatic, logger } = this.#options
    const memberIds = [...new Set(slot.predecessors.flatMap((one) => one.memberIds))]
    if (isStatic || memberIds.length === 0) return
    try {
      await client.removeMembers(applicationId, memberIds)
      logger.info({ memberIds }, 'an earlier process of this instance ended without a word; its memberships were ended')
    } catch (error) {
      logger.warn({ err: error, memberIds }, 'memberships of an earlier process could not be ended; they time out')
    }
  }

  /** Once this instance has its place in the group: nobody needs to hear of them any more. */
  async settlePredecessors(): Promise<void> {
    const { slot, logger } = this.#options
    if (slot.predecessors.length === 0) return
    await slot.settlePredecessors().catch((error: unknown) => {
      logger.warn({ err: error, directory: slot.directory }, 'the record of the slot could not be written')
    })
  }

  /** Before its producer is used, so that a successor knows which transaction to end. */
  async useTransactionalId(transactionalId: string | undefined): Promise<void> {
    if (transactionalId === undefined || this.#transactionalIds.has(transactionalId)) return
    this.#transactionalIds.add(transactionalId)
    await this.#remember()
  }

  /** Before the member joins with this id, so that a successor can remove it. */
  async useMemberId(threadId: string, memberId: string): Promise<void> {
    if (this.#options.isStatic || this.#memberIds.get(threadId) === memberId) return
    this.#memberIds.set(threadId, memberId)
    await this.#remember()
  }

  /** Told by the leader with an assignment: should all members be killed, their successors know whom to fence. */
  async rememberOwners(owners: KnownOwners): Promise<void> {
    if (owners.version <= this.#owners.version) return
    this.#owners = owners
    await this.#remember()
  }

  /** The thread has left the group. */
  forgetMember(threadId: string): void {
    this.#memberIds.delete(threadId)
  }

  isHeld(): Promise<boolean> {
    return this.#options.slot.isHeld()
  }

  /** After everything was closed in order; memberships that were kept on purpose stay recorded. */
  async release(): Promise<void> {
    await this.#options.slot.release({ transactionalIds: [], memberIds: [...this.#memberIds.values()] })
  }

  /** A record that cannot be written costs a successor its quick start, and nothing else. */
  async #remember(): Promise<void> {
    const { slot, logger } = this.#options
    try {
      await slot.remember({
        transactionalIds: [...this.#transactionalIds],
        memberIds: [...this.#memberIds.values()],
        owners: this.#owners,
      })
    } catch (error) {
      logger.warn({ err: error, directory: slot.directory }, 'the record of the slot could not be written')
    }
  }
}

/** For an instance that keeps nothing on disk: a new identity at every start. */
export function slotInMemory(processId: string): StateSlot {
  return {
    directory: undefined,
    processId,
    predecessors: [],
    remember: () => Promise.resolve(),
    settlePredecessors: () => Promise.resolve(),
    isHeld: () => Promise.resolve(true),
    release: () => Promise.resolve(),
  }
}

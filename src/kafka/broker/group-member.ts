/** A member of a classic group: what it told of itself, what it was assigned, and which answer it waits for. */
import type { Timer } from '../../common/clock.ts'
import type { Refusal } from './refusal.ts'

export interface Protocol {
  readonly name: string
  readonly metadata: Uint8Array
}

export interface Join {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly Protocol[]
  /** From JoinGroup v4 on a dynamic member is told its id first (KIP-394). */
  readonly requireKnownMemberId: boolean
  /** From JoinGroup v9 on a returning static leader is told not to assign (KIP-814). */
  readonly supportsSkippingAssignment: boolean
}

export interface Joined {
  readonly memberId: string
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leader: string
  readonly skipAssignment: boolean
  readonly members: readonly { memberId: string; groupInstanceId: string | null; metadata: Uint8Array }[]
}

export interface Synced {
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Uint8Array
}

/** The two ends of the promise somebody waits on. */
export interface Waiter<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

export class GroupMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs = 0
  rebalanceTimeoutMs = 0
  protocols: readonly Protocol[] = []
  assignment: Uint8Array = Buffer.alloc(0)
  /** Whether it sent SyncGroup in this generation. */
  synced = false
  /** The end of its session. */
  timer: Timer | undefined
  #join: Waiter<Joined> | undefined
  #sync: Waiter<Synced> | undefined

  constructor(memberId: string, join: Join) {
    this.memberId = memberId
    this.instanceId = join.instanceId
    this.clientId = join.clientId
    this.clientHost = join.clientHost
    this.update(join)
  }

  update(join: Join): void {
    this.sessionTimeoutMs = join.sessionTimeoutMs
    this.rebalanceTimeoutMs = join.rebalanceTimeoutMs
    // Copies: what came are views of the whole request.
    this.protocols = join.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }))
  }

  supports(protocol: string): boolean {
    return this.protocols.some(({ name }) => name === protocol)
  }

  /** The same protocols in the same order with the same bytes. */
  hasProtocols(protocols: readonly Protocol[]): boolean {
    if (protocols.length !== this.protocols.length) return false
    return protocols.every(({ name, metadata }, index) => {
      const own = this.protocols[index]
      return own !== undefined && own.name === name && Buffer.compare(own.metadata, metadata) === 0
    })
  }

  metadata(protocol: string | null): Uint8Array {
    return this.protocols.find(({ name }) => name === protocol)?.metadata ?? Buffer.alloc(0)
  }

  describe(protocol: string | null): Joined['members'][number] {
    return { memberId: this.memberId, groupInstanceId: this.instanceId, metadata: this.metadata(protocol) }
  }

  get joining(): boolean {
    return this.#join !== undefined
  }

  get syncing(): boolean {
    return this.#sync !== undefined
  }

  waitForJoin(waiter: Waiter<Joined>): void {
    this.#join = waiter
  }

  answerJoin(joined: Joined): void {
    this.#join?.resolve(joined)
    this.#join = undefined
  }

  refuseJoin(refusal: Refusal): void {
    this.#join?.reject(refusal)
    this.#join = undefined
  }

  waitForSync(waiter: Waiter<Synced>): void {
    this.#sync = waiter
  }

  /** Whether anybody waited. */
  answerSync(synced: Synced): boolean {
    const waiter = this.#sync
    this.#sync = undefined
    waiter?.resolve(synced)
    return waiter !== undefined
  }

  refuseSync(refusal: Refusal): void {
    this.#sync?.reject(refusal)
    this.#sync = undefined
  }

  refuseWaiting(refusal: Refusal): void {
    this.refuseJoin(refusal)
    this.refuseSync(refusal)
  }
}

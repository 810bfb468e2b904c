/**
 * One consumer group of the classic protocol, as Kafka's group coordinator keeps it (`ClassicGroup`,
 * `GroupMetadataManager`): members, generations, who leads, who is waiting for whom. It is the source of truth for
 * membership; it never looks at what members tell each other (metadata and assignments are bytes), and never at offsets.
 *
 * | state               | meaning                                                       | ends when                        |
 * |---------------------|---------------------------------------------------------------|----------------------------------|
 * | Empty               | no members                                                    | somebody joins                   |
 * | PreparingRebalance  | members are called to join again (their heartbeats say 27)    | all joined, or the time is over  |
 * | CompletingRebalance | joined; waiting for the leader's assignment                   | the leader's SyncGroup           |
 * | Stable              | everybody has an assignment                                   | a member joins, leaves, expires  |
 * | Dead                | deleted                                                       | never                            |
 */
import type { Clock, Timer } from '../../common/clock.ts'
import type { Random } from '../../common/random.ts'
import { StateMachine } from '../../common/state-machine.ts'
import { Refusal } from './refusal.ts'
import type { BrokerConfig } from './broker-config.ts'
import { GroupRoster } from './group-roster.ts'
import { GroupMember, type Join, type Joined, type Synced, type Waiter } from './group-member.ts'

export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

const transitions: Readonly<Record<ClassicGroupState, readonly ClassicGroupState[]>> = {
  Empty: ['PreparingRebalance', 'Dead'],
  PreparingRebalance: ['CompletingRebalance', 'Empty', 'Dead'],
  CompletingRebalance: ['Stable', 'PreparingRebalance', 'Dead'],
  Stable: ['PreparingRebalance', 'Dead'],
  Dead: [],
}

export interface Sync {
  readonly memberId: string
  readonly instanceId: string | null
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[]
}

const noBytes = Buffer.alloc(0)

export class ClassicGroup {
  readonly groupId: string
  readonly #clock: Clock
  readonly #random: Random
  readonly #config: BrokerConfig
  readonly #machine: StateMachine<ClassicGroupState>
  readonly #members = new GroupRoster()
  /** Ids that were given out (MEMBER_ID_REQUIRED) and not used yet; they hold up a rebalance as members do. */
  readonly #pendingIds = new Map<string, Timer>()
  #generationId = 0
  #protocolType: string | null = null
  #protocolName: string | null = null
  /** In PreparingRebalance: when it ends without those who are missing. In CompletingRebalance: for SyncGroups. */
  #rebalanceTimer: Timer | undefined
  /** The first rebalance of an empty group waits for its delay only, never for members. */
  #initialRebalance = false

  constructor(groupId: string, clock: Clock, random: Random, config: BrokerConfig) {
    this.groupId = groupId
    this.#clock = clock
    this.#random = random
    this.#config = config
    this.#machine = new StateMachine(`group ${groupId}`, 'Empty', transitions)
  }

  get state(): ClassicGroupState {
    return this.#machine.state
  }

  get generationId(): number {
    return this.#generationId
  }

  get protocolType(): string | null {
    return this.#protocolType
  }

  get protocolName(): string | null {
    return this.#protocolName
  }

  get members(): IterableIterator<GroupMember> {
    return this.#members[Symbol.iterator]()
  }

  // --- joining ------------------------------------------------------------------------------------------------------

  join(join: Join): Promise<Joined> {
    return new Promise((resolve, reject) => {
      try {
        this.#join(join, { resolve, reject })
      } catch (error) {
        reject(error)
      }
    })
  }

  #join(join: Join, waiter: Waiter<Joined>): void {
    if (this.state === 'Dead') throw new Refusal('COORDINATOR_NOT_AVAILABLE')
    if (!this.#supports(join)) throw new Refusal('INCONSISTENT_GROUP_PROTOCOL')
    if (join.memberId === '') this.#joinWithoutId(join, waiter)
    else this.#joinWithId(join, waiter)
  }

  #joinWithoutId(join: Join, waiter: Waiter<Joined>): void {
    const known = this.#members.withInstanceId(join.instanceId)
    const memberId = `${join.instanceId ?? join.clientId}-${this.#random.uuid()}`
    if (known !== undefined) return this.#replaceStatic(known, memberId, join, waiter)
    this.#checkSize()
    if (join.instanceId === null && join.requireKnownMemberId) {
      const timer = this.#clock.setTimer(join.sessionTimeoutMs, () => this.#dropPendingId(memberId))
      this.#pendingIds.set(memberId, timer)
      throw new Refusal('MEMBER_ID_REQUIRED', undefined, memberId)
    }
    this.#add(memberId, join, waiter)
  }

  #joinWithId(join: Join, waiter: Waiter<Joined>): void {
    const pending = this.#pendingIds.get(join.memberId)
    if (pending !== undefined) {
      pending.cancel()
      this.#pendingIds.delete(join.memberId)
      return this.#add(join.memberId, join, waiter)
    }
    const member = this.#members.require(join.memberId, join.instanceId)
    const { state } = this
    const unchanged = member.hasProtocols(join.protocols)
    const rebalances =
      state === 'PreparingRebalance' || !unchanged || (state === 'Stable' && member.memberId === this.#members.leaderId)
    if (!rebalances) {
      // Only the answer to the last JoinGroup was lost.
      waiter.resolve(this.#joined(member))
      return this.#touch(member)
    }
    this.#update(member, join, waiter)
    this.#prepareRebalance()
  }

  #add(memberId: string, join: Join, waiter: Waiter<Joined>): void {
    const member = new GroupMember(memberId, join)
    this.#members.add(member)
    if (this.#members.size === 1) this.#protocolType = join.protocolType
    member.waitForJoin(waiter)
    this.#touch(member)
    this.#prepareRebalance()
  }

  #update(member: GroupMember, join: Join, waiter: Waiter<Joined>): void {
    member.update(join)
    // An earlier JoinGroup of the same member that still waits is one its sender gave up.
    member.refuseJoin(new Refusal('REBALANCE_IN_PROGRESS'))
    member.waitForJoin(waiter)
    this.#touch(member)
  }

  /** A static member came back under its instance id (KIP-345): a new member id, the old assignment, no rebalance. */
  #replaceStatic(old: GroupMember, newId: string, join: Join, waiter: Waiter<Joined>): void {
    const hadProtocol = this.#protocolName
    const sameProtocols = old.hasProtocols(join.protocols)
    old.refuseWaiting(new Refusal('FENCED_INSTANCE_ID'))
    old.timer?.cancel()
    const member = new GroupMember(newId, join)
    member.assignment = old.assignment
    this.#members.replace(old, member)
    const led = this.#members.leaderId === newId
    this.#touch(member)
    const unchanged = sameProtocols || this.#members.selectProtocol() === hadProtocol
    if (this.state === 'Stable' && unchanged) {
      // An older client that leads must not assign: it is told that its former self leads.
      const skipAssignment = led && join.supportsSkippingAssignment
      const answer = this.#joined(member)
      waiter.resolve(
        led && !skipAssignment ? { ...answer, leader: old.memberId, members: [] } : { ...answer, skipAssignment },
      )
      return
    }
    member.waitForJoin(waiter)
    this.#prepareRebalance()
  }

  #checkSize(): void {
    const size = this.#members.size + this.#pendingIds.size
    if (size >= this.#config.groupMaxSize) throw new Refusal('GROUP_MAX_SIZE_REACHED')
  }

  #supports(join: Join): boolean {
    if (join.protocolType === '' || join.protocols.length === 0) return false
    if (this.#members.size === 0) return true
    return join.protocolType === this.#protocolType && this.#members.admits(join.protocols)
  }

  // --- rebalance ----------------------------------------------------------------------------------------------------

  #prepareRebalance(): void {
    if (this.state === 'PreparingRebalance') return this.#completeWhenAllJoined()
    if (this.state === 'CompletingRebalance') {
      for (const member of this.#members) {
        member.assignment = noBytes
        member.refuseSync(new Refusal('REBALANCE_IN_PROGRESS'))
      }
    }
    this.#initialRebalance = this.state === 'Empty'
    this.#machine.become('PreparingRebalance', 'a rebalance')
    const delayMs = this.#initialRebalance
      ? this.#config.groupInitialRebalanceDelayMs
      : this.#members.rebalanceTimeoutMs
    this.#setRebalanceTimer(delayMs, () => this.#completeJoin())
    this.#completeWhenAllJoined()
  }

  #completeWhenAllJoined(): void {
    if (this.state !== 'PreparingRebalance' || this.#initialRebalance || this.#pendingIds.size > 0) return
    for (const member of this.#members) if (!member.joining) return
    this.#completeJoin()
  }

  /** Everybody who has not joined again is out, but for static members, who have until their session ends. */
  #completeJoin(): void {
    for (const member of [...this.#members]) {
      if (!member.joining && member.instanceId === null) this.#members.remove(member)
    }
    if (this.#members.size > 0 && !this.#members.electLeader()) {
      this.#setRebalanceTimer(this.#members.rebalanceTimeoutMs, () => this.#completeJoin())
      return
    }
    this.#generationId += 1
    this.#initialRebalance = false
    this.#cancelRebalanceTimer()
    if (this.#members.size === 0) {
      this.#protocolName = null
      this.#machine.become('Empty', 'the end of a rebalance')
      return
    }
    this.#protocolName = this.#members.selectProtocol() ?? null
    this.#machine.become('CompletingRebalance', 'the end of a rebalance')
    for (const member of this.#members) {
      member.synced = false
      member.answerJoin(this.#joined(member))
      this.#touch(member)
    }
    const generation = this.#generationId
    this.#setRebalanceTimer(this.#members.rebalanceTimeoutMs, () => this.#expireUnsynced(generation))
  }

  #joined(member: GroupMember): Joined {
    const { leaderId } = this.#members
    return {
      memberId: member.memberId,
      generationId: this.#generationId,
      protocolType: this.#protocolType,
      protocolName: this.#protocolName,
      leader: leaderId ?? '',
      skipAssignment: false,
      members: member.memberId === leaderId ? [...this.#members].map((one) => one.describe(this.#protocolName)) : [],
    }
  }

  #setRebalanceTimer(delayMs: number, callback: () => void): void {
    this.#cancelRebalanceTimer()
    this.#rebalanceTimer = this.#clock.setTimer(delayMs, callback)
  }

  #cancelRebalanceTimer(): void {
    this.#rebalanceTimer?.cancel()
    this.#rebalanceTimer = undefined
  }

  // --- assignment ---------------------------------------------------------------------------------------------------

  sync(sync: Sync): Promise<Synced> {
    return new Promise((resolve, reject) => {
      try {
        this.#sync(sync, { resolve, reject })
      } catch (error) {
        reject(error)
      }
    })
  }

  #sync(sync: Sync, waiter: Waiter<Synced>): void {
    const member = this.#member(sync.memberId, sync.instanceId, sync.generationId)
    if (differs(sync.protocolType, this.#protocolType) || differs(sync.protocolName, this.#protocolName)) {
      throw new Refusal('INCONSISTENT_GROUP_PROTOCOL')
    }
    if (this.state === 'PreparingRebalance') throw new Refusal('REBALANCE_IN_PROGRESS')
    if (this.state === 'Empty') throw new Refusal('UNKNOWN_MEMBER_ID')
    member.synced = true
    if (this.state === 'Stable') {
      waiter.resolve(this.#synced(member))
      return this.#touch(member)
    }
    member.refuseSync(new Refusal('REBALANCE_IN_PROGRESS'))
    member.waitForSync(waiter)
    if (member.memberId === this.#members.leaderId) this.#spread(sync.assignments)
  }

  #spread(assignments: Sync['assignments']): void {
    const byMember = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]))
    this.#machine.become('Stable', 'the leader’s assignment')
    for (const member of this.#members) {
      // A copy: what came is a view of the whole request.
      member.assignment = Buffer.from(byMember.get(member.memberId) ?? noBytes)
      if (member.answerSync(this.#synced(member))) this.#touch(member)
    }
  }

  #synced(member: GroupMember): Synced {
    return { protocolType: this.#protocolType, protocolName: this.#protocolName, assignment: member.assignment }
  }

  #expireUnsynced(generation: number): void {
    if (this.#generationId !== generation || !this.#machine.is('CompletingRebalance', 'Stable')) return
    const late = [...this.#members].filter((member) => !member.synced)
    for (const member of late) this.#members.remove(member)
    if (late.length > 0) this.#prepareRebalance()
  }

  // --- staying and going --------------------------------------------------------------------------------------------

  heartbeat(memberId: string, instanceId: string | null, generationId: number): void {
    const member = this.#member(memberId, instanceId, generationId)
    this.#touch(member)
    if (this.state === 'PreparingRebalance') throw new Refusal('REBALANCE_IN_PROGRESS')
  }

  leave(memberId: string, instanceId: string | null): void {
    if (this.state === 'Dead') throw new Refusal('UNKNOWN_MEMBER_ID')
    if (this.#pendingIds.has(memberId)) return this.#dropPendingId(memberId)
    // An operator removes a static member by its instance id alone.
    const known = memberId === '' ? this.#members.withInstanceId(instanceId) : undefined
    this.#remove(known ?? this.#members.require(memberId, instanceId))
  }

  /** As if the member's session had ended. */
  expire(memberId: string): boolean {
    const member = this.#members.get(memberId)
    if (member === undefined) return false
    this.#remove(member)
    return true
  }

  /** What an offset commit must prove; throws its refusal (`ClassicGroup.validateOffsetCommit`). */
  checkCommit(memberId: string, instanceId: string | null, generationId: number, transactional: boolean): void {
    if (this.state === 'Dead') throw new Refusal('COORDINATOR_NOT_AVAILABLE')
    // A consumer without group management, or an operator.
    if (generationId < 0 && this.state === 'Empty') return
    if (generationId >= 0 || memberId !== '' || instanceId !== null) {
      const member = this.#member(memberId, instanceId, generationId)
      // Only a plain commit keeps the session alive (`OffsetMetadataManager.commitOffset`), never one of a transaction.
      if (!transactional && this.#machine.is('Stable', 'PreparingRebalance')) this.#touch(member)
    } else if (!transactional) {
      throw new Refusal('UNKNOWN_MEMBER_ID')
    }
    if (!transactional && this.state === 'CompletingRebalance') throw new Refusal('REBALANCE_IN_PROGRESS')
  }

  /** The group moved to another coordinator: whoever waits here must look for it. */
  refuseWaiting(refusal: Refusal): void {
    for (const member of this.#members) member.refuseWaiting(refusal)
  }

  die(): void {
    this.#cancelRebalanceTimer()
    for (const timer of this.#pendingIds.values()) timer.cancel()
    this.#pendingIds.clear()
    for (const member of [...this.#members]) {
      member.refuseWaiting(new Refusal('COORDINATOR_NOT_AVAILABLE'))
      this.#members.remove(member)
    }
    if (this.state !== 'Dead') this.#machine.become('Dead', 'deletion')
  }

  #remove(member: GroupMember): void {
    member.refuseWaiting(new Refusal('UNKNOWN_MEMBER_ID'))
    this.#members.remove(member)
    this.#prepareRebalance()
  }

  #dropPendingId(memberId: string): void {
    this.#pendingIds.get(memberId)?.cancel()
    this.#pendingIds.delete(memberId)
    this.#completeWhenAllJoined()
  }

  /** Begins the member's session anew. */
  #touch(member: GroupMember): void {
    member.timer?.cancel()
    member.timer = this.#clock.setTimer(member.sessionTimeoutMs, () => {
      // Whoever waits for an answer cannot send heartbeats.
      if (member.joining || member.syncing) this.#touch(member)
      else this.#remove(member)
    })
  }

  #member(memberId: string, instanceId: string | null, generationId: number): GroupMember {
    const member = this.#members.require(memberId, instanceId)
    if (generationId !== this.#generationId) throw new Refusal('ILLEGAL_GENERATION')
    return member
  }
}

/** Older SyncGroups do not say what they mean. */
function differs(given: string | null, own: string | null): boolean {
  return given !== null && own !== null && given !== own
}

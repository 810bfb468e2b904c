/**
 * All groups of the cluster with their offsets. It decides which group a request is about and whether it exists; the
 * rules are in `classic-group.ts` and `group-offsets.ts`. Which node answers for a group is not its business: the
 * handlers ask `BrokerNodes`.
 */
import type { Clock } from '../../common/clock.ts'
import type { Random } from '../../common/random.ts'
import type { BrokerConfig } from './broker-config.ts'
import { ClassicGroup } from './classic-group.ts'
import type { Sync } from './classic-group.ts'
import { coordinatorPartition } from './coordinator-partition.ts'
import type { Join, Joined, Synced } from './group-member.ts'
import { GroupOffsets } from './group-offsets.ts'
import type { CommittedOffset } from './group-offsets.ts'
import { Refusal } from './refusal.ts'

export interface CommitIdentity {
  readonly groupId: string
  readonly memberId: string
  readonly instanceId: string | null
  readonly generationId: number
}

export interface Group {
  readonly classic: ClassicGroup
  readonly offsets: GroupOffsets
}

export class GroupCoordinator {
  readonly #clock: Clock
  readonly #random: Random
  readonly #config: BrokerConfig
  readonly #groups = new Map<string, Group>()

  constructor(clock: Clock, random: Random, config: BrokerConfig) {
    this.#clock = clock
    this.#random = random
    this.#config = config
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  get ids(): readonly string[] {
    return [...this.#groups.keys()]
  }

  async join(groupId: string, join: Join): Promise<Joined> {
    const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = this.#config
    if (groupId === '') throw new Refusal('INVALID_GROUP_ID')
    if (join.sessionTimeoutMs < groupMinSessionTimeoutMs || join.sessionTimeoutMs > groupMaxSessionTimeoutMs) {
      throw new Refusal('INVALID_SESSION_TIMEOUT')
    }
    let group = this.#groups.get(groupId)
    if (group === undefined) {
      if (join.memberId !== '') throw new Refusal('UNKNOWN_MEMBER_ID')
      group = this.#create(groupId)
    }
    return group.classic.join(join)
  }

  async sync(groupId: string, sync: Sync): Promise<Synced> {
    return this.#existing(groupId).classic.sync(sync)
  }

  heartbeat(groupId: string, memberId: string, instanceId: string | null, generationId: number): void {
    this.#existing(groupId).classic.heartbeat(memberId, instanceId, generationId)
  }

  leave(groupId: string, memberId: string, instanceId: string | null): void {
    this.#existing(groupId).classic.leave(memberId, instanceId)
  }

  /** Checks the right to commit and returns where offsets go; throws the refusal that counts for all of them. */
  offsetsToCommit(identity: CommitIdentity, transactional: boolean): GroupOffsets {
    const { groupId, memberId, instanceId, generationId } = identity
    let group = this.#groups.get(groupId)
    if (group === undefined) {
      // Offsets without group management make the group; a member of a group that is not there is late.
      if (generationId >= 0) throw new Refusal('ILLEGAL_GENERATION')
      group = this.#create(groupId)
    }
    group.classic.checkCommit(memberId, instanceId, generationId, transactional)
    return group.offsets
  }

  checkMetadata(offset: CommittedOffset): void {
    if (Buffer.byteLength(offset.metadata) > this.#config.offsetMetadataMaxBytes) {
      throw new Refusal('OFFSET_METADATA_TOO_LARGE')
    }
  }

  /** The transaction's marker reached that partition of `__consumer_offsets`. */
  completeTransaction(offsetsPartition: number, producerId: number, committed: boolean): void {
    for (const [groupId, group] of this.#groups) {
      if (coordinatorPartition(groupId) === offsetsPartition) group.offsets.complete(producerId, committed)
    }
  }

  delete(groupId: string): void {
    const group = this.#groups.get(groupId)
    if (group === undefined) throw new Refusal('GROUP_ID_NOT_FOUND')
    if (group.classic.state !== 'Empty') throw new Refusal('NON_EMPTY_GROUP')
    this.#groups.delete(groupId)
    group.classic.die()
  }

  deleteTopic(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.deleteTopic(topic)
  }

  /** The groups of these partitions of `__consumer_offsets` moved to another node. */
  moved(offsetsPartition: number): void {
    for (const [groupId, group] of this.#groups) {
      if (coordinatorPartition(groupId) === offsetsPartition)
        group.classic.refuseWaiting(new Refusal('NOT_COORDINATOR'))
    }
  }

  close(): void {
    for (const group of this.#groups.values()) group.classic.die()
    this.#groups.clear()
  }

  #existing(groupId: string): Group {
    if (groupId === '') throw new Refusal('INVALID_GROUP_ID')
    const group = this.#groups.get(groupId)
    if (group === undefined) throw new Refusal('UNKNOWN_MEMBER_ID')
    return group
  }

  #create(groupId: string): Group {
    if (this.#groups.size >= this.#config.maxGroups) this.#dropUnused()
    const classic = new ClassicGroup(groupId, this.#clock, this.#random, this.#config)
    const group: Group = { classic, offsets: new GroupOffsets() }
    this.#groups.set(groupId, group)
    return group
  }

  /** Kafka forgets empty groups without offsets after a while; here it is done when the room is needed. */
  #dropUnused(): void {
    for (const [groupId, { classic, offsets }] of this.#groups) {
      if (classic.state !== 'Empty' || !offsets.isEmpty) continue
      this.#groups.delete(groupId)
      classic.die()
    }
    if (this.#groups.size >= this.#config.maxGroups) {
      throw new Refusal('COORDINATOR_NOT_AVAILABLE', `the embedded broker has its ${this.#config.maxGroups} groups`)
    }
  }
}

/**
 * The members of one classic group in the order they joined, and who leads them. It answers questions about members
 * (who is it, what do all support) and knows nothing of rebalances, generations or time.
 */
import type { GroupMember, Join } from './group-member.ts'
import { Refusal } from './refusal.ts'

export class GroupRoster {
  readonly #members = new Map<string, GroupMember>()
  /** Member ids by instance id (KIP-345). */
  readonly #static = new Map<string, string>()
  #leaderId: string | undefined

  get size(): number {
    return this.#members.size
  }

  get leaderId(): string | undefined {
    return this.#leaderId
  }

  [Symbol.iterator](): IterableIterator<GroupMember> {
    return this.#members.values()
  }

  get(memberId: string): GroupMember | undefined {
    return this.#members.get(memberId)
  }

  withInstanceId(instanceId: string | null): GroupMember | undefined {
    const memberId = instanceId === null ? undefined : this.#static.get(instanceId)
    return memberId === undefined ? undefined : this.#members.get(memberId)
  }

  /** Throws the refusal of a request whose sender is not (any more) who it says it is. */
  require(memberId: string, instanceId: string | null): GroupMember {
    if (instanceId !== null) {
      const known = this.#static.get(instanceId)
      if (known === undefined) throw new Refusal('UNKNOWN_MEMBER_ID')
      if (known !== memberId) throw new Refusal('FENCED_INSTANCE_ID')
    }
    const member = this.#members.get(memberId)
    if (member === undefined) throw new Refusal('UNKNOWN_MEMBER_ID')
    return member
  }

  /** The first one leads. */
  add(member: GroupMember): void {
    this.#members.set(member.memberId, member)
    if (member.instanceId !== null) this.#static.set(member.instanceId, member.memberId)
    this.#leaderId ??= member.memberId
  }

  /** In the same place, since the first that joined leads. */
  replace(old: GroupMember, member: GroupMember): void {
    const all = [...this.#members.values()]
    this.#members.clear()
    for (const one of all) {
      const kept = one === old ? member : one
      this.#members.set(kept.memberId, kept)
    }
    if (member.instanceId !== null) this.#static.set(member.instanceId, member.memberId)
    if (this.#leaderId === old.memberId) this.#leaderId = member.memberId
  }

  remove(member: GroupMember): void {
    member.timer?.cancel()
    this.#members.delete(member.memberId)
    if (member.instanceId !== null) this.#static.delete(member.instanceId)
    if (this.#leaderId === member.memberId) this.#leaderId = this.#members.keys().next().value
  }

  /** The leader stays if it joined again; else the first that did. False: nobody did. */
  electLeader(): boolean {
    const leader = this.#leaderId === undefined ? undefined : this.#members.get(this.#leaderId)
    if (leader?.joining) return true
    for (const member of this) {
      if (!member.joining) continue
      this.#leaderId = member.memberId
      return true
    }
    return false
  }

  /** Whether a member with these protocols would have one with all others. */
  admits(protocols: Join['protocols']): boolean {
    return protocols.some(({ name }) => this.#allSupport(name))
  }

  /** Each member votes for the first of its protocols that all support. */
  selectProtocol(): string | undefined {
    const votes = new Map<string, number>()
    for (const member of this) {
      const vote = member.protocols.find(({ name }) => this.#allSupport(name))
      if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
    }
    let selected: string | undefined
    for (const [name, count] of votes) {
      if (selected === undefined || count > (votes.get(selected) ?? 0)) selected = name
    }
    return selected
  }

  get rebalanceTimeoutMs(): number {
    let timeoutMs = 0
    for (const member of this) timeoutMs = Math.max(timeoutMs, member.rebalanceTimeoutMs)
    return timeoutMs
  }

  #allSupport(protocol: string): boolean {
    for (const member of this) if (!member.supports(protocol)) return false
    return true
  }
}

/**
 * Which members of the group are one and the same, and which one of them runs.
 *
 * 1. *Restarted.* A member that held a slot before another member did (the other one `replaces` its start, on the same
 *    host, in the same directory) is gone: the lock of a slot passes on only when its holder has ended. Its JoinGroup
 *    can still be parked at the broker, or its session has not ended yet. It gets no tasks; the other one, its heir,
 *    counts as the owner of its tasks, since their state is on that disk. This is read from the records of the slot and
 *    not from times: a clock may have been set back.
 * 2. *Copied.* Of members that are left with one transactional id the one that started first runs (a tie: the lesser
 *    start id); the others get no tasks. They are copies of one state directory, and their producers fence each other.
 *    Members of one start can only be former memberships of one thread.
 *
 * Both sides are told of each other in `conflict`, but for the one that runs beside a copy: nothing is asked of it.
 * A member that is told of a conflict asks `isPredecessor`: if so, it removes the other one from the group, which lets
 * the group rebalance once more, and goes on with what it was given; a conflict names one member, and the next one is
 * named then. If not, it stops, naming host and directory of both, so that somebody can tell them apart. Nothing is
 * decided about members without a transactional id but rule 1.
 */
import type { ConflictingMember, SubscriptionInfo } from './user-data.ts'

export interface KnownMember {
  readonly memberId: string
  readonly info: SubscriptionInfo
}

export interface Settlement {
  /** Those that may run, in the order given; an heir's tasks include those that it inherits. */
  readonly running: readonly KnownMember[]
  /** Those that get no tasks; each of them has a conflict. */
  readonly idle: readonly KnownMember[]
  /** Rule 1: no process is behind them any more. */
  readonly gone: readonly KnownMember[]
  /** By member id. */
  readonly conflicts: ReadonlyMap<string, ConflictingMember>
}

type SlotHolder = Pick<SubscriptionInfo, 'startId' | 'host' | 'directory'>

/** True where `other` has nobody behind it: a former holder of the slot, or a former membership of this very start. */
export function isPredecessor(other: SlotHolder, self: SlotHolder & Pick<SubscriptionInfo, 'replaces'>): boolean {
  return isSameStart(other, self) || isReplaced(other, self)
}

export function settleDuplicates(members: readonly KnownMember[]): Settlement {
  const conflicts = new Map<string, ConflictingMember>()
  const ordered = members.toSorted(compareStarts)
  const heirs = new Map(ordered.map((member) => [member, heirOf(member, ordered)]))
  const gone = ordered.filter((member) => heirs.get(member) !== undefined)
  for (const member of gone) {
    const heir = heirs.get(member) as KnownMember
    conflicts.set(member.memberId, described(heir))
    conflicts.set(heir.memberId, described(member))
  }
  const standing = ordered.filter((member) => heirs.get(member) === undefined)
  const copies = [...Map.groupBy(standing, ({ info }) => info.transactionalId)].flatMap(([id, [first, ...others]]) => {
    if (id === undefined || first === undefined) return []
    for (const other of others) {
      conflicts.set(other.memberId, described(first))
      if (isSameStart(other.info, first.info)) conflicts.set(first.memberId, described(other))
    }
    return others
  })
  return {
    running: members
      .filter((member) => heirs.get(member) === undefined && !copies.includes(member))
      .map((member) =>
        withInheritance(
          member,
          gone.filter((other) => heirs.get(other) === member),
        ),
      ),
    idle: [...gone, ...copies],
    gone,
    conflicts,
  }
}

/** The last one of those that replaced it; undefined where nobody did. */
function heirOf(member: KnownMember, members: readonly KnownMember[]): KnownMember | undefined {
  let heir: KnownMember | undefined
  // Bounded: records that say that members replaced each other in a circle decide nothing.
  for (const _ of members) {
    const next = successorOf(heir ?? member, members)
    if (next === undefined) return heir
    heir = next
  }
  return undefined
}

/** Of all threads of the process that came after, the one of the same number, else the last one. */
function successorOf(member: KnownMember, members: readonly KnownMember[]): KnownMember | undefined {
  const successors = members.filter(({ info }) => isReplaced(member.info, info))
  return successors.findLast(({ info }) => info.transactionalId === member.info.transactionalId) ?? successors.at(-1)
}

function isReplaced(other: SlotHolder, self: SlotHolder & Pick<SubscriptionInfo, 'replaces'>): boolean {
  return (
    other.directory !== undefined &&
    other.directory === self.directory &&
    other.host === self.host &&
    other.startId !== self.startId &&
    self.replaces.includes(other.startId)
  )
}

function isSameStart(one: SlotHolder, two: SlotHolder): boolean {
  return one.startId !== '' && one.startId === two.startId
}

/** Tasks of another topology only share their names with ours. */
function withInheritance({ memberId, info }: KnownMember, gone: readonly KnownMember[]): KnownMember {
  const left = gone.filter((other) => other.info.topologyFingerprint === info.topologyFingerprint)
  const tasks = new Set([...info.tasks, ...left.flatMap((other) => other.info.tasks)])
  return { memberId, info: { ...info, tasks: [...tasks] } }
}

function described({ memberId, info }: KnownMember): ConflictingMember {
  const { startId, transactionalId, host, directory } = info
  return { memberId, startId, transactionalId, host, directory }
}

function compareStarts({ info: a, memberId: idOfA }: KnownMember, { info: b, memberId: idOfB }: KnownMember): number {
  return a.startedAtMs - b.startedAtMs || compareText(a.startId, b.startId) || compareText(idOfA, idOfB)
}

function compareText(one: string, two: string): number {
  return one < two ? -1 : one > two ? 1 : 0
}

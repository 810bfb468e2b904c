/**
 * Decides which member runs which task: balanced first, sticky second.
 *
 * 1. Every member keeps what it owns, up to its fair share (n tasks over m members: all get floor(n/m), and n mod m of
 *    them one more). Who owns too much gives up what a member below its share has on its disk, and then tasks of the
 *    sub-topology that it has most of.
 * 2. What nobody owns goes to a member that has it on its disk, up to its share: who was killed and starts again gets
 *    its tasks back, and takes from the others no more than balance asks for.
 * 3. What is left goes, in order of task id, to the member with the fewest tasks, then the fewest of that sub-topology.
 *
 * The result depends only on its arguments, and not on their order, so that a leader that changes in the middle decides
 * the same.
 */
export interface AssignorMember {
  readonly memberId: string
  /** Members of one process are told apart only by their ids; kept for rack and standby rules. */
  readonly processId: string
  readonly ownedTasks: readonly string[]
  /** Not owned, but their state is on the member's disk; unlike in KIP-441 nothing is known of how old it is. */
  readonly localTasks: readonly string[]
}

export function assignTasks(
  tasks: readonly string[],
  members: readonly AssignorMember[],
): Map<string, readonly string[]> {
  if (members.length === 0) return new Map()
  const group = new Group(tasks, members)
  keepOwned(group)
  placeByDisk(group)
  for (const task of group.free) group.give(task, leastLoaded(group.loads, subTopologyOf(task)))
  return new Map(group.loads.map(({ member, tasks: given }) => [member.memberId, given.toSorted(compareTaskIds)]))
}

/** What is free, who has what, and how much each may have. */
class Group {
  /** In order of task id. */
  readonly free: Set<string>
  /** In order of process and member. */
  readonly loads: readonly Load[]
  readonly #share: number
  /** How many members may still have one more than the share. */
  #extra: number

  constructor(tasks: readonly string[], members: readonly AssignorMember[]) {
    this.free = new Set(tasks.toSorted(compareTaskIds))
    this.loads = members
      .toSorted((a, b) => compareText(a.processId, b.processId) || compareText(a.memberId, b.memberId))
      .map((member) => new Load(member))
    this.#share = Math.floor(this.free.size / members.length)
    this.#extra = this.free.size % members.length
  }

  /** As many tasks a member may have now. */
  get limit(): number {
    return this.#extra > 0 ? this.#share + 1 : this.#share
  }

  give(task: string, load: Load): void {
    if (load.tasks.length === this.#share) this.#extra--
    load.add(task)
    this.free.delete(task)
  }
}

function keepOwned(group: Group): void {
  const claims = group.loads.map((load) => ({ load, owned: existing(load.member.ownedTasks, group.free) }))
  const elsewhere = new Set(
    claims.flatMap(({ load, owned }) => (owned.length < group.limit ? load.member.localTasks : [])),
  )
  for (const { load, owned: claimed } of claims) {
    // Two members that claim one task: the claim of one is stale, and the first in order keeps it.
    const owned = existing(claimed, group.free)
    for (const task of keep(owned, group.limit, elsewhere)) group.give(task, load)
  }
}

/** Those that one member only can take come first, so that a member with more choice does not take them away. */
function placeByDisk(group: Group): void {
  const holders = new Map<string, Load[]>()
  for (const load of group.loads) {
    for (const task of existing(load.member.localTasks, group.free)) {
      holders.set(task, [...(holders.get(task) ?? []), load])
    }
  }
  const order = [...holders].toSorted(([a, one], [b, two]) => one.length - two.length || compareTaskIds(a, b))
  for (const [task, loads] of order) {
    const open = loads.filter((load) => load.tasks.length < group.limit)
    if (open.length > 0) group.give(task, leastLoaded(open, subTopologyOf(task)))
  }
}

/** Without repetition, those that are still to be given. */
function existing(tasks: readonly string[], free: ReadonlySet<string>): string[] {
  return [...new Set(tasks)].filter((task) => free.has(task))
}

/** `limit` of the tasks, dropping first what is `elsewhere` too, then from the sub-topology that has most. */
function keep(owned: readonly string[], limit: number, elsewhere: ReadonlySet<string>): string[] {
  const bySubTopology = Map.groupBy(owned.toSorted(compareTaskIds), subTopologyOf)
  for (let surplus = owned.length - limit; surplus > 0; surplus--) {
    const lists = [...bySubTopology.values()]
    const movable = lists.filter((tasks) => tasks.some((task) => elsewhere.has(task)))
    const most = (movable.length > 0 ? movable : lists).reduce((a, b) => (b.length > a.length ? b : a))
    // Without one that is elsewhere too the place is -1, which is the last.
    most.splice(
      most.findLastIndex((task) => elsewhere.has(task)),
      1,
    )
  }
  return [...bySubTopology.values()].flat()
}

function leastLoaded(loads: readonly Load[], subTopology: number): Load {
  return loads.reduce((best, load) => (load.isLighterThan(best, subTopology) ? load : best))
}

class Load {
  readonly member: AssignorMember
  readonly tasks: string[] = []
  readonly #perSubTopology = new Map<number, number>()

  constructor(member: AssignorMember) {
    this.member = member
  }

  add(task: string): void {
    this.tasks.push(task)
    const subTopology = subTopologyOf(task)
    this.#perSubTopology.set(subTopology, this.of(subTopology) + 1)
  }

  of(subTopology: number): number {
    return this.#perSubTopology.get(subTopology) ?? 0
  }

  isLighterThan(other: Load, subTopology: number): boolean {
    if (this.tasks.length !== other.tasks.length) return this.tasks.length < other.tasks.length
    return this.of(subTopology) < other.of(subTopology)
  }
}

function subTopologyOf(task: string): number {
  return Number(task.slice(0, task.indexOf('_')))
}

/** `2_10` after `2_9`, as numbers. */
export function compareTaskIds(one: string, two: string): number {
  const partition = (task: string): number => Number(task.slice(task.indexOf('_') + 1))
  return subTopologyOf(one) - subTopologyOf(two) || partition(one) - partition(two)
}

function compareText(one: string, two: string): number {
  return one < two ? -1 : one > two ? 1 : 0
}

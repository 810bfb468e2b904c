/**
 * Decides which member runs which task: balanced first, sticky second.
 *
 * 1. Every member keeps what it owns, up to its fair share (n tasks over m members: all get floor(n/m), and n mod m of
 *    them one more). Who owns too much gives up tasks of the sub-topology that it has most of.
 * 2. What is left goes, in order of task id, to the member with the fewest tasks, then the fewest of that sub-topology.
 *
 * The result depends only on its arguments, so that a leader that changes in the middle decides the same.
 */
export interface AssignorMember {
  readonly memberId: string
  /** Members of one process are told apart only by their ids; kept for rack and standby rules. */
  readonly processId: string
  readonly ownedTasks: readonly string[]
}

export function assignTasks(
  tasks: readonly string[],
  members: readonly AssignorMember[],
): Map<string, readonly string[]> {
  const load = new Map<string, Load>()
  const sorted = members.toSorted(
    (a, b) => compareText(a.processId, b.processId) || compareText(a.memberId, b.memberId),
  )
  for (const member of sorted) load.set(member.memberId, new Load())
  if (load.size === 0) return new Map()

  const free = new Set(tasks.toSorted(compareTaskIds))
  keepOwned(sorted, load, free, tasks.length)
  for (const task of free) leastLoaded(load, task).add(task)
  return new Map([...load].map(([memberId, { tasks: assigned }]) => [memberId, assigned.toSorted(compareTaskIds)]))
}

function keepOwned(
  members: readonly AssignorMember[],
  load: Map<string, Load>,
  free: Set<string>,
  count: number,
): void {
  const share = Math.floor(count / members.length)
  let extra = count % members.length
  const claims = members.map((member) => ({ member, owned: claim(member, free) }))
  // Who owns most chooses first who may keep one more than its share; the order is otherwise that of the members.
  for (const { member, owned: claimed } of claims.toSorted((a, b) => b.owned.length - a.owned.length)) {
    // Two members that claim one task: the claim of one is stale, and the first in order keeps it.
    const owned = claimed.filter((task) => free.has(task))
    const limit = owned.length > share && extra > 0 ? share + 1 : share
    if (limit > share) extra--
    for (const task of keep(owned, limit)) {
      load.get(member.memberId)?.add(task)
      free.delete(task)
    }
  }
}

/** The member's owned tasks that (still) exist. */
function claim(member: AssignorMember, free: ReadonlySet<string>): string[] {
  return [...new Set(member.ownedTasks)].filter((task) => free.has(task))
}

/** `limit` of the tasks, dropping from the sub-topology that has most. */
function keep(owned: readonly string[], limit: number): string[] {
  const bySubTopology = Map.groupBy(owned.toSorted(compareTaskIds), subTopologyOf)
  let surplus = owned.length - limit
  while (surplus-- > 0) {
    const largest = [...bySubTopology.values()].reduce((a, b) => (b.length > a.length ? b : a))
    largest.pop()
  }
  return [...bySubTopology.values()].flat()
}

function leastLoaded(load: ReadonlyMap<string, Load>, task: string): Load {
  const subTopology = subTopologyOf(task)
  let best: Load | undefined
  for (const candidate of load.values()) {
    if (best === undefined || candidate.isLighterThan(best, subTopology)) best = candidate
  }
  return best as Load
}

class Load {
  readonly tasks: string[] = []
  readonly #perSubTopology = new Map<number, number>()

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

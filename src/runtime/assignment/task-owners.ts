/**
 * Who may hold a transaction open over a task: the map task to transactional ids that every leader carries on and
 * sends to all members, so that it outlives each of them. A member that vanishes leaves its transaction open, and until
 * its time-out nobody can read past it; who takes over the task ends it at once with an InitProducerId for that id.
 *
 * The entry of a task begins as the id of its owner. With each member that the task is given to, one id is added; all
 * of them stay until a member reports the task as its own, which it does only after it has fenced what it was told to.
 * An id too many does no harm: who is fenced without need gets a new producer. An id too few costs the time-out of a
 * transaction, never a record. Members without transactional ids neither leave anything open nor end it.
 */
import type { SubscriptionInfo, TaskOwners } from './user-data.ts'

export interface OwnersMap {
  readonly owners: TaskOwners
  readonly version: number
}

/** Enough for a task that is handed on again and again before anybody gets to run it. */
const idsPerTaskMax = 8

/** What all members know together: the newest map, and what they own now. */
export function knownOwners(
  members: readonly Pick<SubscriptionInfo, 'transactionalId' | 'tasks' | 'owners' | 'ownersVersion'>[],
): OwnersMap {
  const version = Math.max(0, ...members.map(({ ownersVersion }) => ownersVersion))
  // Two of one version: that of a leader whose assignment reached only some, and of the next leader, whom it did not.
  const told = new IdsPerTask()
  for (const { owners, ownersVersion } of members) {
    if (ownersVersion !== version) continue
    for (const [task, ids] of Object.entries(owners)) told.add(task, ids)
  }
  const reported = new IdsPerTask()
  for (const { tasks, transactionalId } of members) {
    if (transactionalId !== undefined) for (const task of tasks) reported.add(task, [transactionalId])
  }
  return { owners: { ...told.all(), ...reported.all() }, version }
}

/** The next version: without tasks that are no more, and with the ids of those that the tasks are given to. */
export function handedOver(
  known: OwnersMap,
  taskIds: readonly string[],
  given: readonly { readonly transactionalId: string | undefined; readonly tasks: readonly string[] }[],
): OwnersMap {
  const next = new IdsPerTask()
  const takers = new Map(given.flatMap(({ tasks, transactionalId }) => tasks.map((task) => [task, transactionalId])))
  for (const task of taskIds) {
    const taker = takers.get(task)
    next.add(
      task,
      idsOf(known, task).filter((id) => id !== taker),
    )
    if (taker !== undefined) next.add(task, [taker])
  }
  return { owners: next.all(), version: known.version + 1 }
}

/** What a member must fence before it runs these tasks: their owners that are not `present`. */
export function vanishedOwners(known: OwnersMap, tasks: readonly string[], present: ReadonlySet<string>): string[] {
  return [...new Set(tasks.flatMap((task) => idsOf(known, task)))].filter((id) => !present.has(id))
}

function idsOf({ owners }: OwnersMap, task: string): readonly string[] {
  return Object.hasOwn(owners, task) ? (owners[task] ?? []) : []
}

class IdsPerTask {
  readonly #ids = new Map<string, Set<string>>()

  add(task: string, ids: readonly string[]): void {
    const known = this.#ids.get(task) ?? new Set()
    for (const id of ids) known.add(id)
    if (known.size > 0) this.#ids.set(task, known)
  }

  all(): TaskOwners {
    return Object.fromEntries([...this.#ids].map(([task, ids]) => [task, [...ids].slice(-idsPerTaskMax)]))
  }
}

/**
 * What a task's state may be after a crash: every state that some commit left, or would have left. The naive model that
 * engines are compared with: maps, copied at each commit.
 */
import { expect } from 'vitest'
import type { TaskState } from '../../src/state/state-engine.ts'
import type { SeededRandom } from '../simulation/seeded-random.ts'
import { batchOf, contentsOf, markerOf, type Change } from './task-state.ts'

const keyspaces = ['s', 't', 'w/1', 'w/2']
const stores = ['s', 't', 'w']
/** Key spaces that go as a whole. */
const segments = ['w/1', 'w/2']

export class StateHistory {
  readonly #random: SeededRandom
  /** After commit `number`, whether it succeeded or not. */
  #after: Record<string, string>[] = [{}]
  /** What the engine did not take yet, which the next commit takes along. */
  #unwritten: Change[] = []
  #undropped: string[] = []
  #resolved = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** The number of the last commit that was begun. */
  get number(): number {
    return this.#after.length - 1
  }

  /** Of the last commit that succeeded. */
  get resolved(): number {
    return this.#resolved
  }

  /**
   * One commit of random changes, some with segments that go, or a clear where nothing is left over. Throws what the engine
   * throws.
   */
  async commit(state: TaskState): Promise<void> {
    const random = this.#random
    const isWritten = this.#unwritten.length === 0 && this.#undropped.length === 0
    if (isWritten && random.chance(0.1)) return this.#clear(state, random.pick(stores))
    if (random.chance(0.1)) this.#undropped.push(random.pick(segments))
    // Nothing is written to a segment that goes.
    const changes = Array.from({ length: random.below(6) }, () => this.#change()).filter(
      ([keyspace]) => !this.#undropped.includes(keyspace),
    )
    const contents = { ...this.#after.at(-1) }
    for (const [keyspace, key, value] of changes) {
      if (value === null) delete contents[`${keyspace}/${key}`]
      else contents[`${keyspace}/${key}`] = value
    }
    for (const key of Object.keys(contents)) if (this.#isDropped(key)) delete contents[key]
    this.#after.push(contents)
    this.#unwritten = [...this.#unwritten, ...changes].filter(([keyspace]) => !this.#undropped.includes(keyspace))
    const { number } = this
    const batch = batchOf(...this.#unwritten)
    await state.commit({ forEach: (visit) => batch.forEach(visit), dropped: this.#undropped }, markerOf(number))
    for (const id of this.#undropped) expect([...state.keyspaceIds()]).not.toContain(id)
    this.#unwritten = []
    this.#undropped = []
    this.#resolved = number
  }

  /** After a crash: what is there is what some commit left, no older than `atLeast`. From there it goes on. */
  check(state: TaskState, atLeast: number): void {
    const number = this.expectBoundary(state)
    expect(number).toBeGreaterThanOrEqual(atLeast)
    this.#after = this.#after.slice(0, number + 1)
    this.#unwritten = []
    this.#undropped = []
    this.#resolved = number
  }

  /** Marker and data belong together; returns the number of that commit, 0 for an empty state. */
  expectBoundary(state: TaskState): number {
    const number = state.marker?.committedAtMs ?? 0
    if (number > 0) expect(state.marker).toEqual(markerOf(number))
    expect(sorted(contentsOf(state, keyspaces))).toEqual(sorted(this.#after[number] ?? { 'no such': 'commit' }))
    return number
  }

  #isDropped(key: string): boolean {
    return this.#undropped.some((keyspace) => key.startsWith(`${keyspace}/`))
  }

  async #clear(state: TaskState, store: string): Promise<void> {
    const kept = Object.entries(this.#after.at(-1) ?? {}).filter(([key]) => !key.startsWith(`${store}/`))
    // In case that it fails: the state is as it was, and the next commit clears nothing.
    const before = this.#after.at(-1) ?? {}
    this.#after.push(Object.fromEntries(kept))
    const { number } = this
    try {
      await state.clear(store, markerOf(number))
      this.#resolved = number
    } catch (error) {
      this.#after.push(before)
      throw error
    }
  }

  #change(): Change {
    const random = this.#random
    const key = `k${random.below(12)}`
    const value = random.chance(0.25) ? null : 'v'.repeat(random.pick([0, 1, 5, 5, 5, 40, 200])) + random.below(1000)
    return [random.pick(keyspaces), key, value]
  }
}

function sorted(contents: Record<string, string>): [string, string][] {
  return Object.entries(contents).toSorted(([one], [other]) => (one < other ? -1 : 1))
}

/**
 * Random programs on stores of every kind, with commits, rollbacks, restarts and restores in between, beside a store that
 * only runs what was committed and never commits itself: answers and changelogs are the same. What the answers must be is
 * recorded from Java (test/testdata/vectors/stores.json).
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serdes } from '../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyMarker, type TaskState } from '../../../src/state/state-engine.ts'
import { storeFixture, storeSpec, type StoreFixture } from '../../support/store-conformance.ts'
import {
  answer,
  changelogSet,
  inLog,
  inMemory,
  kinds,
  programs,
  sorted,
  takeLogged,
  type Command,
  type Kind,
  type LoggedWithHeaders,
  type Place,
} from '../../support/store-programs.ts'

const others = ['commit', 'commit', 'rollback', 'restart', 'restore'] as const
type Step = Command | (typeof others)[number]

class Run {
  readonly #kind: Kind
  readonly #makePlace: () => Place
  #place: Place
  #fixture!: StoreFixture
  #reference: StoreFixture
  readonly #committed: Command[] = []
  #uncommitted: Command[] = []
  readonly #changelog: LoggedWithHeaders[] = []
  #offset = 0

  constructor(kind: Kind, makePlace: () => Place) {
    this.#kind = kind
    this.#makePlace = makePlace
    this.#place = makePlace()
    this.#reference = this.#over(new MemoryEngine().openNow('reference'))
  }

  async run(program: readonly Step[]): Promise<void> {
    this.#fixture = this.#over(await this.#place.open())
    for (const step of program) {
      if (typeof step !== 'string') this.#command(step)
      else if (step === 'rollback') this.#rollback()
      else await this.#commit()
      if (step === 'restart') this.#fixture = this.#over(await this.#place.open())
      if (step === 'restore') await this.#restore()
    }
    await this.#commit()
  }

  #over(state: TaskState): StoreFixture {
    return storeFixture(state, [storeSpec(serdes.string, serdes.string, this.#kind.spec)])
  }

  #command(command: Command): void {
    this.#uncommitted.push(command)
    const [found, expected] = [this.#fixture, this.#reference].map((fixture) => answer(this.#kind, fixture, command))
    expect(found).toEqual(expected)
  }

  async #commit(): Promise<void> {
    for (const fixture of [this.#fixture, this.#reference]) expect(fixture.stores.flush(() => false)).toBe(true)
    const logged = takeLogged(this.#fixture)
    expect(sorted(logged)).toEqual(sorted(takeLogged(this.#reference)))
    expect(this.#fixture.expired.splice(0)).toEqual(this.#reference.expired.splice(0))
    this.#changelog.push(...logged)
    this.#committed.push(...this.#uncommitted.splice(0))
    const { stores } = this.#fixture
    const batch = stores.freeze()
    await stores.commit(batch, { ...emptyMarker, counters: stores.counters })
    expect(stores.isEmpty).toBe(true)
    expect(stores.budget).toEqual({ uncommittedBytes: 0, frozenBytes: 0, cacheBytes: 0, entries: 0 })
  }

  #rollback(): void {
    this.#uncommitted = []
    this.#fixture.stores.rollback(false)
    this.#fixture.logged.length = 0
    this.#fixture.loggedHeaders.length = 0
    this.#fixture.expired.length = 0
    this.#reference = this.#over(new MemoryEngine().openNow('reference'))
    for (const command of this.#committed) answer(this.#kind, this.#reference, command)
    this.#reference.stores.flush(() => false)
    takeLogged(this.#reference)
    this.#reference.expired.length = 0
  }

  /** On another machine. */
  async #restore(): Promise<void> {
    this.#place = this.#makePlace()
    this.#fixture = this.#over(await this.#place.open())
    for (const logged of this.#changelog) {
      await this.#fixture.stores.restore('s', changelogSet(logged), { ...emptyMarker, committedAtMs: this.#offset++ })
    }
  }
}

describe.each([
  ['in memory', inMemory],
  ['in a log', inLog],
] as const)('A store %s', (_name, makePlace) => {
  for (const [name, kind] of Object.entries(kinds)) {
    it(`of ${name} answers and logs as if it had never committed, restarted or been restored`, async () => {
      await fc.assert(
        fc.asyncProperty(programs(kind.step, 1, others), (program) => new Run(kind, makePlace).run(program)),
        { numRuns: 100 },
      )
    })
  }
})

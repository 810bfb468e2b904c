/**
 * Random programs on stores of every kind while commits overlap with what goes on, the disk refuses them, and stores are
 * rolled back, replayed from their marker, restored and rebuilt; beside a store to which none of that happens: answers and
 * changelogs are the same.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serdes } from '../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyMarker, type Batch, type Marker, type TaskState } from '../../../src/state/state-engine.ts'
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

/**
 * `freeze`: a transaction succeeds, which the engine takes at the next `release`; with another one before that the disk has
 * refused it. `rollback` keeps what is frozen. `unknown`: what is frozen comes back from the changelog.
 */
const others = [
  'freeze',
  'freeze',
  'freeze',
  'release',
  'release',
  'rollback',
  'unknown',
  'restart',
  'restore',
  'rebuild',
] as const
type Other = (typeof others)[number]

class Run {
  readonly #kind: Kind
  readonly #makePlace: () => Place
  #place: Place
  #state!: TaskState
  #fixture!: StoreFixture
  #reference: StoreFixture
  /** Of all transactions that have succeeded. */
  readonly #committed: (Command | 'flush')[] = []
  #uncommitted: Command[] = []
  readonly #changelog: LoggedWithHeaders[] = []
  /** With the changelog up to there. */
  #frozen:
    { readonly batch: Batch; readonly counters: Readonly<Record<string, number>>; readonly reached: number } | undefined

  constructor(kind: Kind, makePlace: () => Place) {
    this.#kind = kind
    this.#makePlace = makePlace
    this.#place = makePlace()
    this.#reference = this.#over(new MemoryEngine().openNow('reference'))
  }

  async run(program: readonly (Command | Other)[]): Promise<void> {
    await this.#open()
    for (const step of [...program, 'freeze', 'release'] as const) {
      if (typeof step === 'string') await this.#other(step)
      else this.#command(step)
    }
  }

  async #other(step: Other): Promise<void> {
    if (step === 'freeze') return this.#freeze()
    if (step === 'release') return this.#release()
    if (step === 'restore') this.#place = this.#makePlace()
    if (step === 'rollback') this.#fixture.stores.rollback(true)
    else await this.#goBack(step)
    this.#forgetUncommitted()
  }

  async #goBack(step: Other): Promise<void> {
    this.#frozen = undefined
    if (step === 'restart' || step === 'restore') await this.#open()
    else this.#fixture.stores.rollback(false)
    if (step === 'rebuild') await this.#fixture.stores.clear('s', { ...this.#marker, changelog: {} })
    for (let at = this.#marker.changelog['s-0'] ?? 0; at < this.#changelog.length; at++) {
      const set = changelogSet(this.#changelog[at] as LoggedWithHeaders)
      await this.#fixture.stores.restore('s', set, { ...this.#marker, changelog: { 's-0': at + 1 } })
    }
  }

  get #marker(): Marker {
    return this.#state.marker ?? emptyMarker
  }

  async #open(): Promise<void> {
    this.#state = await this.#place.open()
    this.#fixture = this.#over(this.#state)
  }

  #over(state: TaskState): StoreFixture {
    return storeFixture(state, [storeSpec(serdes.string, serdes.string, this.#kind.spec)])
  }

  #command(command: Command): void {
    this.#uncommitted.push(command)
    const [found, expected] = [this.#fixture, this.#reference].map((fixture) => answer(this.#kind, fixture, command))
    expect(found).toEqual(expected)
  }

  #freeze(): void {
    for (const fixture of [this.#fixture, this.#reference]) expect(fixture.stores.flush(() => false)).toBe(true)
    const logged = takeLogged(this.#fixture)
    expect(sorted(logged)).toEqual(sorted(takeLogged(this.#reference)))
    expect(this.#fixture.expired.splice(0)).toEqual(this.#reference.expired.splice(0))
    this.#changelog.push(...logged)
    this.#committed.push(...this.#uncommitted.splice(0), 'flush')
    const { stores } = this.#fixture
    const batch = stores.freeze()
    this.#frozen = { batch, counters: stores.counters, reached: this.#changelog.length }
  }

  async #release(): Promise<void> {
    if (this.#frozen === undefined) return
    const { batch, counters, reached } = this.#frozen
    this.#frozen = undefined
    await this.#fixture.stores.commit(batch, { ...emptyMarker, counters, changelog: { 's-0': reached } })
  }

  #forgetUncommitted(): void {
    this.#uncommitted = []
    this.#reference = this.#over(new MemoryEngine().openNow('reference'))
    for (const command of this.#committed) {
      if (command === 'flush') this.#reference.stores.flush(() => false)
      else answer(this.#kind, this.#reference, command)
    }
    for (const fixture of [this.#fixture, this.#reference]) {
      takeLogged(fixture)
      fixture.expired.length = 0
    }
  }
}

describe.each([
  ['in memory', inMemory],
  ['in a log', inLog],
] as const)('A store %s', (_name, makePlace) => {
  describe.each([false, true])('(cached: %s)', (caching) => {
    for (const [name, kind] of Object.entries(kinds)) {
      it(`of ${name} answers and logs as if each of its commits had gone well`, async () => {
        const given = { ...kind, spec: { ...kind.spec, caching } }
        await fc.assert(
          fc.asyncProperty(programs(kind.step, 3, others), (program) => new Run(given, makePlace).run(program)),
          { numRuns: 100 },
        )
      })
    }
  })
})

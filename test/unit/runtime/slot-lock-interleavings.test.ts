import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lockSlot, type SlotLock } from '../../../src/runtime/slot-lock.ts'
import { Disk, MemoryLockSystem } from '../../support/memory-lock-system.ts'

// Several computers' worth of bad luck over one disk of the test's own: before and after each effect another process may
// have its turn, for one step or for fifty. A life is what a process does with the slot at each of its starts; it may be
// killed while it holds it, and while it is still taking it.

type Act = 'release' | 'die' | 'die while taking'

/** Who has the next turns, and how many; each process dies after so many turns of patience. */
interface Burst {
  readonly process: number
  readonly steps: number
}

const lives = fc.array(
  fc.array(fc.constantFrom<Act>('release', 'die', 'die while taking'), { minLength: 1, maxLength: 4 }),
  { minLength: 2, maxLength: 4 },
)
const bursts = fc.array(
  fc.record({ process: fc.nat(3), steps: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 60 })) }),
  { minLength: 5, maxLength: 60 },
)
const patience = fc.infiniteStream(fc.nat(20))

describe('Processes that want one slot', () => {
  it('never hold it together, in whatever order they run and die', async () => {
    await fc.assert(
      fc.asyncProperty(lives, bursts, patience, async (acts, order, turnsOfPatience) => {
        const town = new Town(turnsOfPatience)
        const ends = Promise.all(acts.map((list, process) => town.live(process, list)))
        await town.run(order)
        await ends
        expect(town.violations).toEqual([])

        // All have ended: the next one takes the slot at once.
        const lock = await lockSlot('/slot', new MemoryLockSystem(town.disk, () => Promise.resolve()))
        expect(await lock?.isHeld()).toBe(true)
      }),
      { numRuns: 800 },
    )
  })
})

class Town {
  readonly disk: Disk = new Disk()
  readonly violations: string[] = []
  readonly #patience: fc.Stream<number>
  readonly #holders = new Set<SlotLock>()
  #waiting: { readonly process: number; readonly go: () => void }[] = []

  constructor(turnsOfPatience: fc.Stream<number>) {
    this.#patience = turnsOfPatience
  }

  async run(order: readonly Burst[]): Promise<void> {
    for (const { process, steps } of order) {
      for (let step = 0; step < steps && this.#waiting.some((one) => one.process === process); step++) {
        await this.#give(process)
      }
    }
    while (this.#waiting.length > 0) await this.#give(this.#waiting[0]?.process)
  }

  /** Each act by a new process, as after a restart. */
  async live(process: number, acts: readonly Act[]): Promise<void> {
    const turn = (): Promise<void> => this.#turn(process)
    for (const act of acts) {
      const system = new MemoryLockSystem(this.disk, turn)
      const turns = this.#patience.next().value ?? 0
      const taking = lockSlot('/slot', system)
      const lock = act === 'die while taking' ? await Promise.race([taking, after(turns, turn)]) : await taking
      if (lock !== undefined) await this.#hold(lock, turns, turn)
      if (act === 'release' && lock !== undefined) await lock.release()
      else system.die()
    }
  }

  async #hold(lock: SlotLock, turns: number, turn: () => Promise<void>): Promise<void> {
    this.#holders.add(lock)
    if (this.#holders.size > 1) this.violations.push(`${this.#holders.size} hold the slot`)
    await after(turns, turn)
    if (!(await lock.isHeld())) this.violations.push('a holder finds that it does not hold')
    this.#holders.delete(lock)
  }

  #turn(process: number): Promise<void> {
    return new Promise((go) => this.#waiting.push({ process, go }))
  }

  /** To one that waits; it does what it can until it waits again. */
  async #give(process: number | undefined): Promise<void> {
    const index = this.#waiting.findIndex((one) => one.process === process)
    const [one] = this.#waiting.splice(index, 1)
    one?.go()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function after(turns: number, turn: () => Promise<void>): Promise<undefined> {
  for (let done = 0; done < turns; done++) await turn()
  return undefined
}

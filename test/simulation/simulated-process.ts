/**
 * One process of a simulated machine, as seen from inside: a clock whose timers never fire once it is dead, and fire late
 * while it is frozen. All that reaches it from outside comes through `enter`, so a dead process does nothing more,
 * although its promises are still there.
 */
import type { Clock, Timer } from '../../src/common/clock.ts'
import type { CrossingKind, RequestFault } from './faults.ts'
import type { Scheduler } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What a process is part of. */
export interface ProcessWorld {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  violated(what: string): void
  /** May kill or freeze the process; returns the faults of the request that is about to be sent. */
  cross(process: SimulatedProcess, kind: CrossingKind, api?: string): readonly RequestFault[]
}

type Life = 'running' | 'frozen' | 'dead'

/** The operating system never wakes anybody exactly in time. */
const timerSlackUs = 600
/** In one event; a slice of work needs a few. */
const looksMax = 20_000
const turnMinUs = 20
const turnMaxUs = 300

export class SimulatedProcess {
  readonly name: string
  readonly clock: Clock
  readonly #world: ProcessWorld
  readonly #onDeath: (() => void)[] = []
  /** By port: until then nothing gets through, in microseconds. */
  readonly #cutOffUntilUs = new Map<number, number>()
  #lookedInEvent = -1
  #looks = 0
  #life: Life = 'running'
  #backlog: (() => void)[] = []

  constructor(world: ProcessWorld, name: string) {
    this.#world = world
    this.name = name
    this.clock = {
      now: () => this.#now(),
      setTimer: (delayMs, callback) => this.#setTimer(delayMs, callback),
      yieldTurn: () =>
        new Promise((resolve) => this.later(world.random.between(turnMinUs, turnMaxUs), 'yield', resolve)),
    }
  }

  get isDead(): boolean {
    return this.#life === 'dead'
  }

  get isFrozen(): boolean {
    return this.#life === 'frozen'
  }

  /** Nothing gets through between it and that port for a time. */
  cutOff(port: number, forMs: number): void {
    this.#cutOffUntilUs.set(port, this.#world.scheduler.nowUs + forMs * 1000)
  }

  reachableAtUs(port: number): number {
    return this.#cutOffUntilUs.get(port) ?? 0
  }

  /** What a process does when it ends, whatever it was doing: the kernel closes its sockets and locks. */
  onDeath(callback: () => void): void {
    this.#onDeath.push(callback)
  }

  kill(): void {
    if (this.isDead) return
    this.#life = 'dead'
    this.#backlog = []
    for (const callback of this.#onDeath) callback()
  }

  freeze(): void {
    if (this.#life === 'running') this.#life = 'frozen'
  }

  /** What came meanwhile happens now, in its order. */
  thaw(): void {
    if (this.#life !== 'frozen') return
    this.#life = 'running'
    const backlog = this.#backlog
    this.#backlog = []
    for (const run of backlog) this.#world.scheduler.schedule(0, run)
  }

  /** `run` after that time, as something that this process waits for. */
  later(delayUs: number, kind: CrossingKind, run: () => void, api?: string): Timer {
    return this.#world.scheduler.schedule(delayUs, () => this.enter(kind, run, api))
  }

  /** The only way in. */
  enter(kind: CrossingKind, run: () => void, api?: string): void {
    if (this.isFrozen) return void this.#backlog.push(() => this.enter(kind, run, api))
    if (this.isDead) return
    this.#world.cross(this, kind, api)
    if (this.isFrozen) return void this.#backlog.push(() => !this.isDead && run())
    if (!this.isDead) run()
  }

  /** On its way out: faults of the request; the process may be dead afterwards. */
  leave(api: string): readonly RequestFault[] {
    return this.#world.cross(this, 'request', api)
  }

  /** Time stands still within an event; who waits for it to pass without giving the event loop back waits for ever. */
  #now(): number {
    const { scheduler } = this.#world
    if (this.#lookedInEvent !== scheduler.events) {
      this.#lookedInEvent = scheduler.events
      this.#looks = 0
    }
    if (++this.#looks > looksMax) {
      const what = `${this.name} does not give the event loop back: it looked at the clock ${looksMax} times meanwhile`
      if (this.#looks === looksMax + 1) this.#world.violated(what)
      throw new Error(what)
    }
    return scheduler.nowMs
  }

  #setTimer(delayMs: number, callback: () => void): Timer {
    // Longer than any run: it only keeps the heap large.
    if (delayMs > 3_600_000) return { cancel: () => undefined }
    const slackUs = this.#world.random.below(timerSlackUs)
    return this.later(Math.max(0, delayMs) * 1000 + slackUs, 'timer', callback)
  }
}

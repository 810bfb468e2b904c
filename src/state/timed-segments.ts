/**
 * The committed entries of a store that forgets: one key space per stretch of time, so that what has expired goes as a
 * whole.
 */
import type { Keyspace, TaskState } from './state-engine.ts'

const minIntervalMs = 60_000

/** Keys that are there a second time, by time. */
export function isTimesKeyspace(id: string): boolean {
  return id.endsWith('/times')
}

/** Of windows and sessions, as Java's. */
export function segmentIntervalMs(retentionMs: number): number {
  return Math.max(Math.floor(retentionMs / 2), minIntervalMs)
}

export interface Segment {
  readonly number: number
  readonly id: string
  readonly keyspace: Keyspace
  /** The keys again, time first and without values, of a store that is read over all keys again and again. */
  readonly times: Keyspace | undefined
}

export class TimedSegments {
  readonly #name: string
  readonly #state: TaskState
  readonly #intervalMs: number
  readonly #timeOrdered: boolean
  /** Those that the engine has, ascending. */
  #segments: Segment[] = []

  constructor(name: string, state: TaskState, intervalMs: number, timeOrdered: boolean) {
    this.#name = name
    this.#state = state
    this.#intervalMs = intervalMs
    this.#timeOrdered = timeOrdered
    for (const id of [...state.keyspaceIds()]) {
      const number = this.#numberIn(id)
      if (number !== undefined) this.add(number)
    }
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0
  }

  /** Ascending. */
  get numbers(): number[] {
    return this.#segments.map(({ number }) => number)
  }

  numberOf(time: number): number {
    return Math.floor(time / this.#intervalMs)
  }

  idOf(number: number): string {
    return `${this.#name}/${number}`
  }

  timesIdOf(number: number): string {
    return `${this.#name}/${number}/times`
  }

  /** The one that a time is in; undefined when the engine has none. */
  find(time: number): Segment | undefined {
    return this.#segments.length === 0 ? undefined : this.get(this.numberOf(time))
  }

  get(number: number): Segment | undefined {
    const segments = this.#segments
    for (let i = segments.length - 1; i >= 0; i--) {
      const segment = segments[i] as Segment
      if (segment.number === number) return segment
      if (segment.number < number) return undefined
    }
    return undefined
  }

  /** Those with times in between, ascending. */
  between(from: number, to: number): Segment[] {
    const first = this.numberOf(from)
    const last = this.numberOf(to)
    return this.#segments.filter(({ number }) => number >= first && number <= last)
  }

  add(number: number): void {
    const at = this.#segments.findIndex((segment) => segment.number >= number)
    if (this.#segments[at]?.number === number) return
    const times = this.#timeOrdered ? this.#state.keyspace(this.timesIdOf(number)) : undefined
    const segment = { number, id: this.idOf(number), keyspace: this.#state.keyspace(this.idOf(number)), times }
    this.#segments.splice(at < 0 ? this.#segments.length : at, 0, segment)
  }

  /** All of whose times are below. */
  before(time: number): Segment[] {
    return this.#segments.filter(({ number }) => (number + 1) * this.#intervalMs <= time)
  }

  keyspacesOf(segments: readonly Segment[]): string[] {
    return segments.flatMap(({ id, number }) => (this.#timeOrdered ? [id, this.timesIdOf(number)] : [id]))
  }

  clear(): void {
    this.#segments = []
  }

  forget(segments: readonly Segment[]): void {
    this.#segments = this.#segments.filter((segment) => !segments.includes(segment))
  }

  #numberIn(id: string): number | undefined {
    const prefix = `${this.#name}/`
    if (!id.startsWith(prefix)) return undefined
    const rest = id.slice(prefix.length)
    return /^\d+$/.test(rest) ? Number(rest) : undefined
  }
}

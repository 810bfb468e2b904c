/** What happened in a run, in order: a hash of all lines (equal for equal seeds), and the last lines themselves. */
import { hashOf } from './seeded-random.ts'

export class Trace {
  readonly #kept: number
  #lines: string[] = []
  #hash = 0
  #count = 0

  /** Keeps that many of the last lines. */
  constructor(kept: number) {
    this.#kept = kept
  }

  get hash(): string {
    return `${(this.#hash >>> 0).toString(16).padStart(8, '0')}-${this.#count}`
  }

  get lines(): readonly string[] {
    return this.#lines.slice(-this.#kept)
  }

  /** Part of the hash. */
  add(atUs: number, who: string, what: string): void {
    this.#hash = hashOf(what, hashOf(who, this.#hash ^ atUs))
    this.#count++
    this.#keep(atUs, who, what)
  }

  /** For who reads it only. */
  note(atUs: number, who: string, what: string): void {
    this.#keep(atUs, who, what)
  }

  #keep(atUs: number, who: string, what: string): void {
    if (this.#kept === 0) return
    this.#lines.push(`${(atUs / 1000).toFixed(3).padStart(10)}  ${who.padEnd(6)} ${what}`)
    if (this.#lines.length >= 2 * this.#kept + 100) this.#lines = this.#lines.slice(-this.#kept)
  }
}

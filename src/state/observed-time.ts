/**
 * How far time has come in a store that forgets, and how many entries one has numbered: as it is, as the last freeze left
 * it, and as the engine has it. The marker keeps both, so that a restarted store does not take what it had dropped.
 */
import type { Marker } from './state-engine.ts'

interface Counts {
  readonly timeMs: number
  readonly sequence: number
}

export class ObservedTime {
  readonly #name: string
  #frozen: Counts
  #committed: Counts
  /** The highest time that was put; -1 before. */
  ms: number
  #sequence: number

  constructor(storeName: string, marker: Marker | undefined) {
    this.#name = storeName
    const { [`${storeName}/time`]: timeMs = -1, [`${storeName}/sequence`]: sequence = 0 } = marker?.counters ?? {}
    this.#committed = { timeMs, sequence }
    this.#frozen = this.#committed
    this.ms = timeMs
    this.#sequence = sequence
  }

  /** Of the next entry, beginning with 1 as in Java, where it has 31 bits. */
  nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0x7fff_ffff
    return this.#sequence
  }

  get frozenMs(): number {
    return this.#frozen.timeMs
  }

  /** Since the last freeze. */
  get hasMoved(): boolean {
    return this.ms !== this.#frozen.timeMs || this.#sequence !== this.#frozen.sequence
  }

  freeze(): void {
    this.#frozen = { timeMs: this.ms, sequence: this.#sequence }
  }

  /** The engine has what was frozen. */
  release(): void {
    this.#committed = this.#frozen
  }

  rollback(keepFrozen: boolean): void {
    if (!keepFrozen) this.#frozen = this.#committed
    this.ms = this.#frozen.timeMs
    this.#sequence = this.#frozen.sequence
  }

  /** The changelog has an entry of that time and number. */
  restored(timeMs: number, sequence: number): void {
    const { timeMs: committedMs, sequence: committedSequence } = this.#committed
    if (timeMs > committedMs || sequence > committedSequence) {
      this.#committed = { timeMs: Math.max(timeMs, committedMs), sequence: Math.max(sequence, committedSequence) }
    }
    this.rollback(false)
  }

  /** As of the last freeze or restore. */
  addTo(counters: Record<string, number>): void {
    const { timeMs, sequence } = this.#frozen
    if (timeMs >= 0) counters[`${this.#name}/time`] = timeMs
    if (sequence > 0) counters[`${this.#name}/sequence`] = sequence
  }
}

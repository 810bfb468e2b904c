/**
 * How far time has come in a store that forgets, and how many entries one has numbered: as it is, as the last freeze left
 * it, and as the engine has it. The marker keeps both, so that a restarted store does not take what it had dropped.
 */
import type { Marker } from './state-engine.ts'

interface Counts {
  readonly timeMs: number
  readonly sequence: number
  readonly restoredMs: number
}

const nothing: Counts = { timeMs: -1, sequence: 0, restoredMs: -1 }

export class ObservedTime {
  readonly #name: string
  #frozen: Counts
  #committed: Counts
  /** The highest time that was put; -1 before. */
  ms: number
  #sequence: number

  constructor(storeName: string, marker: Marker | undefined) {
    this.#name = storeName
    const { [`${storeName}/time`]: timeMs, [`${storeName}/sequence`]: sequence } = marker?.counters ?? {}
    const restoredMs = marker?.counters?.[`${storeName}/restored`]
    this.#committed = {
      timeMs: timeMs ?? nothing.timeMs,
      sequence: sequence ?? nothing.sequence,
      restoredMs: restoredMs ?? nothing.restoredMs,
    }
    this.#frozen = this.#committed
    this.ms = this.#committed.timeMs
    this.#sequence = this.#committed.sequence
  }

  /**
   * Of the next entry, beginning with 1 and in 31 bits as in Java. differs from Java (#what-survives): there it begins
   * again after a restart.
   */
  nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0x7fff_ffff
    return this.#sequence
  }

  /** Of the last entry. */
  get sequence(): number {
    return this.#sequence
  }

  /** The highest timestamp that a record of the changelog had; -1: nothing was restored. */
  get restoredMs(): number {
    return this.#committed.restoredMs
  }

  get frozenMs(): number {
    return this.#frozen.timeMs
  }

  /** The engine has nothing that is later. */
  get committedMs(): number {
    return this.#committed.timeMs
  }

  /** Since the last freeze. */
  get hasMoved(): boolean {
    return this.ms !== this.#frozen.timeMs || this.#sequence !== this.#frozen.sequence
  }

  freeze(): void {
    this.#frozen = { timeMs: this.ms, sequence: this.#sequence, restoredMs: this.#committed.restoredMs }
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

  /** The changelog has an entry of that time and number, in a record of that timestamp. */
  restored(timeMs: number, sequence: number, timestamp: number): void {
    const before = this.#committed
    if (timeMs > before.timeMs || sequence > before.sequence || timestamp > before.restoredMs) {
      this.#committed = {
        timeMs: Math.max(timeMs, before.timeMs),
        sequence: Math.max(sequence, before.sequence),
        restoredMs: Math.max(timestamp, before.restoredMs),
      }
    }
    this.rollback(false)
  }

  /** The engine has nothing of the store any more. */
  clear(): void {
    this.#committed = nothing
    this.rollback(false)
  }

  /** As of the last freeze or restore. */
  addTo(counters: Record<string, number>): void {
    const { timeMs, sequence, restoredMs } = this.#frozen
    if (timeMs >= 0) counters[`${this.#name}/time`] = timeMs
    if (sequence > 0) counters[`${this.#name}/sequence`] = sequence
    if (restoredMs >= 0) counters[`${this.#name}/restored`] = restoredMs
  }
}

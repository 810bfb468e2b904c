/**
 * What the stores of a task have in common, whatever their kind: the life of uncommitted state from a write to the engine.
 * {@link TaskStores} drives all of them through this, and knows no kind.
 */
import type { Headers } from '../common/headers.ts'
import type { BatchVisitor } from './state-engine.ts'
import type { StoreStats } from './store-stats.ts'

/** A record of a changelog at a restore. Key and value are borrowed. */
export interface ChangelogRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
  readonly timestamp: number
  headers(): Headers
}

export interface StoreCore {
  readonly name: string
  /** Counted by itself and its faces. */
  readonly stats: StoreStats
  /** Something waits for a flush. */
  readonly isDirty: boolean
  /** Nothing was written since the last freeze. */
  readonly isEmpty: boolean
  /**
   * Logs and forwards what waits the longest; false when there is nothing. Leaves the record context at that update:
   * whoever flushes puts it back.
   */
  flushOne(): boolean
  /** Nothing waits in any store of the task any more. */
  endFlush?(): void
  /** What was written becomes what the next commit takes; it stays readable. */
  freeze(): void
  forEachFrozen(visit: BatchVisitor): void
  /** Key spaces of which nothing is needed any more, as of the last freeze. */
  readonly dropped: readonly string[]
  /** The engine has what was frozen. */
  release(): void
  /** Forgets what is not committed; what is frozen too, unless its transaction has succeeded. */
  rollback(keepFrozen: boolean): void
  /** Whether it {@link addCounters}; what it hands over in {@link restore} is then memory of its own. */
  readonly counts: boolean
  /** Hands a record of the changelog over in the form that the engine keeps it in. */
  restore(record: ChangelogRecord, visit: BatchVisitor): void
  /** After the last one of a batch, what is known only then; `release` follows when the engine has it. */
  finishRestore?(visit: BatchVisitor): void
  /** The engine has nothing of it any more: as if it had just been made. */
  clear(): void
  /** Adds what a marker keeps of this store beside its entries, as of the last freeze or restore. */
  addCounters(counters: Record<string, number>): void
}

export const noKeyspaces: readonly string[] = []

import type { Headers } from '../common/headers.ts'
import type { RecordContext } from '../processor/record-context.ts'
import type { OverlayBudget } from './overlay.ts'

/** What the stores of a task need of it. */
export interface StoreHost {
  /** The context of the record in process; a flush sets it to that of an entry's last update, and back. */
  readonly record: RecordContext
  readonly budget: OverlayBudget
  /** Grows with every record and punctuation: an iterator lives no longer than the turn that opened it. */
  readonly turn: number
  /** Appends to a changelog topic; copies the bytes. */
  log(topic: string, key: Uint8Array, value: Uint8Array | null, timestamp: number, headers?: Headers): void
  /** Counts a record that came later than the retention of a store admits. */
  dropExpired(store: string): void
}

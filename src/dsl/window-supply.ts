/**
 * What windowed tables give to those downstream: they are always stored, so that they know their old values and can be
 * looked up by windowed key. Kafka Streams: the view() of KStreamWindowAggregate, KStreamSessionWindowAggregate.
 */
import type { OperatorContext } from '../processor/operator.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { SessionTableStore } from '../processor/session-store.ts'
import type { WindowTableStore } from '../processor/window-store.ts'
import type { Windowed } from '../serde/windowed.ts'
import type { TableReader, TableSupply, TableView } from './table-supply.ts'

type Open = (storeName: string, context: OperatorContext<unknown, unknown>, asTold: boolean) => TableReader<unknown>

export class WindowTable implements TableSupply {
  readonly storeName: string
  readonly retentionMs: number
  readonly isVersioned: boolean = false
  readonly #open: Open
  #sendsOldValues = false

  constructor(storeName: string, retentionMs: number, open: Open) {
    this.storeName = storeName
    this.retentionMs = retentionMs
    this.#open = open
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues
  }

  demandOldValues(): boolean {
    this.#sendsOldValues = true
    return true
  }

  view(): TableView {
    return {
      storeNames: [this.storeName],
      historyRetentionMs: undefined,
      open: (context: OperatorContext<unknown, unknown>, asTold = false) => this.#open(this.storeName, context, asTold),
    }
  }
}

export function openWindows(
  storeName: string,
  context: OperatorContext<unknown, unknown>,
  asTold: boolean,
): TableReader<Windowed<unknown>> {
  const store = context.getStateStore<WindowTableStore<unknown, unknown>>(storeName)
  if (asTold && store.readTold !== undefined) {
    return { read: ({ key, window }) => store.readTold?.(key, window.start) }
  }
  return { read: ({ key, window }) => store.read(key, window.start) }
}

/** A session's time is its end. */
export function openSessions(
  storeName: string,
  context: OperatorContext<unknown, unknown>,
  asTold: boolean,
): TableReader<Windowed<unknown>> {
  const store = context.getStateStore<SessionTableStore<unknown, unknown>>(storeName)
  const readsTold = asTold && store.readTold !== undefined
  const found: { value: unknown; timestamp: number } = { value: undefined, timestamp: -1 }
  return {
    read({ key, window }): ValueAndTimestamp<unknown> | undefined {
      const { start, end } = window
      const value = readsTold ? store.readTold?.(key, start, end) : store.read(key, start, end)
      if (value === undefined) return undefined
      found.value = value
      found.timestamp = end
      return found
    },
  }
}

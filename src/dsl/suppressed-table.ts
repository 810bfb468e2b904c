import type { OperatorContext } from '../processor/operator.ts'
import type { ValueAndTimestamp } from '../processor/record.ts'
import type { ChangeBuffer } from '../processor/time-ordered-buffer.ts'
import type { TableReader, TableSupply, TableView } from './table-supply.ts'

/**
 * A table whose updates are held back: of a key that waits, those downstream see the value from before. It has no store
 * of results; old values are those of its parent. Kafka Streams: KTableSuppressProcessorSupplier.view.
 */
export class SuppressedTable implements TableSupply {
  readonly isVersioned: boolean = false
  readonly #parent: TableSupply
  readonly #bufferName: string

  constructor(parent: TableSupply, bufferName: string) {
    this.#parent = parent
    this.#bufferName = bufferName
  }

  demandOldValues(force: boolean): boolean {
    return this.#parent.demandOldValues(force)
  }

  view(): TableView {
    const parent = this.#parent.view()
    return {
      historyRetentionMs: undefined,
      storeNames: [this.#bufferName, ...parent.storeNames],
      open: <K>(context: OperatorContext<unknown, unknown>, asTold?: boolean) =>
        new SuppressedReader<K>(parent.open(context, asTold), context.getStateStore(this.#bufferName)),
    }
  }
}

class SuppressedReader<K> implements TableReader<K> {
  readonly #parent: TableReader<K>
  readonly #buffer: ChangeBuffer<K, unknown>

  constructor(parent: TableReader<K>, buffer: ChangeBuffer<K, unknown>) {
    this.#parent = parent
    this.#buffer = buffer
  }

  read(key: K): ValueAndTimestamp<unknown> | undefined {
    const prior = this.#buffer.priorValue(key)
    if (prior === undefined) return this.#parent.read(key)
    // Nobody knows its time; -1 is what Java says, and what the maximum of two times ignores.
    return prior === null ? undefined : { value: prior, timestamp: -1 }
  }

  close(): void {
    this.#parent.close?.()
  }
}

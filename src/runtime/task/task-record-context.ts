import { noHeaders, type Headers } from '../../common/headers.ts'
import { noSource, type RecordContext, type SourceBytes } from '../../processor/record-context.ts'
import type { AnySerde } from '../../serde/serde.ts'

/** Keys up to this length are lent in one place, with a view per length: a copy is cheaper than a view. */
const shortKeyBytes = 32

/** The one record context of a task; every field is there from the start, so that its shape never changes. */
export class TaskRecordContext implements RecordContext {
  topic: string | null = null
  partition = -1
  offset = -1
  timestamp = 0
  headers: Headers = noHeaders
  rawKeyValue: unknown = undefined
  rawKeySerde: AnySerde | undefined = undefined
  source: SourceBytes | undefined = undefined
  keepSource: (() => SourceBytes) | undefined = undefined
  #rawKey: Uint8Array | undefined = undefined
  #lent: Buffer | undefined = undefined
  #lentStart = 0
  #lentEnd = 0
  readonly #shortKey = Buffer.allocUnsafeSlow(shortKeyBytes)
  readonly #shortKeys: (Buffer | undefined)[] = []

  /** Made when it is asked for: most records go without. Valid until the next record. */
  get rawKey(): Uint8Array | undefined {
    if (this.#rawKey === undefined && this.#lent !== undefined) this.#rawKey = this.#viewOf(this.#lent)
    return this.#rawKey
  }

  set rawKey(bytes: Uint8Array | undefined) {
    this.#rawKey = bytes
    this.#lent = undefined
    if (bytes === undefined) this.rawKeySerde = undefined
  }

  /** The record's key and the bytes that it was read from. */
  lendKey(key: unknown, serde: AnySerde, buffer: Buffer, start: number, length: number): void {
    this.rawKeyValue = key
    this.rawKeySerde = serde
    this.#rawKey = undefined
    this.#lent = buffer
    this.#lentStart = start
    this.#lentEnd = start + length
  }

  #viewOf(buffer: Buffer): Buffer {
    const start = this.#lentStart
    const length = this.#lentEnd - start
    if (length > shortKeyBytes) return buffer.subarray(start, this.#lentEnd)
    const short = this.#shortKey
    for (let i = 0; i < length; i++) short[i] = buffer[start + i] as number
    return (this.#shortKeys[length] ??= short.subarray(0, length))
  }

  /** For what is not caused by a record: a punctuation. */
  clear(timestamp: number): void {
    this.topic = null
    this.partition = -1
    this.offset = -1
    this.timestamp = timestamp
    this.headers = noHeaders
    this.rawKey = undefined
    this.source = noSource
  }
}

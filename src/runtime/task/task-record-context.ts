import { noHeaders, type Headers } from '../../common/headers.ts'
import type { RecordContext } from '../../processor/record-context.ts'
import type { AnySerde } from '../../serde/serde.ts'

/** The one record context of a task; every field is there from the start, so that its shape never changes. */
export class TaskRecordContext implements RecordContext {
  topic: string | null = null
  partition = -1
  offset = -1
  timestamp = 0
  headers: Headers = noHeaders
  rawKey: Uint8Array | undefined = undefined
  rawKeyValue: unknown = undefined
  rawKeySerde: AnySerde | undefined = undefined

  /** For what is not caused by a record: a punctuation. */
  clear(timestamp: number): void {
    this.topic = null
    this.partition = -1
    this.offset = -1
    this.timestamp = timestamp
    this.headers = noHeaders
    this.rawKey = undefined
  }
}

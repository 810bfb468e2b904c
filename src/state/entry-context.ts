/** The context of an entry's last update, which a flush logs and forwards it with. */
import type { RecordContext } from '../processor/record-context.ts'
import type { OverlayEntry } from './overlay.ts'

export function rememberContext(entry: OverlayEntry, record: RecordContext): void {
  entry.topic = record.topic
  entry.partition = record.partition
  entry.offset = record.offset
  entry.recordTimestamp = record.timestamp
  entry.headers = record.headers
}

export function restoreContext(entry: OverlayEntry, record: RecordContext): void {
  record.topic = entry.topic
  record.partition = entry.partition
  record.offset = entry.offset
  record.timestamp = entry.recordTimestamp
  record.headers = entry.headers
  record.rawKey = undefined
}

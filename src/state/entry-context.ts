/** The context of an entry's last update, which a flush logs and forwards it with. */
import { moveTo, noSource, type RecordContext } from '../processor/record-context.ts'
import type { Overlay, OverlayEntry } from './overlay.ts'

export function rememberContext(overlay: Overlay, entry: OverlayEntry, record: RecordContext): void {
  entry.topic = record.topic
  entry.partition = record.partition
  entry.offset = record.offset
  entry.recordTimestamp = record.timestamp
  entry.headers = record.headers
  if (record.keepSource !== undefined) overlay.keepSource(entry, record.keepSource())
}

export function restoreContext(overlay: Overlay, entry: OverlayEntry, record: RecordContext): void {
  moveTo(record, entry.topic, entry.partition, entry.offset, entry.recordTimestamp, entry.headers)
  record.rawKey = undefined
  record.source = entry.source ?? noSource
  if (entry.source !== undefined) overlay.keepSource(entry, undefined)
}

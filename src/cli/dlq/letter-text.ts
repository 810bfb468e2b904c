/** Pieces of letters as people read them. */

/** Without milliseconds: `2026-01-31 08:00:00Z`. */
export function timeText(timestamp: number): string {
  if (!(timestamp >= 0 && timestamp <= 8.64e15)) return '-'
  return new Date(timestamp).toISOString().replace('T', ' ').replace(/\.\d+/, '')
}

export function sourceText(topic: string | null, partition: number | null): string | null {
  if (topic === null) return null
  return partition === null ? topic : `${topic}-${partition}`
}

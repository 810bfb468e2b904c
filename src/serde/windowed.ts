/** The end of windows that never end, the nearest number to Java's Long.MAX_VALUE. */
export const endOfTimeMs: number = 2 ** 63

/** The end, exclusive, of a window of that size. */
export function windowEnd(start: number, sizeMs: number): number {
  const end = start + sizeMs
  return end < Number.MAX_SAFE_INTEGER ? end : endOfTimeMs
}

/** From `start` to `end`: exclusive for time windows, inclusive for sliding windows and sessions. */
export interface Window {
  readonly start: number
  readonly end: number
}

/** A key together with the window that it is counted in: what windowed tables have as keys. */
export interface Windowed<K> {
  readonly key: K
  readonly window: Window
}

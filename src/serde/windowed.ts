/** The end of windows that never end, the nearest number to Java's Long.MAX_VALUE. */
export const endOfTimeMs: number = 2 ** 63

/** The end, exclusive, of a window of that size. */
export function windowEnd(start: number, sizeMs: number): number {
  const end = start + sizeMs
  return end < Number.MAX_SAFE_INTEGER ? end : endOfTimeMs
}

/** A key together with the window that it is counted in. */
export interface Window {
  readonly start: number
  readonly end: number
}

export interface Windowed<K> {
  readonly key: K
  readonly window: Window
}

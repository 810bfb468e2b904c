import type { KeyRange } from '../processor/window-store.ts'

/** The bounds of a range of keys as text, both inclusive; undefined is unbounded. */
export function keyBounds<K>(
  keys: KeyRange<K>,
  textOf: (key: K) => string,
): { readonly lower: string | undefined; readonly upper: string | undefined } {
  if (keys === undefined) return { lower: undefined, upper: undefined }
  if (!Array.isArray(keys)) return { lower: textOf(keys as K), upper: textOf(keys as K) }
  const [from, to] = keys as readonly [from: K, to: K]
  return { lower: textOf(from), upper: textOf(to) }
}

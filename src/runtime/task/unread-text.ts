/**
 * Stands for a value that is text and that no node reads: a count asks only whether there is one. It must never reach
 * code of the user; an error policy is given the text.
 */
import { stringSerde } from '../../serde/string-serde.ts'

export const unreadText: unique symbol = Symbol('text that nobody reads')

/** `value`, or the text that it stands for. */
export function readValue(value: unknown, raw: Uint8Array | null): unknown {
  return value === unreadText && raw !== null ? stringSerde.deserialize(raw, '', []) : value
}

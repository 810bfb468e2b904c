/**
 * JSON that commands no terminal that shows it: `JSON.stringify` escapes the C0 controls alone. What else is unsafe is
 * escaped here, which says the same to whoever parses it.
 */
import { unicodeEscape, unsafeCharacters } from './unsafe-characters.ts'

const unescaped = new RegExp(`[${unsafeCharacters}]`, 'g')

/** One line. Undefined fields are left out, as by `JSON.stringify`; throws where that does. */
export function plainJson(document: object): string {
  return JSON.stringify(document).replaceAll(unescaped, unicodeEscape)
}

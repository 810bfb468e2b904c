/**
 * Characters that are not for a terminal: what could command it (DEL and the C1 controls; U+009B begins a control sequence
 * as ESC [ does), what some take for the end of a line (U+2028, U+2029), and changes of direction, with which text reads as
 * something else. The C0 controls are left to each caller: some have lines or styles of their own.
 */

/** For a character class of a regular expression. */
export const unsafeCharacters: string = String.raw`\u007F-\u009F\u2028-\u202E\u2066-\u2069`

/** As JSON writes it. */
export function unicodeEscape(character: string): string {
  return String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

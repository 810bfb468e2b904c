/**
 * JSON that commands no terminal that shows it: `JSON.stringify` leaves DEL, the C1 control characters (U+009B begins a
 * control sequence as ESC [ does), the line separators and the changes of direction as they are. Here they are escaped,
 * which says the same to whoever parses it.
 */
const unescaped = /[\u007F-\u009F\u2028-\u202E\u2066-\u2069]/g

/** One line. Undefined fields are left out, as by `JSON.stringify`; throws where that does. */
export function plainJson(document: object): string {
  return JSON.stringify(document).replaceAll(
    unescaped,
    (character) => String.raw`\u` + character.charCodeAt(0).toString(16).padStart(4, '0'),
  )
}

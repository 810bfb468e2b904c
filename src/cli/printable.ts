/**
 * Text of others on a terminal: records, names, messages of brokers and of group members. A control sequence in it could
 * clear the screen, hide what stands there or answer in the user's name; a change of direction makes it read as something
 * else. What could do so is written as JSON writes it, so a JSON document stays what it was.
 */
import { unicodeEscape, unsafeCharacters } from '../common/unsafe-characters.ts'

/** What `style.ts` makes: bold, dim, four colours, and their ends. Nothing of it hides text or reaches beyond it. */
const ownStyles = String.raw`\u001B\[(?:1|2|22|3[1236]|39)m`

const harmfulInText = new RegExp(String.raw`${ownStyles}|[\u0000-\u0008\u000B-\u001F${unsafeCharacters}]`, 'g')
const harmfulInLine = new RegExp(String.raw`[\u0000-\u001F${unsafeCharacters}]`, 'g')

/** For text with lines and styles of its own. */
export function harmless(text: string): string {
  return text.replaceAll(harmfulInText, (found) => (found.length > 1 ? found : visible(found)))
}

/** For foreign text within a line: it cannot end the line, nor style it. */
export function oneLine(text: string): string {
  return text.replaceAll(harmfulInLine, visible)
}

function visible(character: string): string {
  if (character === '\n') return String.raw`\n`
  if (character === '\t') return String.raw`\t`
  if (character === '\r') return String.raw`\r`
  return unicodeEscape(character)
}

/**
 * Reads short texts, remembering those it read: keys come again and again, and to find a text by its bytes takes a third
 * of what it takes to make one. What is found again also has its hash already, and is the very text that maps have as
 * their key.
 *
 * Bounded and best effort: a text has one place, which the last one read takes.
 */
const slots = 8192
const maxBytes = 32

export class TextCache {
  readonly #texts: (string | undefined)[] = Array.from({ length: slots })

  /** As `buffer.toString('utf8', start, end)`. */
  read(buffer: Buffer, start: number, end: number): string {
    const length = end - start
    if (length > maxBytes) return buffer.toString('utf8', start, end)
    let hash = 0
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (buffer[at] as number)) | 0
    const slot = (hash ^ (hash >>> 15)) & (slots - 1)
    const known = this.#texts[slot]
    if (known !== undefined && known.length === length && hasBytes(known, buffer, start)) return known
    const text = buffer.toString('utf8', start, end)
    // One character per byte: ASCII, or malformed and then U+FFFD, which no byte is equal to.
    if (text.length === length) this.#texts[slot] = text
    return text
  }
}

function hasBytes(text: string, buffer: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== buffer[start + i]) return false
  return true
}

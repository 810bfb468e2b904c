/**
 * Reads UTF-8 text from a buffer; what malformed input becomes is Java's. A call into native code costs about 70 ns whatever the length; most keys are a few ASCII
 * characters, which JavaScript puts together in a third of that (24 ns for 9 characters on Node 24).
 */
type Bytes = Readonly<Record<number, number>>

const code = String.fromCharCode as (...codes: readonly (number | undefined)[]) => string

/** By length: one call with so many arguments is what the compiler makes a plain allocation of. */
// prettier-ignore
const ascii: readonly ((b: Bytes, s: number) => string)[] = [
  () => '',
  (b, s) => code(b[s]),
  (b, s) => code(b[s], b[s + 1]),
  (b, s) => code(b[s], b[s + 1], b[s + 2]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6], b[s + 7]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6], b[s + 7], b[s + 8]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6], b[s + 7], b[s + 8], b[s + 9]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6], b[s + 7], b[s + 8], b[s + 9], b[s + 10]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6], b[s + 7], b[s + 8], b[s + 9], b[s + 10], b[s + 11]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6], b[s + 7], b[s + 8], b[s + 9], b[s + 10], b[s + 11], b[s + 12]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6], b[s + 7], b[s + 8], b[s + 9], b[s + 10], b[s + 11], b[s + 12], b[s + 13]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6], b[s + 7], b[s + 8], b[s + 9], b[s + 10], b[s + 11], b[s + 12], b[s + 13], b[s + 14]),
  (b, s) => code(b[s], b[s + 1], b[s + 2], b[s + 3], b[s + 4], b[s + 5], b[s + 6], b[s + 7], b[s + 8], b[s + 9], b[s + 10], b[s + 11], b[s + 12], b[s + 13], b[s + 14], b[s + 15]),
]

const shortBytes = ascii.length - 1

/** As Java's `new String(bytes, UTF_8)`. */
export function readText(buffer: Buffer, start: number, end: number): string {
  const length = end - start
  if (length > shortBytes || length < 0) return decode(buffer, start, end)
  let all = 0
  for (let at = start; at < end; at++) all |= buffer[at] as number
  return all > 0x7f ? decode(buffer, start, end) : (ascii[length] as (b: Bytes, s: number) => string)(buffer, start)
}

function decode(buffer: Buffer, start: number, end: number): string {
  const text = buffer.toString('utf8', start, end)
  return text.includes('\uFFFD') ? decodeMalformed(buffer.subarray(start, end)) : text
}

/** Java's decoder takes a surrogate, or its first two bytes, as one malformed character; Node's each byte as one. */
function decodeMalformed(bytes: Buffer): string {
  const replaced = bytes.toString('latin1').replace(/\xed[\xa0-\xbf][\x80-\xbf]?/g, '\xef\xbf\xbd')
  return Buffer.from(replaced, 'latin1').toString()
}

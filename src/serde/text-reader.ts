/**
 * Reads UTF-8 text from a buffer. A call into native code costs about 70 ns whatever the length; most keys are a few ASCII
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

/** As `buffer.toString('utf8', start, end)`. */
export function readText(buffer: Buffer, start: number, end: number): string {
  const length = end - start
  if (length > shortBytes || length < 0) return buffer.toString('utf8', start, end)
  let all = 0
  for (let at = start; at < end; at++) all |= buffer[at] as number
  return all > 0x7f
    ? buffer.toString('utf8', start, end)
    : (ascii[length] as (b: Bytes, s: number) => string)(buffer, start)
}

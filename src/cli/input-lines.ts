/** Lines of a byte stream as they are: no decoding, nothing cut. Bounded by the longest line that any topic could take. */
import { CliError } from '../errors/cli-error.ts'

const lineMaxBytes = 128 * 1024 * 1024
const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * All lines of a chunk together, so that a line costs no promise. Line ends are `\n` or `\r\n`, as Kafka's console
 * producer takes them; the last line may go without.
 */
export async function* inputLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Buffer[]> {
  // A line may reach across many chunks; joined once, when its end is there.
  let rest: Buffer[] = []
  let restBytes = 0
  let count = 0
  for await (const piece of chunks) {
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      lines.push(withoutReturn(joined(rest, chunk.subarray(start, end))))
      rest = []
      restBytes = 0
      start = end + 1
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start))
      restBytes += chunk.length - start
    }
    count += lines.length
    if (lines.length > 0) yield lines
    if (restBytes > lineMaxBytes) throw tooLong(count + 1)
  }
  if (rest.length > 0) yield [withoutReturn(Buffer.concat(rest))]
}

function joined(rest: readonly Buffer[], last: Buffer): Buffer {
  return rest.length === 0 ? last : Buffer.concat([...rest, last])
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
}

function tooLong(line: number): CliError {
  return new CliError(
    'MILLRACE_INPUT_INVALID',
    `line ${line} of the input has more than ${lineMaxBytes} bytes; a record cannot hold it (is it text with a record per line?)`,
  )
}

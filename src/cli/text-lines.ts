/** Lines of a byte stream, each short enough for a record; a longer one is cut where no word is cut. */
import { StringDecoder } from 'node:string_decoder'
import { CliError } from '../errors/cli-error.ts'

/** Well below the brokers' default limit of a record (1 MiB), also when every character takes three bytes. */
const lineMaxLength = 64 * 1024
const wordMaxLength = 256 * 1024

export async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.write(Buffer.from(chunk))
    let start = 0
    for (let end = rest.indexOf('\n', start); end >= 0; end = rest.indexOf('\n', start)) {
      yield* pieces(rest.slice(start, end))
      start = end + 1
    }
    rest = rest.slice(start)
    // A file without line ends must not pile up in memory; where the text goes on is unknown, so a word that reaches
    // the end of what is here waits for more.
    while (rest.length > lineMaxLength * 2) {
      const cut = cutOf(rest)
      if (cut === rest.length) break
      yield rest.slice(0, cut)
      rest = rest.slice(cut)
    }
  }
  rest += decoder.end()
  if (rest !== '') yield* pieces(rest)
}

function* pieces(line: string): Generator<string> {
  let rest = line
  while (rest.length > lineMaxLength) {
    const cut = cutOf(rest)
    yield rest.slice(0, cut)
    rest = rest.slice(cut)
  }
  if (rest !== '' || line === '') yield rest
}

/** The last place at or before the limit where no word is cut; behind the limit when one word reaches across it. */
function cutOf(text: string): number {
  for (let i = lineMaxLength; i > 0; i--) if (!isWord(text, i - 1) || !isWord(text, i)) return i
  let end = lineMaxLength
  while (end < text.length && isWord(text, end)) end++
  if (end <= wordMaxLength) return end
  throw new CliError(
    'MILLRACE_USAGE',
    `the text has a word of more than ${wordMaxLength} characters ('${text.slice(0, 20)}…'); a record cannot hold it`,
  )
}

function isWord(text: string, index: number): boolean {
  return /\w/.test(text[index] ?? ' ')
}

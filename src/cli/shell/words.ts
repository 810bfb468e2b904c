/**
 * A line of the shell as words, by the rules of quoting that POSIX shells have: '…' as it is, "…" with \" and \\, \x
 * outside of quotes, # begins a comment. Nothing is expanded: no variables, no file patterns, no ~.
 */
export interface Word {
  readonly text: string
  /** Where it begins in the line, and where it ends (exclusive). */
  readonly start: number
  readonly end: number
  /** Some of it was quoted. */
  readonly isQuoted: boolean
}

export interface SplitLine {
  readonly words: readonly Word[]
  /** A quote or a backslash that the line ends in; the last word is what follows it. */
  readonly open: string | undefined
}

export function splitLine(line: string): SplitLine {
  const words: Word[] = []
  let at = 0
  for (;;) {
    while (isBlank(line[at])) at++
    if (at >= line.length || line[at] === '#') return { words, open: undefined }
    const { word, open } = readWord(line, at)
    words.push(word)
    if (open !== undefined) return { words, open }
    at = word.end
  }
}

function readWord(line: string, start: number): { readonly word: Word; readonly open: string | undefined } {
  let text = ''
  let isQuoted = false
  let quote: string | undefined
  let at = start
  for (; at < line.length; at++) {
    const character = line[at]!
    if (quote === undefined && isBlank(character)) break
    if (character === quote) quote = undefined
    else if (quote === undefined && (character === "'" || character === '"')) {
      quote = character
      isQuoted = true
    } else if (character === '\\' && quote !== "'" && escapes(quote, line[at + 1])) {
      if (at + 1 >= line.length) return { word: { text, start, end: line.length, isQuoted: true }, open: '\\' }
      text += line[++at]
      isQuoted = true
    } else text += character
  }
  return { word: { text, start, end: at, isQuoted }, open: quote }
}

/** Within "…" a backslash stays unless it stands before what it is needed for, so that regular expressions survive. */
function escapes(quote: string | undefined, next: string | undefined): boolean {
  return quote === undefined || next === '"' || next === '\\'
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

/** As `splitLine` would read it again. */
export function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** What other shells would give a meaning, standing alone and not quoted: `|`, `>`, `&&`. */
export function operatorIn(words: readonly Word[]): string | undefined {
  return words.find(({ text, isQuoted }) => !isQuoted && /^(?:\|\|?|&&?|;|\d?[<>]{1,2}(?:&\d)?)$/.test(text))?.text
}

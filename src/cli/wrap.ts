/** Prose in lines of a width. What is between apostrophes, such as a command to copy, stays together where it fits. */
import { stripVTControlCharacters } from 'node:util'

export interface WrapOptions {
  readonly width: number
  /** Blanks before every line but the first of each line that is given. */
  readonly hanging?: number
}

/** Lines that are given stay lines; one that fits is as it was, and so is what leads it in. */
export function wrapped(text: string, { width, hanging = 0 }: WrapOptions): string {
  return text
    .split('\n')
    .map((line) => (lengthOf(line) <= width ? line : folded(line, width, ' '.repeat(hanging))))
    .join('\n')
}

function folded(line: string, width: number, indent: string): string {
  const lines: string[] = []
  let current = ''
  for (const word of wordsOf(line, width - indent.length)) {
    if (current.trim() !== '' && lengthOf(current) + lengthOf(word) > width) {
      lines.push(current)
      current = `${indent}${word.trimStart()}`
    } else current += word
  }
  return [...lines, current].join('\n')
}

/** Each with the blanks before it. */
function wordsOf(text: string, width: number): readonly string[] {
  const together = text.match(/ *(?:(?<![^ (])\(?'[^']*'\S*|\S+)/g) ?? []
  return together.flatMap((word) => (lengthOf(word.trimStart()) <= width ? [word] : (word.match(/ *\S+/g) ?? [])))
}

function lengthOf(text: string): number {
  return stripVTControlCharacters(text).length
}

/** On a terminal in lines that fit; for programs one line stays one. */
export function paragraph(text: string, hanging: number): string {
  const width = terminalWidth()
  return width === undefined ? text : wrapped(text, { width, hanging })
}

/** Of standard output; undefined where it is no terminal, or one that does not say its width (0). */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || undefined : undefined
}

const proseWidthMax = 100

/** Of lines that are read as sentences: longer ones are hard to read, however wide the terminal is. */
export function proseWidth(): number {
  return Math.min(terminalWidth() ?? proseWidthMax, proseWidthMax)
}

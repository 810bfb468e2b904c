import { seededRandom } from './word-count-load.ts'

/** Text with everything that separates words, and what `tr -cs 'A-Za-z0-9_' '\n' | tr A-Z a-z | sort | uniq -c` makes of it. */
export function sampleText(bytes: number, seed = 1): string {
  const random = seededRandom(seed)
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEF_0123456789'
  const word = (): string =>
    Array.from({ length: 1 + Math.floor(random() * 10) }, () => letters[Math.floor(random() * letters.length)]).join('')
  const vocabulary = Array.from({ length: 5000 }, word)
  const separators = [' ', ', ', '. ', '\n', '  ', ' — ', '\t', '\r\n', '\n\n', 'é ', '; ']
  let text = ''
  while (text.length < bytes) {
    text += `${vocabulary[Math.floor(random() ** 3 * vocabulary.length)]}${separators[Math.floor(random() * separators.length)]}`
  }
  return text
}

export function countedLines(text: string): string {
  const counts = new Map<string, number>()
  for (const word of text.match(/[A-Za-z0-9_]+/g) ?? []) {
    counts.set(word.toLowerCase(), (counts.get(word.toLowerCase()) ?? 0) + 1)
  }
  const sorted = [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  return sorted.map(([word, count]) => `${count}\t${word}\n`).join('')
}

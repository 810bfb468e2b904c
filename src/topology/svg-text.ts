/** Text in drawings: escaped, cut in the middle, and as wide as fonts will make it, which nothing here can measure. */

/** Names are in a fixed-width font, whose letters are 0.6 em wide; at 12 px. */
const nameLetter = 7.3
/** Words are in a proportional font at 11 px: widths of a wide one, so that others fit as well. */
const narrowLetter = 4.3
const wordLetter = 7
const capital = 8.2

export function textWidth(name: string): number {
  return widthOf(name, () => nameLetter)
}

export function wordsWidth(words: string): number {
  return widthOf(words, (letter) => {
    if (/[A-Z_→%@&mw]/.test(letter)) return capital
    return /[ijlftr.,:;'()|! -]/.test(letter) ? narrowLetter : wordLetter
  })
}

/** East Asian letters and emoji are twice as wide. */
function widthOf(text: string, letterWidth: (letter: string) => number): number {
  let width = 0
  for (const letter of text) width += letterWidth(letter) * ((letter.codePointAt(0) ?? 0) > 0x2e80 ? 2 : 1)
  return width
}

/** At most `max` letters: both ends of a name tell it from others. */
export function elided(text: string, max: number): string {
  const letters = Array.from(text)
  if (letters.length <= max) return text
  const tail = Math.floor((max - 1) / 2)
  return `${letters.slice(0, max - 1 - tail).join('')}…${letters.slice(letters.length - tail).join('')}`
}

/** For text and attributes of XML and HTML; characters that XML cannot have are replaced. */
export function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\t\n\r]|[\uFFFE\uFFFF]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

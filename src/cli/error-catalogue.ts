/**
 * What `docs/errors.md` of this package says about each code. The page is the only source: a section per code, with prose
 * (what it means, what to do) and two lines at its end, `Look at` and `Exit code`; a test holds the page to that.
 */
import { readFileSync } from 'node:fs'

export interface ErrorEntry {
  readonly code: string
  /** The part of the page that it stands in: `Stores`. */
  readonly area: string
  /** What it means and what to do: paragraphs, links as `words (docs/page.md)`. */
  readonly meaning: string
  /** Where the reason is found. */
  readonly lookAt: string
  /** Of a command that ends with it. */
  readonly exitCode: number
}

const page = new URL('../../docs/errors.md', import.meta.url)

/** Code to entry, in the order of the page. */
export function readErrorCatalogue(text: string = readFileSync(page, 'utf8')): ReadonlyMap<string, ErrorEntry> {
  const entries = new Map<string, ErrorEntry>()
  for (const part of text.split(/^## /m).slice(1)) {
    const area = part.slice(0, part.indexOf('\n'))
    for (const section of part.split(/^### /m).slice(1)) {
      const entry = entryOf(section, area)
      entries.set(entry.code, entry)
    }
  }
  return entries
}

/** `buffer_full`, `MILLRACE_BUFFER_FULL`: people leave away what all codes have. */
export function codeOf(given: string): string {
  const code = given.trim().toUpperCase().replaceAll('-', '_')
  return code.startsWith('MILLRACE_') ? code : `MILLRACE_${code}`
}

function entryOf(section: string, area: string): ErrorEntry {
  const [, lookAt = '', exitCode = '1'] = /^- \*\*Look at\*\*: (.*?)\n- \*\*Exit code\*\*: (\d+)$/ms.exec(section) ?? []
  const prose = section.slice(section.indexOf('\n')).split(/^- \*\*(?:Look at|Exit code)\*\*/m)[0] ?? ''
  return {
    code: section.slice(0, section.indexOf('\n')),
    area,
    meaning: plain(prose),
    lookAt: plain(lookAt),
    exitCode: Number(exitCode),
  }
}

/** Lines of one paragraph or point become one; links say where they lead. */
function plain(markdown: string): string {
  return markdown
    .trim()
    .replaceAll(/\n(?!\n|- )(?<!\n\n) */g, ' ')
    .replaceAll(/\[([^\]]+)\]\(([^)#]*)[^)]*\)/g, (_, words: string, file: string) =>
      file === '' ? words : `${words} (docs/${file})`,
    )
    .replaceAll(/\*\*([^*]+)\*\*|\b_([^_]+)_\b/g, '$1$2')
}

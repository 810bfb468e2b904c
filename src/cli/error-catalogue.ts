/**
 * What `docs/errors.md` of this package says about each code. The page is the only source: a section per code, with prose
 * (what it means, what to do) and points at its end: `Look at`, `Exit code`, and `Do` where that wants to be seen at
 * once. A test holds the page to that.
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
  /** What to do, where the meaning does not say it already. */
  readonly todo: string | null
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
  const heading = section.slice(0, section.indexOf('\n'))
  const [prose = '', ...points] = section.slice(heading.length).split(/^- (?=\*\*(?:Look at|Do|Exit code)\*\*: )/m)
  const point = (name: string): string | undefined =>
    points.find((text) => text.startsWith(`**${name}**`))?.slice(name.length + 6)
  const todo = point('Do')
  return {
    code: heading,
    area,
    meaning: plain(prose),
    lookAt: plain(point('Look at') ?? ''),
    todo: todo === undefined ? null : plain(todo),
    exitCode: Number(point('Exit code') ?? Number.NaN),
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

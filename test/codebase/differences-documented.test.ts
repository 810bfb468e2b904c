import { describe, expect, it } from 'vitest'
import { anchorOf } from './doc-examples.ts'
import { read, sourceFiles } from './project-files.ts'

// Where the source says `differs from Java (#anchor)`, docs/differences-from-java.md has a section of that name; and its
// table has every section.

const document = read('docs/differences-from-java.md')
const headings = [...document.matchAll(/^#{2,3} (.*)$/gm)].map(([, heading = '']) => heading)
const anchors = new Set(headings.map(anchorOf))

/** What is said in comments, one line or several. */
function differences(): { readonly file: string; readonly anchor: string | undefined }[] {
  return sourceFiles().flatMap((file) => {
    const words = read(file).replaceAll(/\n\s*(?:\*|\/\/) ?/g, ' ')
    return [...words.matchAll(/(?<!must never )differs? from Java\b(?!'s)(?: \(#([\w-]+)\))?/gi)].map(([, anchor]) => ({
      file,
      anchor,
    }))
  })
}

describe('docs/differences-from-java.md', () => {
  it('has a section for each difference that the source names', () => {
    const found = differences()
    expect(found.length).toBeGreaterThan(20)
    expect(found.filter(({ anchor }) => anchor === undefined || !anchors.has(anchor))).toEqual([])
  })

  it('lists in its table every section that is a difference, and no other', () => {
    const listed = [...document.matchAll(/^\| \[(.+?)\]\(#([\w-]+)\)/gm)].map(
      ([, name, anchor]) => `${name} #${anchor}`,
    )
    const named = new Set(differences().map(({ anchor }) => anchor))
    expect(listed.length).toBeGreaterThan(20)
    expect([...named].filter((anchor) => !listed.some((line) => line.endsWith(` #${anchor}`)))).toEqual([])
    const known = new Set(headings.map((heading) => `${heading} #${anchorOf(heading)}`))
    expect(listed.filter((line) => !known.has(line))).toEqual([])
    const sections = [...document.matchAll(/^### (.*)$/gm)].map(
      ([, heading = '']) => `${heading} #${anchorOf(heading)}`,
    )
    expect(sections.filter((line) => !listed.includes(line))).toEqual([])
  })
})

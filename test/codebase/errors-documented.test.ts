import { describe, expect, it } from 'vitest'
import { readErrorCatalogue } from '../../src/cli/error-catalogue.ts'
import { exitCodeOf } from '../../src/cli/failure.ts'
import { StreamsError } from '../../src/errors/streams-error.ts'
import { configKeys } from '../../src/runtime/streams-config.ts'
import { filesIn, read, sourceFiles } from './project-files.ts'

// Every `MILLRACE_…` code stands in one `<area>Errors` table of src/errors, is thrown somewhere, and has a section in
// docs/errors.md; and no section describes a code that is gone.

/** Names that begin like a code and are environment variables: one for each key, and those of the commands. */
const environment = new Set([
  ...configKeys.map((key) => `MILLRACE_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`),
  ...[
    'BROKERS',
    'CONFIG',
    'PROFILE',
    'MODULE',
    'NO_COLOR',
    'NO_INPUT',
    'LOG_FORMAT',
    'LOG_LEVEL',
    'TEST_KAFKA',
    'KAFKA_CACHE',
    'KAFKA_VERSION',
    'TEST_KAFKA_IMAGE',
  ].map((name) => `MILLRACE_${name}`),
])

const codes = await declaredCodes()

async function declaredCodes(): Promise<{ code: string; line: string; file: string }[]> {
  const files = filesIn('src/errors')
  const modules = await Promise.all(
    files.map(async (file) => ({ file, exports: (await import(`../../${file}`)) as Record<string, unknown> })),
  )
  return modules.flatMap(({ file, exports }) =>
    Object.entries(exports)
      .filter(([name]) => name.endsWith('Errors'))
      .flatMap(([, table]) => Object.entries(table as Record<string, string>))
      .map(([code, line]) => ({ code, line, file })),
  )
}

/** Code to text of the section `## CODE` or `### CODE`. */
function sections(): Map<string, string> {
  const parts = read('docs/errors.md').split(/^#{2,3} /m)
  const found = parts.flatMap((part): [string, string][] => {
    const name = /^`?(MILLRACE_[A-Z0-9_]+)`?\n/.exec(part)?.[1]
    return name === undefined ? [] : [[name, part.slice(part.indexOf('\n')).trim()]]
  })
  return new Map(found)
}

describe('Error codes', () => {
  it('are unique', () => {
    const names = codes.map(({ code }) => code)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it('begin with MILLRACE_ and carry a line of explanation', () => {
    expect(codes.filter(({ code, line }) => !/^MILLRACE_[A-Z0-9_]+$/.test(code) || line.length < 20)).toEqual([])
  })

  it('are all in the type of the codes', () => {
    const tables = filesIn('src/errors').flatMap((file) =>
      [...read(file).matchAll(/^export const (\w+Errors) =/gm)].map(([, name = '']) => name),
    )
    const listed = read('src/errors/error-code.ts')
    expect(tables.length).toBeGreaterThan(10)
    expect(tables.filter((name) => !listed.includes(`  typeof ${name},`))).toEqual([])
  })

  it('have a section each in docs/errors.md', () => {
    const written = sections()
    const missing = codes.filter(({ code }) => (written.get(code)?.length ?? 0) < 40)
    expect(missing.map(({ code, line, file }) => `## ${code}   (${file}: ${line})`)).toEqual([])
  })

  it('say in docs/errors.md where to look, and how a command ends with them', () => {
    const entries = [...readErrorCatalogue().values()]
    expect(entries.length).toBe(codes.length)
    const wrong = entries.flatMap(({ code, lookAt, exitCode }) => {
      const right = exitCodeOf(new StreamsError(code as `MILLRACE_${string}`, ''))
      return lookAt !== '' && exitCode === right ? [] : [`${code}: - **Look at**: …\n- **Exit code**: ${right}`]
    })
    expect(wrong).toEqual([])
  })

  it('are the only sections of docs/errors.md', () => {
    const known = new Set(codes.map(({ code }) => code))
    expect([...sections().keys()].filter((code) => !known.has(code))).toEqual([])
  })

  it('stand in a table before they are used, and are used', () => {
    const known = new Set(codes.map(({ code }) => code))
    const used = new Map<string, string>()
    for (const file of sourceFiles().filter((name) => !name.startsWith('src/errors/'))) {
      for (const [code] of read(file).matchAll(/\bMILLRACE_[A-Z0-9_]*[A-Z0-9]/g)) used.set(code, file)
    }
    const errorSources = filesIn('src/errors').map(read).join('\n')
    // `MILLRACE_CONFIG` stands for all codes that begin so.
    const isKnown = (code: string): boolean =>
      known.has(code) ||
      environment.has(code.replace(/(?:__.*|_FILE)$/, '')) ||
      [...known].some((other) => other.startsWith(`${code}_`))
    expect([...used].filter(([code]) => !isKnown(code))).toEqual([])
    // A class that has one code only names it itself: then it stands in its own file twice.
    const unused = codes.filter(({ code }) => !used.has(code) && errorSources.split(code).length < 3)
    expect(unused.map(({ code, file }) => `${code} (${file})`)).toEqual([])
  })
})

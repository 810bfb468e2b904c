/** `millrace explain`: sections of the error catalogue, for people and for programs. */
import { nearest } from '../common/nearest.ts'
import { CliError } from '../errors/cli-error.ts'
import { codeOf, readErrorCatalogue } from './error-catalogue.ts'
import type { ErrorEntry } from './error-catalogue.ts'
import { emit } from './output.ts'
import type { OutputFormat } from './output.ts'
import { styled } from './style.ts'
import { proseWidth, wrapped } from './wrap.ts'

export interface ExplainOptions {
  readonly output: OutputFormat
}

export async function explainCommand(given: string | undefined, { output }: ExplainOptions): Promise<void> {
  const catalogue = readErrorCatalogue()
  if (given !== undefined) {
    const entry = find(catalogue, given)
    await emit(output, { document: entry, text: () => textOf(entry) })
    return
  }
  const errors = [...catalogue.values()]
  await emit(output, { document: { errors }, rows: errors, text: () => listOf(errors) })
}

function find(catalogue: ReadonlyMap<string, ErrorEntry>, given: string): ErrorEntry {
  const code = codeOf(given)
  const entry = catalogue.get(code)
  if (entry !== undefined) return entry
  const near = nearest(code, [...catalogue.keys()])
  const hint = near === undefined ? "'millrace explain' lists all" : `did you mean ${near}?`
  throw new CliError('MILLRACE_USAGE', `there is no error code '${given}'; ${hint}`)
}

function textOf({ code, area, meaning, lookAt, todo, exitCode }: ErrorEntry): string {
  const parts = [
    `${styled('heading', code)} ${styled('quiet', `(${area})`)}`,
    proseOf(meaning),
    proseOf(`${styled('heading', 'Look at')}: ${lookAt}`),
    ...(todo === null ? [] : [proseOf(`${styled('heading', 'Do')}: ${todo}`)]),
    `${styled('heading', 'Exit code')} of a command that ends with it: ${exitCode}`,
  ]
  return `${parts.join('\n\n')}\n`
}

/** A line for each: the first sentence. */
function listOf(errors: readonly ErrorEntry[]): string {
  const areas = [...new Set(errors.map(({ area }) => area))]
  const parts = areas.map((area) => {
    const lines = errors
      .filter((entry) => entry.area === area)
      .map(({ code, meaning }) => `  ${styled('name', code)}\n${indented(firstSentence(meaning))}`)
    return `${styled('heading', area)}\n${lines.join('\n')}\n`
  })
  return parts.join('\n')
}

function indented(text: string): string {
  return wrapped(`      ${text.replaceAll('\n', ' ')}`, { width: proseWidth(), hanging: 6 })
}

function firstSentence(text: string): string {
  return /^.*?\.(?=\s|$)/s.exec(text)?.[0] ?? text
}

function proseOf(text: string): string {
  return wrapped(text, { width: proseWidth() })
}

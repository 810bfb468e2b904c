/** The recorded scenarios as data: test/testdata/vectors/README.md says what the fields mean. */
import { readdirSync, readFileSync } from 'node:fs'

export type RecordedHeaders = readonly (readonly [name: string, hex: string | null])[]

/** Key and value in hex. */
export interface RecordedOutput {
  readonly topic: string
  readonly k: string | null
  readonly v: string | null
  readonly ts: number | null
  readonly headers?: RecordedHeaders
}

/** Key and value as text (`k`, `v`), or in hex (`kx`, `vx`). */
export interface RecordedInput {
  readonly topic: string
  readonly k?: string | null
  readonly v?: string | null
  readonly kx?: string
  readonly vx?: string
  readonly ts: number
  readonly headers?: RecordedHeaders
}

/** Text is a text key, a number a time, `{ x }` another key in hex. */
export type QueryArgument = string | number | null | { readonly x: string }

export interface RecordedQuery {
  readonly query: string
  readonly op: string
  readonly args: readonly QueryArgument[]
}

export interface RecordedStep {
  readonly in: RecordedInput | { readonly wall: number } | RecordedQuery | { readonly metric: string }
  readonly out: readonly RecordedOutput[]
  readonly result?: unknown
  readonly error?: unknown
}

export interface Scenario {
  readonly name: string
  readonly config?: Readonly<Record<string, string>>
  /** Empty where the topology cannot be built. */
  readonly describe: string
  readonly error?: unknown
  readonly steps: readonly RecordedStep[]
}

const folder = new URL('../../testdata/vectors/', import.meta.url)

/** Of all recordings; a name that occurs twice is a mistake. */
export function readScenarios(): Scenario[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  const scenarios = files.flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Scenario[])
  const names = new Set<string>()
  for (const { name } of scenarios) {
    if (names.has(name)) throw new Error(`two recorded scenarios are called '${name}'`)
    names.add(name)
  }
  return scenarios
}

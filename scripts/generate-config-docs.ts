/**
 * Writes the generated parts of `docs/configuration.md`: an index of all keys and a section for each. Sections, order,
 * meaning and type are those of `StreamsConfig` (`src/processor/streams-config.ts`), defaults and ranges those that the
 * runtime applies. What stands outside of the marks is written by hand.
 *
 *     node scripts/generate-config-docs.ts           writes
 *     node scripts/generate-config-docs.ts --check   ends with 1 where the page is not what it would write
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { format, resolveConfig } from 'prettier'
import type { StreamsConfig } from '../src/processor/streams-config.ts'
import { javaNamesOf } from '../src/runtime/java-config.ts'
import { configDefaults, configKeys, expectedForm } from '../src/runtime/streams-config.ts'

type Key = keyof StreamsConfig

interface ConfigKey {
  readonly key: Key
  readonly section: string
  readonly meaning: string
  readonly type: string
}

const root = new URL('..', import.meta.url)
const page = fileURLToPath(new URL('docs/configuration.md', root))
const source = fileURLToPath(new URL('src/processor/streams-config.ts', root))

/** Options of `millrace run` and `millrace dev` beside `-X key=value`. */
export const flags: Readonly<Partial<Record<Key, string>>> = {
  applicationId: '--application-id',
  kafka: '--brokers',
  stateDir: '--state-dir',
  processingGuarantee: '--guarantee',
  threads: '--threads',
  http: '--http',
}

/** Functions and objects with functions: no text can say them. */
const codeOnly: readonly Key[] = ['timestampExtractor', 'processorWrapper', 'logger']

/** What depends on the machine, or is a function. */
const toldDefaults: Readonly<Partial<Record<Key, string>>> = {
  stateMaxBytes: 'half of the memory',
  timestampExtractor: '`timestampExtractors.failOnInvalid`',
  logger: 'silent',
}

export function configKeysOf(text: string): ConfigKey[] {
  const body = text.slice(text.indexOf('export interface StreamsConfig {'))
  let section = ''
  const found: ConfigKey[] = []
  for (const [, heading, comment, key, type] of body.matchAll(
    /^ {2}\/\/ --- (.*?) -+$|^ {2}\/\*\*(.*?)\*\/\n {2}(\w+): ([^\n]*)$/gms,
  )) {
    if (heading !== undefined) section = heading
    if (comment === undefined || key === undefined || type === undefined) continue
    const meaning = comment.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim()
    found.push({ key: key as Key, section, meaning, type })
  }
  const missing = configKeys.filter((key) => !found.some((each) => each.key === key))
  if (missing.length > 0) throw new Error(`no comment is found in ${source} for ${missing.join(', ')}`)
  return found
}

function defaultOf(key: Key): string {
  const told = toldDefaults[key]
  if (told !== undefined) return told
  const [once, atLeastOnce] = (['exactly_once', 'at_least_once'] as const).map((guarantee) => {
    const defaults: Partial<StreamsConfig> = configDefaults(guarantee, '<tmp>')
    return Object.hasOwn(defaults, key) ? shown(key, defaults[key]) : 'must be given'
  })
  return once === atLeastOnce ? `${once}` : `${once}; with \`at_least_once\` ${atLeastOnce}`
}

function shown(key: Key, value: unknown): string {
  if (value === undefined) return 'none'
  if (typeof value === 'number' && key.endsWith('Bytes') && value % 2 ** 20 === 0 && value > 0)
    return `${value} (${value / 2 ** 20} MiB)`
  if (typeof value === 'number') return String(value)
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

/** A type that lists its values says all; a range does where the type does not. */
function formOf({ key, type }: ConfigKey): string {
  const plain = `\`${type.replaceAll('|', '\\|')}\``
  return /^(?:number|string|TimestampExtractor)/.test(type) ? `${plain}, ${expectedForm(key)}` : plain
}

function variableOf(key: Key): string {
  return `MILLRACE_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

function commandLineOf(key: Key): string {
  if (codeOnly.includes(key)) return 'in code only'
  const flag = flags[key]
  const variable = key === 'kafka' ? 'MILLRACE_BROKERS' : variableOf(key)
  return `\`-X ${key}=…\`${flag === undefined ? '' : `, \`${flag}\``}; environment: \`${variable}\``
}

function javaOf(key: Key): string {
  const names = javaNamesOf(key)
  return names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(', ')
}

function indexOf(keys: readonly ConfigKey[]): string {
  const rows = keys.map(({ key }) => `| [\`${key}\`](#${key.toLowerCase()}) | ${defaultOf(key)} | ${javaOf(key)} |`)
  return ['| key | default | Kafka Streams |', '| --- | --- | --- |', ...rows].join('\n')
}

function referenceOf(keys: readonly ConfigKey[]): string {
  const sections = [...new Set(keys.map(({ section }) => section))]
  return sections
    .map((section) => {
      const parts = keys.filter((each) => each.section === section).map(sectionOf)
      return `## ${section}\n\n${parts.join('\n\n')}`
    })
    .join('\n\n')
}

function sectionOf(each: ConfigKey): string {
  const { key, meaning } = each
  return [
    `### ${key}`,
    '',
    meaning,
    '',
    `- **Type**: ${formOf(each).replaceAll('\\|', '|')}`,
    `- **Default**: ${defaultOf(key)}`,
    `- **Command line**: ${commandLineOf(key)}`,
    `- **Kafka Streams**: ${javaOf(key)}`,
  ].join('\n')
}

/** The page with its generated parts made anew. */
export async function generatedPage(text: string, sourceText: string): Promise<string> {
  const keys = configKeysOf(sourceText)
  const parts = { index: indexOf(keys), reference: referenceOf(keys) }
  const filled = Object.entries(parts).reduce((before, [name, part]) => replaced(before, name, part), text)
  return format(filled, { ...(await resolveConfig(page)), filepath: page })
}

function replaced(text: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}: scripts/generate-config-docs.ts writes this -->`, `<!-- ${name}: end -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/configuration.md has no place between '${begin}' and '${end}'`)
  return `${text.slice(0, from + begin.length)}\n\n${part}\n\n${text.slice(to)}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const before = readFileSync(page, 'utf8')
  const after = await generatedPage(before, readFileSync(source, 'utf8'))
  if (!process.argv.includes('--check')) writeFileSync(page, after)
  else if (after !== before) {
    console.error('docs/configuration.md is not what the source says: run node scripts/generate-config-docs.ts')
    process.exitCode = 1
  }
}

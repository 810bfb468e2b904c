/** The configuration as it would be used: every value with its origin, secrets left out. */
import { redact } from '../common/redact.ts'
import { configDefaults, configKeys } from '../runtime/streams-config.ts'
import { tmpdir } from 'node:os'
import { emit } from './output.ts'
import type { OutputFormat } from './output.ts'
import { loadSettings, moduleFile } from './settings.ts'
import type { SettingsOptions } from './settings.ts'
import { tableText } from './table.ts'

export interface ConfigPrintOptions extends SettingsOptions {
  readonly output: OutputFormat
  readonly all?: boolean
}

interface ConfigRow {
  readonly key: string
  readonly value: unknown
  readonly origin: string
}

export async function configPrintCommand(file: string | undefined, options: ConfigPrintOptions): Promise<void> {
  const rows = await configRows(file, options)
  await emit(options.output, { document: { config: rows }, rows, text: () => textOf(rows) })
}

async function configRows(file: string | undefined, options: ConfigPrintOptions): Promise<ConfigRow[]> {
  const named = file ?? moduleFile(loadSettings(options))
  const { loadTopologyModule } = await import('./load-module.ts')
  const module = named === undefined ? undefined : await loadTopologyModule(named)
  const { config, origins } = loadSettings(options, module?.config)
  const given = new Map<string, unknown>(Object.entries(config))
  if (module !== undefined && !given.has('applicationId')) given.set('applicationId', module.applicationId)
  const defaults = configDefaults(config.processingGuarantee ?? 'exactly_once', tmpdir())
  const all = options.all === true ? Object.entries(defaults).filter(([key]) => !given.has(key)) : []
  const rows = [
    ...[...given].map(([key, value]) => ({ key, value, origin: origins.get(key) ?? 'the module' })),
    ...all.map(([key, value]) => ({ key, value, origin: 'default' })),
  ]
  const order = (key: string): number => (configKeys as readonly string[]).indexOf(key)
  return rows.toSorted((one, two) => order(one.key) - order(two.key)).map(shown)
}

/** Functions and a broker in this process have no JSON. */
function shown({ key, value, origin }: ConfigRow): ConfigRow {
  // By its own name first: `httpToken` is a secret at the top.
  const safe = (redact({ [key]: describable(value) }) as Record<string, unknown>)[key]
  return { key, value: safe ?? null, origin }
}

function describable(value: unknown): unknown {
  if (typeof value === 'function') return `(function ${value.name || 'anonymous'})`
  if (typeof value !== 'object' || value === null) return value
  if ('~kafka' in value) return '(a broker in this process)'
  if ('debug' in value && 'error' in value) return '(a logger)'
  return value
}

function textOf(rows: readonly ConfigRow[]): string {
  if (rows.length === 0) return 'nothing is configured; every key has its default (--all shows them)\n'
  return tableText(
    [
      { title: 'KEY', value: ({ key }: ConfigRow) => key, style: () => 'name' },
      {
        title: 'VALUE',
        value: ({ value }) => (typeof value === 'string' ? value : JSON.stringify(value)),
        flexible: true,
      },
      { title: 'FROM', value: ({ origin }) => origin, style: () => 'quiet' },
    ],
    rows,
  )
}

/** `millrace config print`, in this process: whose values they are, and what of them has no JSON or must not be shown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { configPrintCommand } from '../../../src/cli/config-print.ts'
import type { ConfigPrintOptions } from '../../../src/cli/config-print.ts'
import { configKeys } from '../../../src/runtime/streams-config.ts'
import { printed } from '../../support/standard-output.ts'

interface Row {
  readonly key: string
  readonly value: unknown
  readonly origin: string
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-config-'))
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
  vi.stubEnv('HOME', folder)
  vi.stubEnv('XDG_CONFIG_HOME', undefined)
  vi.stubEnv('NO_COLOR', '1')
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

function moduleWith(config: string): string {
  const file = path.join(folder, 'app.mjs')
  writeFileSync(file, `export default { applicationId: 'from-module', build() {}, config: ${config} }`)
  return file
}

const text = (file?: string, options: Partial<ConfigPrintOptions> = {}): Promise<string> =>
  printed(() => configPrintCommand(file, { output: 'text', ...options }))

async function rows(file?: string, options: Partial<ConfigPrintOptions> = {}): Promise<readonly Row[]> {
  const { config } = JSON.parse(await text(file, { output: 'json', ...options })) as { readonly config: readonly Row[] }
  return config
}

describe('millrace config print', () => {
  it('takes the module that the project file names, and tells whose each value is, in the order of the documentation', async () => {
    moduleWith(`{ store: 'memory', commitIntervalMs: 70 }`)
    const project = { module: './app.mjs', config: { commitIntervalMs: 80 } }
    writeFileSync(path.join(folder, 'millrace.json'), JSON.stringify(project))
    const found = await rows(undefined, { threads: '3' })
    expect(found).toEqual(
      [
        { key: 'applicationId', value: 'from-module', origin: 'the module' },
        { key: 'threads', value: 3, origin: 'the command line' },
        { key: 'commitIntervalMs', value: 80, origin: 'millrace.json' },
        { key: 'store', value: 'memory', origin: 'the module' },
      ].toSorted((one, two) => configKeys.indexOf(one.key as never) - configKeys.indexOf(two.key as never)),
    )
  })

  it('shows the application id that was given, not that of the module', async () => {
    expect(await rows(moduleWith('{}'), { applicationId: 'given' })).toEqual([
      { key: 'applicationId', value: 'given', origin: 'the command line' },
    ])
  })

  it('shows with --all every key once, with the defaults of the guarantee', async () => {
    const all = await rows(moduleWith(`{ processingGuarantee: 'at_least_once' }`), { all: true })
    expect(new Set(all.map(({ key }) => key)).size).toBe(all.length)
    expect(all.find(({ key }) => key === 'processingGuarantee')).toMatchObject({ origin: 'the module' })
    expect(all.find(({ key }) => key === 'commitIntervalMs')).toMatchObject({ value: 30_000, origin: 'default' })
    expect((await rows(undefined, { all: true })).find(({ key }) => key === 'commitIntervalMs')).toMatchObject({
      value: 100,
    })
  })

  it('says so where nothing is given', async () => {
    expect(await text()).toBe('nothing is configured; every key has its default (--all shows them)\n')
  })

  it('shows no secret, wherever it stands', async () => {
    const file = moduleWith(
      `{ httpToken: 'hunter2-hunter2-hunter2', kafka: { sasl: { password: 'hunter2' }, brokers: ['b:1'] } }`,
    )
    expect(await rows(file)).toMatchObject([
      { key: 'applicationId' },
      { key: 'kafka', value: { sasl: { password: '(redacted)' }, brokers: ['b:1'] } },
      { key: 'httpToken', value: '(redacted)' },
    ])
    expect(await text(file)).not.toContain('hunter2')
  })

  it('says of what has no JSON what it is', async () => {
    const file = moduleWith(`{
      logger: { debug() {}, info() {}, warn() {}, error() {}, secretOfMine: 1 },
      onProcessingError: function skipBad() {},
      onDeserializationError: (() => () => 'fail')(),
      kafka: { '~kafka': { inside: 1 } },
    }`)
    const values = new Map((await rows(file)).map(({ key, value }) => [key, value]))
    expect(values.get('logger')).toBe('(a logger)')
    expect(values.get('onProcessingError')).toBe('(function skipBad)')
    expect(values.get('onDeserializationError')).toBe('(function anonymous)')
    expect(values.get('kafka')).toBe('(a broker in this process)')
  })

  it('prints text as it is and the rest as JSON', async () => {
    const found = await text(moduleWith(`{ store: 'memory', kafka: { brokers: ['b:1'] } }`))
    expect(found).toMatch(/\nstore +memory +the module\n/)
    expect(found).toMatch(/\nkafka +\{"brokers":\["b:1"\]\} +the module\n/)
  })
})

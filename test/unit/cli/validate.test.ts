/** `millrace validate`, in this process: what is a finding, what is wrong usage, and when the exit code is 3. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { validateCommand } from '../../../src/cli/validate.ts'
import type { ValidateOptions } from '../../../src/cli/validate.ts'
import { ConfigError } from '../../../src/errors/config-error.ts'
import { TopologyError } from '../../../src/errors/topology-error.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { Topology } from '../../../src/topology/topology.ts'
import { printed } from '../../support/standard-output.ts'

interface Report {
  readonly applicationId: string | null
  readonly counts: Readonly<Record<string, number>>
  readonly findings: readonly {
    readonly rule: string
    readonly message: string
    readonly fix: string
    readonly node?: string
  }[]
}

/** What the modules of these tests do, which are files and have nothing but this. */
const given: { build: () => unknown; load: () => void } = { build: () => undefined, load: () => undefined }

let folder: string
let modules = 0

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-validate-'))
  Object.assign(globalThis, { givenToValidate: given })
  given.load = () => undefined
  given.build = copy
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
  vi.stubEnv('HOME', folder)
  vi.stubEnv('NO_COLOR', '1')
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const text = { key: serdes.string, value: serdes.string }

function copy(): Topology {
  const builder = new StreamsBuilder()
  builder.stream('in', text).to('out', text)
  return builder.build()
}

function moduleWith(config: string): string {
  const file = path.join(folder, `app-${modules++}.mjs`)
  writeFileSync(
    file,
    `const { build, load } = globalThis.givenToValidate
     load()
     export default { applicationId: 'app', build, config: ${config} }`,
  )
  return file
}

interface Validated {
  readonly report: Report
  readonly error: { readonly code: string; readonly message: string } | undefined
}

async function validated(file: string, options: Partial<ValidateOptions> = {}): Promise<Validated> {
  let error: unknown
  const json = await printed(() =>
    validateCommand(file, { output: 'json', ...options }).catch((cause: unknown) => void (error = cause)),
  )
  return { report: (json === '' ? undefined : JSON.parse(json)) as Report, error: error as Validated['error'] }
}

describe('millrace validate', () => {
  it('finds nothing in what is well, brokers or none', async () => {
    expect(await validated(moduleWith('{}'))).toMatchObject({
      report: { applicationId: 'app', counts: { error: 0, warning: 0 } },
      error: undefined,
    })
  })

  it('reports a wrong configuration beside what the topology is refused for', async () => {
    given.build = () => {
      throw Object.assign(new TopologyError('MILLRACE_SERDE_MISSING', 'no serde'), { node: 'COUNT' })
    }
    const { report, error } = await validated(moduleWith(`{ http: '0.0.0.0:8080' }`))
    expect(report.findings).toMatchObject([
      { rule: 'config-invalid', message: expect.stringMatching(/^MILLRACE_CONFIG_/) },
      {
        rule: 'topology-invalid',
        message: 'MILLRACE_SERDE_MISSING: no serde',
        fix: 'millrace explain MILLRACE_SERDE_MISSING',
        node: 'COUNT',
      },
    ])
    expect(error).toMatchObject({
      code: 'MILLRACE_CHECK_FAILED',
      message: expect.stringMatching(/has 2 errors and 0 warnings$/),
    })
  })

  it('reports a configuration that the code of the topology refuses as one', async () => {
    given.build = () => {
      throw new ConfigError('MILLRACE_CONFIG_INVALID_VALUE', 'threads', 'not so many')
    }
    expect((await validated(moduleWith('{}'))).report.findings).toMatchObject([{ rule: 'config-invalid' }])
  })

  it('reports what is wrong with the code that builds it, with words about code', async () => {
    given.build = () => {
      throw new Error('oops')
    }
    expect((await validated(moduleWith('{}'))).report.findings).toMatchObject([
      { rule: 'topology-invalid', message: 'oops', fix: 'correct the function that builds the topology' },
    ])
  })

  it('reports an error of a module that is loaded: of its configuration, of its topology', async () => {
    given.load = () => {
      throw new ConfigError('MILLRACE_CONFIG_INVALID_VALUE', 'threads', 'not so many')
    }
    const wrong = await validated(moduleWith('{}'))
    expect(wrong.report).toMatchObject({ applicationId: null, findings: [{ rule: 'config-invalid' }] })
    given.load = () => {
      throw new TopologyError('MILLRACE_SERDE_MISSING', 'no serde')
    }
    expect((await validated(moduleWith('{}'))).report.findings).toMatchObject([{ rule: 'topology-invalid' }])
  })

  it('compares with a saved description under the application id that it would run with', async () => {
    const against = path.join(folder, 'saved.json')
    writeFileSync(against, JSON.stringify({ ...copy().describe().toJSON(), applicationId: 'app' }))
    expect((await validated(moduleWith('{}'), { against })).error).toBeUndefined()
    const { report, error } = await validated(moduleWith('{}'), { against, applicationId: 'other' })
    expect(report.findings).toContainEqual(expect.objectContaining({ rule: 'change-needs-reset' }))
    expect(error).toMatchObject({ code: 'MILLRACE_CHECK_FAILED' })
  })

  it('is wrong usage for a module that does not load', async () => {
    given.load = () => {
      throw new Error('a bug of its author')
    }
    expect(await validated(moduleWith('{}'))).toMatchObject({
      report: undefined,
      error: { code: 'MILLRACE_MODULE_INVALID' },
    })
  })

  it('is wrong usage where --format and -o ask for different things, and not where for the same', async () => {
    const file = moduleWith('{}')
    expect(await validated(file, { format: 'github' })).toMatchObject({
      report: undefined,
      error: { code: 'MILLRACE_USAGE', message: '--format github and -o json contradict each other; give one of them' },
    })
    expect(await validated(file, { format: 'json' })).toMatchObject({
      report: { applicationId: 'app' },
      error: undefined,
    })
    expect(await validated(file, { format: 'json', output: 'text' })).toMatchObject({
      report: { applicationId: 'app' },
    })
  })

  it('is wrong usage for a rule that there is not, with the nearest, or where all of them are', async () => {
    const message = async (rule: string): Promise<string | undefined> =>
      (await validated(moduleWith('{}'), { ignore: ['store-unused', rule] })).error?.message
    expect(await message('store-unusd')).toContain("did you mean 'store-unused'?")
    expect(await message('x')).toContain('docs/validate.md has all of them')
  })
})

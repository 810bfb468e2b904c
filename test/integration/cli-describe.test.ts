/** `millrace describe` and `millrace validate` as their users start them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { validateRules } from '../../src/topology/validate-model.ts'
import { Child, type Finished } from '../support/child-process.ts'
import { moduleOf } from '../support/cli-bed.ts'
import { fitsSchema } from '../support/cli-schema.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-describe-'))
  write('app.ts', `builder.stream('in', strings).groupByKey().count({ store: 'counts' }).toStream().to('out')`)
  write('changed.ts', `builder.stream('in', strings).groupByKey().count({ store: 'others' }).toStream().to('out')`)
  write(
    'more.ts',
    `builder.stream('in', strings).peek(() => undefined).groupByKey().count({ store: 'counts' }).toStream().to('out')`,
  )
  write('unnamed.ts', `\nbuilder.stream('in', strings).groupByKey().count()`)
  write('no-serde.ts', `\nbuilder.stream('in', strings).groupBy((value) => value).count()`)
  write('no-config.ts', `builder.stream('in').to('out')`, '{ commitIntervalMs: 60000 }')
  write('bug.ts', `\nnull.stream('in')`)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, code: string, config = '{}'): void {
  const source = pathToFileURL(moduleOf('src/index.ts')).href
  writeFileSync(
    path.join(folder, name),
    `import { defineTopology, serdes } from ${JSON.stringify(source)}
const strings = { key: serdes.string, value: serdes.string }
export default defineTopology('app', (builder) => { ${code} }, ${config})
`,
  )
}

async function millrace(...args: readonly string[]): Promise<Finished> {
  const env = { HOME: folder, NO_COLOR: '1' }
  await using child = Child.script('src/cli/main.ts', args, { cwd: folder, env })
  return await child.finished
}

/** Made once. */
let savedFile: string | undefined

async function saved(): Promise<string> {
  if (savedFile !== undefined) return savedFile
  const file = 'app.ts.json'
  const { code, stdout, stderr } = await millrace('describe', 'app.ts', '--format', 'json', '--out', file)
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: `wrote ${file}\n` })
  savedFile = file
  return file
}

describe('millrace describe', () => {
  it('prints a page with the picture in it', async () => {
    const { code, stdout, stderr } = await millrace('describe', 'app.ts', '--format', 'html')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^<!doctype html>\n[\s\S]*<title>app<\/title>[\s\S]*<svg [\s\S]*Topology of app/)
  })

  it('prints text where nothing else is asked for, and json with -o json and --json too', async () => {
    expect((await millrace('describe', 'app.ts')).stdout).toMatch(/^Topologies:/)
    const [one, two, three] = await Promise.all([
      millrace('describe', 'app.ts', '--format', 'json'),
      millrace('describe', 'app.ts', '-o', 'json'),
      millrace('describe', 'app.ts', '--json', '--application-id', 'other'),
    ])
    expect(fitsSchema('describe', one.stdout)).toMatchObject({ applicationId: 'app', stores: [{ name: 'counts' }] })
    expect(two.stdout).toBe(one.stdout)
    expect(fitsSchema('describe', three.stdout)).toMatchObject({ applicationId: 'other' })
    expect(one.stdout).toContain('"place": "app.ts:3"')
  })

  it('says in which line a topology is wrong', async () => {
    const { code, stdout, stderr } = await millrace('describe', 'no-serde.ts')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: node [^\n]+needs the serde[^\n]+\n {4}at no-serde\.ts:4\n +more: /)
  })

  it('refuses what contradicts itself, and files that cannot be written', async () => {
    expect(await millrace('describe', 'app.ts', '--format', 'svg', '-o', 'json')).toMatchObject({ code: 2, stdout: '' })
    expect(await millrace('describe', 'app.ts', '--format', 'svg', '--diff', 'x')).toMatchObject({
      code: 2,
      stdout: '',
    })
    expect(await millrace('describe', 'app.ts', '--format', 'pdf')).toMatchObject({ code: 2, stdout: '' })
    expect(await millrace('describe', 'app.ts', '--out', 'no/such/folder')).toMatchObject({ code: 4, stdout: '' })
  })
})

describe('millrace describe --diff', () => {
  it('ends with 0 where nothing changed, and where what changed is safe', async () => {
    const file = await saved()
    const same = await millrace('describe', 'app.ts', '--diff', file)
    expect(same).toMatchObject({ code: 0, stdout: 'identical: nothing changed\n', stderr: '' })
    const more = await millrace('describe', 'more.ts', '--diff', file)
    expect(more.code).toBe(0)
    expect(more.stdout).toMatch(/^safe: it goes on where the old version stopped\nStop all instances/)
  })

  it('ends with 8 where it needs a reset, and says what to do', async () => {
    const file = await saved()
    const { code, stdout, stderr } = await millrace('describe', 'changed.ts', '--diff', file)
    expect(code).toBe(8)
    expect(stderr).toMatch(
      /^error: the topology is not what app\.ts\.json has: needs-reset \(1 change needs a reset\)\n/,
    )
    expect(stdout).toContain("  to do: call it 'counts' again; or reset the application")
    expect(stdout).toContain('Topics that nobody uses any more:\n  app-counts-changelog\n')
    const json = await millrace('describe', 'changed.ts', '--diff', file, '-o', 'json')
    expect(json.code).toBe(8)
    expect(fitsSchema('describe-diff', json.stdout)).toMatchObject({
      verdict: 'needs-reset',
      rolling: false,
      changes: [{ rule: 'store-renamed', before: 'counts', after: 'others' }],
    })
    expect(fitsSchema('error', json.stderr)).toMatchObject({ error: { code: 'MILLRACE_DIFFERENT', exitCode: 8 } })
  })

  it('refuses a file that is missing, or no description, and says how to make one', async () => {
    expect(await millrace('describe', 'app.ts', '--diff', 'missing.json')).toMatchObject({ code: 2, stdout: '' })
    writeFileSync(path.join(folder, 'wrong.json'), '{"version":2}')
    const { code, stderr } = await millrace('describe', 'app.ts', '--diff', 'wrong.json')
    expect(code).toBe(2)
    expect(stderr).toContain(
      'its version is 2, and this millrace knows version 1; make one of the deployed version with: ',
    )
  })
})

describe('millrace validate', () => {
  it('ends with 0 where there is no error, and prints findings with their lines', async () => {
    const { code, stdout, stderr } = await millrace('validate', 'unnamed.ts')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('warning  store-name-generated  unnamed.ts:4  KSTREAM-AGGREGATE-0000000002\n')
    expect(stdout).toMatch(/\n0 errors, 1 warning, 1 to know\n$/)
  })

  it('ends with 3 beyond --max-warnings, and leaves out what is ignored', async () => {
    const found = await millrace('validate', 'unnamed.ts', '--max-warnings', '0')
    expect(found.code).toBe(3)
    expect(found.stderr).toContain('has 0 errors and 1 warning; --max-warnings is 0')
    const ignored = ['--ignore', 'store-name-generated,state-unbounded']
    const none = await millrace('validate', 'unnamed.ts', '--max-warnings', '0', ...ignored)
    expect(none).toMatchObject({ code: 0, stdout: 'app (unnamed.ts)\nnothing found\n', stderr: '' })
    expect(await millrace('validate', 'app.ts', '--ignore', 'store-unusd')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("did you mean 'store-unused'?"),
    })
  })

  it.each([
    ['no-serde.ts', 'topology-invalid', 'MILLRACE_SERDE_MISSING', 'no-serde.ts:4'],
    ['no-config.ts', 'config-invalid', 'MILLRACE_CONFIG_', undefined],
    ['bug.ts', 'topology-invalid', 'Cannot read properties of null', 'bug.ts:4'],
  ])('reports what %s is refused for as a finding', async (module, rule, text, place) => {
    const { code, stdout } = await millrace('validate', module, '-o', 'json')
    expect(code).toBe(3)
    expect(fitsSchema('validate', stdout)).toMatchObject({
      counts: { error: 1 },
      findings: [
        { rule, severity: 'error', message: expect.stringContaining(text), ...(place !== undefined && { place }) },
      ],
    })
  })

  it('is wrong usage where there is no module', async () => {
    expect(await millrace('validate', 'missing.ts')).toMatchObject({ code: 2, stdout: '' })
  })

  it('judges what changed since a saved description', async () => {
    const file = await saved()
    const same = await millrace('validate', 'app.ts', '--against', file)
    expect(same.code).toBe(0)
    expect(same.stdout).toContain('since the saved description: identical\n')
    const { code, stdout } = await millrace('validate', 'changed.ts', '--against', file, '--json')
    expect(code).toBe(3)
    expect(fitsSchema('validate', stdout)).toMatchObject({
      diff: { verdict: 'needs-reset' },
      findings: [{ rule: 'change-needs-reset', store: 'others', place: 'changed.ts:3' }, {}],
    })
  })

  it('annotates a pull request', async () => {
    const { stdout } = await millrace('validate', 'unnamed.ts', '--format', 'github')
    expect(stdout).toMatch(/^::warning file=unnamed\.ts,line=4,title=store-name-generated::KSTREAM-AGG[^\n]+%0ATo do: /)
    expect(stdout).toMatch(/\n::notice file=unnamed\.ts,line=4,title=state-unbounded::/)
  })

  it('writes SARIF with every rule and the place of every finding', async () => {
    const { stdout } = await millrace('validate', 'unnamed.ts', '--format', 'sarif')
    const { version, runs } = JSON.parse(stdout) as { version: string; runs: readonly Record<string, unknown>[] }
    expect(version).toBe('2.1.0')
    expect(runs).toMatchObject([
      {
        tool: { driver: { name: 'millrace', rules: Object.keys(validateRules).map((id) => ({ id })) } },
        results: [
          {
            ruleId: 'store-name-generated',
            level: 'warning',
            locations: [{ physicalLocation: { artifactLocation: { uri: 'unnamed.ts' }, region: { startLine: 4 } } }],
          },
          { ruleId: 'state-unbounded', level: 'note' },
        ],
      },
    ])
  })
})

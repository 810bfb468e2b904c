import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importsOf, projectRoot, read, sourceFiles } from './project-files.ts'

// The layer matrix, three times over: what the source does (its import graph, read here), what the lint configuration
// says (generated from scripts/layers.json), and whether the linter acts on it (every pair of folders is probed with an
// import that the table below allows or not). The table is written by hand, so that a slip in the generator shows.

const mayImport: Record<string, readonly string[]> = tableOf(`
  errors   :
  common   : errors
  serde    : errors common
  processor: errors common serde
  topology : errors common serde processor
  state    : errors common serde processor
  kafka    : errors common serde processor
  dsl      : errors common serde processor topology state
  runtime  : errors common serde processor topology state kafka
  server   : errors common serde processor topology state kafka runtime
  testing  : errors common serde processor topology state kafka dsl runtime
  cli      : errors common serde processor topology state kafka dsl runtime server testing
`)

const mayImportInKafka: Record<string, readonly string[]> = tableOf(`
  protocol :
  records  : protocol
  transport: protocol records
  client   : protocol records transport
  broker   : protocol records transport
`)

const homeOfPackage: readonly { readonly name: string; readonly home: string; readonly elsewhere: string }[] = [
  { name: 'kafkajs', home: 'src/kafka/transport/kafkajs-probe.ts', elsewhere: 'src/kafka/transport/probe.ts' },
  { name: 'kafkajs', home: 'src/kafka/transport/kafkajs-probe.ts', elsewhere: 'src/kafka/client/kafkajs-probe.ts' },
  { name: 'avsc', home: 'src/serde/probe.ts', elsewhere: 'src/runtime/probe.ts' },
  { name: '@kafkajs/confluent-schema-registry', home: 'src/serde/probe.ts', elsewhere: 'src/kafka/client/probe.ts' },
  { name: 'commander', home: 'src/cli/probe.ts', elsewhere: 'src/testing/probe.ts' },
]

function tableOf(text: string): Record<string, readonly string[]> {
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split(':').map((part) => part.trim()))
  return Object.fromEntries(rows.map(([name = '', allowed = '']) => [name, allowed.split(' ').filter((s) => s !== '')]))
}

/** Why `file` may not import `target` (both `src/...`), or undefined. */
function violation(file: string, target: string): string | undefined {
  const [, from, fromInner] = file.split('/')
  const [, to, toInner] = target.split('/')
  if (from === undefined || from.endsWith('.ts')) return undefined
  if (to === undefined || to.endsWith('.ts')) return 'a folder imports a door'
  if (from !== to) return mayImport[from]?.includes(to) === true ? undefined : `${from} may not import ${to}`
  if (from !== 'kafka' || fromInner === undefined || toInner === undefined || fromInner === toInner) return undefined
  return mayImportInKafka[fromInner]?.includes(toInner) === true ? undefined : `${fromInner} may not import ${toInner}`
}

const graph = new Map<string, string[]>(
  sourceFiles().map((file) => [
    file,
    importsOf(read(file))
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => path.posix.join(path.posix.dirname(file), specifier)),
  ]),
)

describe('The import graph of src', () => {
  it('holds only folders that the layer table knows', () => {
    const folders = new Set([...graph.keys()].map((file) => file.split('/')[1] ?? '').filter((s) => !s.endsWith('.ts')))
    expect([...folders].filter((folder) => mayImport[folder] === undefined)).toEqual([])
  })

  it('goes only downwards', () => {
    const wrong = [...graph].flatMap(([file, targets]) =>
      targets.flatMap((target) => {
        const reason = violation(file, target)
        return reason === undefined ? [] : [`${file} imports ${target}: ${reason}`]
      }),
    )
    expect(wrong).toEqual([])
  })

  it('has no cycles, types included', () => {
    expect(cycles(graph)).toEqual([])
  })
})

describe('The cycle search', () => {
  it('finds a cycle of three and a file that imports itself', () => {
    const found = cycles(
      new Map([
        ['a', ['b']],
        ['b', ['c', 'd']],
        ['c', ['a']],
        ['d', ['d']],
      ]),
    )
    expect(found).toEqual(['a > b > c > a', 'd > d'])
  })
})

/** One line per import that closes a circle in a depth-first walk. */
function cycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (node: string, trail: readonly string[]): void => {
    const start = trail.indexOf(node)
    if (start !== -1) {
      found.push([...trail.slice(start), node].join(' > '))
      return
    }
    if (done.has(node)) return
    for (const next of edges.get(node) ?? []) visit(next, [...trail, node])
    done.add(node)
  }
  for (const node of edges.keys()) visit(node, [])
  return found
}

describe('The lint configuration', () => {
  it("is what 'npm run lint:config' writes", () => {
    const printed = execFileSync(process.execPath, ['scripts/lint-config.mjs', '--print'], { cwd: projectRoot })
    expect(JSON.parse(read('.oxlintrc.json'))).toEqual(JSON.parse(printed.toString('utf8')))
  })
})

describe('The linter', () => {
  let folder = ''
  let flagged = new Set<string>()
  const probes = [...folderProbes(), ...kafkaProbes(), ...doorProbes(), ...packageProbes()]

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'millrace-layers-'))
    writeFileSync(path.join(folder, '.oxlintrc.json'), read('.oxlintrc.json'))
    for (const probe of probes) {
      mkdirSync(path.dirname(path.join(folder, probe.file)), { recursive: true })
      writeFileSync(path.join(folder, probe.file), `export type { Probe } from '${probe.specifier}'\n`)
    }
    flagged = filesFlaggedIn(folder)
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('flags every import that the matrix forbids', () => {
    const missed = probes.filter((probe) => !probe.allowed && !flagged.has(probe.file))
    expect(missed).toEqual([])
    expect(probes.filter((probe) => !probe.allowed).length).toBeGreaterThan(80)
  })

  it('is silent about every import that the matrix allows', () => {
    const wronged = probes.filter((probe) => probe.allowed && flagged.has(probe.file))
    expect(wronged).toEqual([])
    expect(probes.filter((probe) => probe.allowed).length).toBeGreaterThan(50)
  })
})

interface Probe {
  readonly file: string
  readonly specifier: string
  readonly allowed: boolean
}

function folderProbes(): Probe[] {
  return pairs(mayImport).flatMap(([from, to, allowed]) => [
    { file: `src/${from}/${from}-${to}.ts`, specifier: `../${to}/probe.ts`, allowed },
    { file: `src/${from}/inner/${from}-${to}.ts`, specifier: `../../${to}/inner/probe.ts`, allowed },
  ])
}

function kafkaProbes(): Probe[] {
  const outward = Object.keys(mayImport).filter((folder) => folder !== 'kafka')
  return [
    ...pairs(mayImportInKafka).map(([from, to, allowed]) => {
      return { file: `src/kafka/${from}/${from}-${to}.ts`, specifier: `../${to}/probe.ts`, allowed }
    }),
    ...Object.keys(mayImportInKafka).flatMap((from) =>
      outward.map((to) => {
        const allowed = mayImport['kafka']?.includes(to) ?? false
        return { file: `src/kafka/${from}/${from}-out-${to}.ts`, specifier: `../../${to}/probe.ts`, allowed }
      }),
    ),
  ]
}

function doorProbes(): Probe[] {
  const folders = Object.keys(mayImport)
  return ['index', 'testing'].flatMap((door) => [
    ...folders.map((from) => ({ file: `src/${from}/door-${door}.ts`, specifier: `../${door}.ts`, allowed: false })),
    { file: `src/${door}.ts`, specifier: './cli/probe.ts', allowed: true },
  ])
}

function packageProbes(): Probe[] {
  return homeOfPackage.flatMap(({ name, home, elsewhere }, index) => [
    { file: home.replace('.ts', `-${index}.ts`), specifier: name, allowed: true },
    { file: elsewhere.replace('.ts', `-${index}-elsewhere.ts`), specifier: name, allowed: false },
  ])
}

function pairs(matrix: Record<string, readonly string[]>): [from: string, to: string, allowed: boolean][] {
  return Object.entries(matrix).flatMap(([from, allowed]) =>
    Object.keys(matrix)
      .filter((to) => to !== from)
      .map((to): [string, string, boolean] => [from, to, allowed.includes(to)]),
  )
}

function filesFlaggedIn(cwd: string): Set<string> {
  const linter = path.join(projectRoot, 'node_modules', 'oxlint', 'bin', 'oxlint')
  let output: string
  try {
    output = execFileSync(process.execPath, [linter, '-f', 'json', 'src'], { cwd, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    output = (error as { stdout: string }).stdout
  }
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string; filename: string; message: string }[] }
  const restricted = diagnostics.filter((found) => found.code.includes('no-restricted-imports'))
  return new Set(restricted.map((found) => found.filename.replaceAll('\\', '/')))
}

// Packs the project, installs the tarball in an empty project, and uses it there as a stranger would: both doors, the
// types, the binary; on each Node that package.json promises. Then begins a project with it.
//   node scripts/check-package.mjs [--results <file>]
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values: own } = parseArgs({ options: { results: { type: 'string' } } })
const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const nodeMajors = ['22', '24']
const sum = { passed: 0, failed: 0, skipped: 0, failures: [] }

const wordCount = `import { defineTopology, serdes } from 'millrace'

export default defineTopology('packed-word-count', (builder) => {
  builder
    .stream('text-lines', { value: serdes.string })
    .flatMapValues((line) => line.split(' '))
    .groupBy((word) => word, { key: serdes.string, value: serdes.string })
    .count({ store: 'counts' })
    .toStream()
    .to('word-counts', { key: serdes.string, value: serdes.int64 })
})
`

const useBothDoors = `import { KafkaStreams, StreamsBuilder, StreamsError, serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'

const builder: StreamsBuilder = new StreamsBuilder()
builder
  .stream('in', { key: serdes.string, value: serdes.string })
  .mapValues((value) => value.length)
  .to('out', { key: serdes.string, value: serdes.int32 })
const wrong = (): void => {
  // @ts-expect-error a number is not what the string serde takes
  builder.stream('in', { value: serdes.string }).mapValues((value) => value.length).to('out', { value: serdes.string })
}
for (const it of [KafkaStreams, StreamsError, TopologyTestDriver, wrong]) if (typeof it !== 'function') throw new Error()
builder.build()
console.log('both doors open')
`

/** Runs to the end; output of a failure is shown, of a success not. */
function run(command, args, cwd, env = {}) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 240_000,
    env: { ...process.env, npm_config_loglevel: 'error', ...env },
  })
  return {
    status: result.status,
    output: `${result.stdout}${result.stderr}${result.error ?? ''}`,
    stdout: result.stdout,
  }
}

function check(title, result, isGood = ({ status }) => status === 0) {
  const good = isGood(result)
  sum[good ? 'passed' : 'failed'] += 1
  if (!good) sum.failures.push(title)
  console.log(`${good ? 'passed' : 'FAILED'}  ${title}`)
  if (!good) console.log(`exit code ${result.status}\n${result.output}`)
  return good
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

function emptyProject(folder, dependencies) {
  mkdirSync(folder, { recursive: true })
  const manifest = { private: true, type: 'module', dependencies, allowScripts: { node: true } }
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
}

/** The binary of the newest Node of that major version, installed once below .cache. */
function nodeOf(major) {
  const folder = path.join(root, '.cache', `node-${major}`)
  const binary = path.join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(binary)) {
    emptyProject(folder, { node: major })
    check(`npm installs node@${major}`, run(npm, ['install', '--no-audit', '--no-fund'], folder))
  }
  return binary
}

function checkOn(major, project) {
  const node = nodeOf(major)
  const env = { PATH: `${path.dirname(node)}${path.delimiter}${process.env['PATH']}` }
  const on = `on Node ${major}: `
  const binary = path.join(project, 'node_modules', 'millrace', 'bin', 'millrace.js')
  check(`${on}both doors are imported`, run(node, ['both-doors.js'], project, env), (result) =>
    result.output.includes('both doors open'),
  )
  const names = 'console.log(Object.keys(require("millrace")).length > 5 ? "required" : "")'
  check(`${on}CommonJS requires it`, run(node, ['--input-type=commonjs', '-e', names], project, env), (result) =>
    result.stdout.includes('required'),
  )
  check(`${on}the binary says its version`, run(node, [binary, '--version'], project, env), (result) =>
    /^\d+\.\d+\.\d+\s*$/.test(result.stdout),
  )
  check(
    `${on}the binary describes a module`,
    run(node, [binary, 'describe', 'word-count.ts'], project, env),
    (result) => result.stdout.startsWith('Topologies:'),
  )
}

/** What a stranger does first: a project of `millrace init`, with all of its scripts that need neither Kafka nor Docker. */
function checkInit(project, tarball) {
  const env = { PATH: `${path.dirname(nodeOf('24'))}${path.delimiter}${process.env['PATH']}` }
  const binary = path.join(project, 'node_modules', 'millrace', 'bin', 'millrace.js')
  for (const tests of ['node', 'vitest']) {
    const begun = path.join(work, `begun-with-${tests}`)
    const args = [binary, 'init', begun, '--millrace', tarball, '--tests', tests]
    const on = `a project of millrace init (${tests}): `
    if (!check(`${on}is written`, run(nodeOf('24'), args, project, env))) continue
    if (!check(`${on}is installed`, run(npm, ['install', '--no-audit', '--no-fund'], begun, env))) continue
    for (const script of ['check', 'test', 'test:integration', 'validate']) {
      check(`${on}npm run ${script}`, run(npm, ['run', script], begun, env))
    }
    check(`${on}npm run describe`, run(npm, ['run', '--silent', 'describe'], begun, env), ({ stdout }) =>
      stdout.startsWith('Topologies:'),
    )
  }
}

/** A Node that is too old, where one is at hand: the one that runs npm outside of this project. */
function checkOldNode(project) {
  const old = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => path.join(folder, 'node'))
    .find((file) => existsSync(file))
  const version = old === undefined ? '' : run(old, ['--version'], project).stdout
  const [major = 99, minor = 0] = version.replace('v', '').split('.').map(Number)
  if (version === '' || major > 22 || (major === 22 && minor >= 19)) {
    sum.skipped += 1
    console.log('skipped  an old Node is refused: there is none here (any Node below 22.19 in the PATH)')
    return
  }
  const binary = path.join(project, 'node_modules', 'millrace', 'bin', 'millrace.js')
  check(`on Node ${version.trim()}: the binary names the version it needs`, run(old, [binary], project), (result) => {
    return result.status === 2 && result.stdout === '' && result.output.includes('22.19')
  })
}

const work = mkdtempSync(path.join(tmpdir(), 'millrace-package-'))
try {
  const packed = run(npm, ['pack', '--pack-destination', work], root)
  const tarball = readdirSync(work).find((file) => file.endsWith('.tgz'))
  if (check('npm packs the project', packed, ({ status }) => status === 0 && tarball !== undefined)) {
    const project = path.join(work, 'project')
    const { typescript, '@types/node': nodeTypes } = devDependencies
    emptyProject(project, { millrace: `file:../${tarball}`, typescript, '@types/node': nodeTypes })
    writeFileSync(path.join(project, 'word-count.ts'), wordCount)
    writeFileSync(path.join(project, 'both-doors.ts'), useBothDoors)
    check('the tarball is installed in an empty project', run(npm, ['install', '--no-audit', '--no-fund'], project))
    const tsc = path.join('node_modules', 'typescript', 'bin', 'tsc')
    const strict = ['--strict', '--target', 'es2024', '--lib', 'es2024,esnext.disposable', '--types', 'node']
    const files = ['both-doors.ts', 'word-count.ts']
    for (const [module, resolution] of [
      ['esnext', 'bundler'],
      ['nodenext', 'nodenext'],
    ]) {
      const args = [tsc, ...strict, '--module', module, '--moduleResolution', resolution, ...files]
      check(`its types compile (${resolution}, declarations checked)`, run(process.execPath, args, project))
    }
    for (const major of nodeMajors) checkOn(major, project)
    checkInit(project, path.join(work, tarball))
    checkOldNode(project)
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}

console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
if (own.results !== undefined) {
  mkdirSync(path.dirname(own.results), { recursive: true })
  writeFileSync(own.results, JSON.stringify(sum))
}
process.exitCode = sum.failed === 0 ? 0 : 1

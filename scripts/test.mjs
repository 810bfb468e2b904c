// The checks (build, types, lint, format) and the tests; all of them, also after one has failed, then one line with the sum.
//   node scripts/test.mjs                     checks, and every test that needs no Kafka
//   node scripts/test.mjs --checks            the checks only
//   node scripts/test.mjs --kafka             the tests that need a real Kafka
//   node scripts/test.mjs --container         the tests that need a container engine
//   node scripts/test.mjs <vitest arguments>  those tests only, without checks
//   --results <file>                          writes { passed, failed, skipped, failures } too
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, stripVTControlCharacters } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const options = {
  checks: { type: 'boolean' },
  kafka: { type: 'boolean' },
  container: { type: 'boolean' },
  results: { type: 'string' },
}
const { own, forVitest } = splitArguments(process.argv.slice(2))

// Paths are given because oxlint without them follows only .gitignore.
const linted = ['src', 'test', 'topologies', 'scripts', 'bin', 'vitest.config.ts']
const build = { name: 'build', program: '../scripts/build.mjs', args: [] }
const checks = [
  { name: 'types', program: 'typescript/bin/tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'lint', program: 'oxlint/bin/oxlint', args: ['--type-aware', '--deny-warnings', ...linted] },
  { name: 'format', program: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level', 'warn', '.'] },
]

/** Ours by name, the rest is vitest's. */
function splitArguments(args) {
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true })
  const mine = tokens.filter((token) => token.kind === 'option' && Object.hasOwn(options, token.name))
  const taken = new Set(
    mine.flatMap((token) => [token.index, ...(token.inlineValue === false ? [token.index + 1] : [])]),
  )
  const values = Object.fromEntries(mine.map((token) => [token.name, token.value ?? true]))
  return { own: values, forVitest: args.filter((_, index) => !taken.has(index)) }
}

function run(program, args) {
  const file = path.join(root, 'node_modules', program)
  return (
    spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  )
}

function runCheck({ name, program, args }) {
  const startedAt = performance.now()
  const passed = run(program, args)
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0, failures: passed ? [] : [name] }
}

function runTests(args) {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-results-'))
  const file = path.join(folder, 'vitest.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const passed = run('vitest/vitest.mjs', ['run', ...args, ...reporters])
  const sum = readResults(file)
  rmSync(folder, { recursive: true, force: true })
  // Whatever made vitest fail without naming a test (a file that does not load, an unhandled rejection) counts as one.
  return passed || sum.failed > 0 ? sum : { ...sum, failed: 1, failures: ['vitest failed without naming a test'] }
}

function readResults(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'))
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      skipped: report.numPendingTests + report.numTodoTests,
      failures: report.testResults.flatMap(failuresOf),
    }
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] }
  }
}

/** What failed in a file, and why, in a few lines each: `.ci/run` says it again where logs are cut, at the end. */
function failuresOf({ name, assertionResults }) {
  const failed = assertionResults.filter(({ status }) => status === 'failed')
  return failed.map(({ fullName, failureMessages }) => {
    const lines = stripVTControlCharacters(failureMessages.join('\n')).split('\n')
    const reason = lines.filter((line) => !/^ +at .*(node_modules|node:|<anonymous>)/.test(line)).slice(0, 12)
    return [`${path.relative(root, name)} > ${fullName}`, ...reason.map((line) => line.slice(0, 300))].join('\n    ')
  })
}

function* parts() {
  // Before all else, since commands under test run dist; it also asks for explicit types on exports.
  yield runCheck(build)
  if (own['kafka'] === true) return yield runTests(['--project=kafka', ...forVitest])
  if (own['container'] === true) return yield runTests(['--project=container', ...forVitest])
  if (forVitest.length === 0) for (const check of checks) yield runCheck(check)
  if (own['checks'] !== true) yield runTests(['--project=!kafka', '--project=!container', ...forVitest])
}

const sum = { passed: 0, failed: 0, skipped: 0, failures: [] }
for (const { failures, ...counts } of parts()) {
  for (const key of Object.keys(counts)) sum[key] += counts[key]
  sum.failures.push(...failures)
}

console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
if (own['results'] !== undefined) {
  mkdirSync(path.dirname(own['results']), { recursive: true })
  writeFileSync(own['results'], JSON.stringify(sum))
}
process.exitCode = sum.failed === 0 ? 0 : 1

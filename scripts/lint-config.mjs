// Writes .oxlintrc.json: the rules, and one override per folder made from scripts/layers.json, so that the layer matrix
// is written down once. `test/codebase/layers.test.ts` fails when the file is not what this prints.
//   node scripts/lint-config.mjs            writes the file
//   node scripts/lint-config.mjs --print    prints it
import { readFileSync, writeFileSync } from 'node:fs'

const layers = JSON.parse(readFileSync(new URL('layers.json', import.meta.url), 'utf8'))

const rules = {
  'typescript/no-floating-promises': 'error',
  'typescript/no-misused-promises': 'error',
  'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'typescript/consistent-type-imports': 'error',
  'typescript/no-explicit-any': 'error',
  'import/no-cycle': ['error', { ignoreTypes: false }],
  'import/no-default-export': 'error',
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-console': 'error',
  // Off: decoded bytes and configuration are narrowed by checks that the type system cannot follow.
  'typescript/no-unsafe-type-assertion': 'off',
  // Off: messages show foreign values as they are; Kafka's `getStateStore<S>()` needs its type parameter; a helper used
  // by one function may live inside it.
  'typescript/no-base-to-string': 'off',
  'typescript/no-unnecessary-type-parameters': 'off',
  'unicorn/consistent-function-scoping': 'off',
  // Off: tsc's noImplicitReturns knows exhaustive switches; sorting one's own array in place is no mistake.
  'typescript/consistent-return': 'off',
  'unicorn/no-array-sort': 'off',
  'unicorn/no-array-reverse': 'off',
  // Off: a loop that changes its collection needs the copy; a constructor may narrow the types of its parameters;
  // `fc.assert` is how fast-check is read everywhere.
  'unicorn/no-useless-spread': 'off',
  'no-useless-constructor': 'off',
  'import/no-named-as-default-member': 'off',
}

/** Relative imports that lead into one of `folders` from any depth; a package of the same name never matches. */
function into(folders, message) {
  return { regex: `^\\.\\.?/(?:.*/)?(?:${folders.join('|')})/`, message: `${message} (ARCHITECTURE.md, layers)` }
}

const intoDoors = {
  regex: '^(?:\\.\\./)+(?:index|testing)\\.ts$',
  message: 'The public doors import the folders, never the other way round (ARCHITECTURE.md, layers)',
}

/** What `folder` may not import: all that is not in the rows before its own, and the exceptions. */
function layerPatterns(folder, rows, except, where) {
  const lower = rows.slice(
    0,
    rows.findIndex((row) => row.includes(folder)),
  )
  const allowed = lower.flat().filter((other) => !except.includes(other))
  const forbidden = rows.flat().filter((other) => other !== folder && !allowed.includes(other))
  if (forbidden.length === 0) return []
  return [into(forbidden, `${where}/${folder} may import of ${where} only: ${[...allowed, 'itself'].join(', ')}`)]
}

function override(files, patterns) {
  const paths = Object.entries(layers.packages)
    .filter(([, home]) => home !== files)
    .map(([name, home]) => ({ name, message: `'${name}' is imported only in ${home} (ARCHITECTURE.md, layers)` }))
  return { files: [files], rules: { 'no-restricted-imports': ['error', { paths, patterns }] } }
}

function layerOverrides() {
  const overrides = []
  for (const folder of layers.rows.flat()) {
    const patterns = [...layerPatterns(folder, layers.rows, layers.except[folder] ?? [], 'src'), intoDoors]
    overrides.push(override(`src/${folder}/**`, patterns))
    if (folder !== 'kafka') continue
    for (const inner of layers.kafkaRows.flat()) {
      const innerPatterns = [...patterns, ...layerPatterns(inner, layers.kafkaRows, [], 'src/kafka')]
      overrides.push(override(`src/kafka/${inner}/**`, innerPatterns))
      if (inner === 'transport') overrides.push(override(layers.packages.kafkajs, innerPatterns))
    }
  }
  return overrides
}

const config = {
  $schema: './node_modules/oxlint/configuration_schema.json',
  plugins: ['typescript', 'unicorn', 'oxc', 'import'],
  categories: { correctness: 'error', suspicious: 'error' },
  env: { builtin: true, node: true },
  ignorePatterns: ['dist/**', '**/*.generated.ts', 'test/types/refusals/**'],
  rules,
  overrides: [
    { files: ['src/cli/**', 'bin/**', 'scripts/**', 'topologies/**', 'test/**'], rules: { 'no-console': 'off' } },
    { files: ['topologies/**', '*.config.ts', 'test/**'], rules: { 'import/no-default-export': 'off' } },
    // The promise of node:test's `test` is for the test runner.
    { files: ['templates/**', 'test/test-kit/**'], rules: { 'typescript/no-floating-promises': 'off' } },
    ...layerOverrides(),
  ],
}

const text = `${JSON.stringify(config, undefined, 2)}\n`
if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(new URL('../.oxlintrc.json', import.meta.url), text)

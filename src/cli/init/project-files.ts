/** All files of a new project. */
import { containerFiles } from './container-files.ts'
import type { ProjectFile } from './container-files.ts'
import { ownManifest, packaged, replaced } from './packaged.ts'
import type { Project } from './project.ts'
import { readme } from './readme.ts'

export function projectFiles(project: Project): ProjectFile[] {
  const { name, example } = project
  const topology = packaged(`topologies/${example.module}`)
  const usesJson = topology.includes("'../json-of.ts'")
  // A topic may have the same name.
  const id = new RegExp(`(?<=defineTopology\\(\\s*)'${example.applicationId}'`, 'g')
  const own = usesJson ? replaced(topology, example.module, [["'../json-of.ts'", "'./json-of.ts'"]]) : topology
  return [
    { path: 'package.json', content: json(manifest(project)) },
    { path: 'tsconfig.json', content: json(tsconfig) },
    {
      path: 'millrace.json',
      content: json({ module: 'src/topology.ts', config: { kafka: { brokers: ['localhost:9092'] } } }),
    },
    { path: 'src/topology.ts', content: replaced(own, example.module, [[id, `'${name}'`]]) },
    ...(usesJson ? [{ path: 'src/json-of.ts', content: packaged('topologies/json-of.ts') }] : []),
    { path: 'test/unit/topology.test.ts', content: testFile(project, 'unit') },
    { path: 'test/integration/topology.test.ts', content: testFile(project, 'integration') },
    ...containerFiles(name, example),
    { path: '.github/workflows/ci.yml', content: workflow },
    { path: '.gitignore', content: 'node_modules/\n.env*\n*.log\n' },
    { path: 'README.md', content: readme(project) },
  ]
}

function testFile({ example, tests }: Project, kind: 'unit' | 'integration'): string {
  const file = `templates/${example.name}/${kind}.test.ts`
  const own = replaced(packaged(file), file, [[`'../../topologies/${example.module}'`, "'../../src/topology.ts'"]])
  return tests === 'node' ? own : replaced(own, file, [["from 'node:test'", "from 'vitest'"]])
}

function manifest({ name, tests, millrace }: Project): object {
  const { devDependencies } = ownManifest()
  const version = (dependency: string): string => (devDependencies[dependency] ?? '*').replace(/^(?=\d)/, '^')
  const run = (kind: string): string =>
    tests === 'node' ? `node --test "test/${kind}/**/*.test.ts"` : `vitest run test/${kind}`
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=24' },
    scripts: {
      dev: 'millrace dev --port 9092',
      start: 'millrace run',
      check: 'tsc',
      test: run('unit'),
      'test:integration': run('integration'),
      describe: 'millrace describe',
      validate: 'millrace validate',
      'docker:build': `docker build -t ${name} .`,
    },
    dependencies: { millrace },
    devDependencies: {
      '@types/node': version('@types/node'),
      typescript: version('typescript'),
      ...(tests === 'vitest' && { vitest: version('vitest') }),
    },
  }
}

/** For editors and `tsc`; Node runs the sources as they are. */
const tsconfig = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
    module: 'nodenext',
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
  },
  include: ['src', 'test'],
}

const workflow = `name: CI
on:
  push: { branches: [main] }
  pull_request:

jobs:
  test:
    runs-on: ubuntu-latest
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24, cache: npm }
      - run: npm ci
      - run: npm run check
      - run: npm run validate
      - run: npm test
      # On the broker in the test's process. On Apache Kafka in a container: npm install --save-dev testcontainers, and
      # env: { MILLRACE_TEST_KAFKA: container }
      - run: npm run test:integration
      - run: npm run docker:build
`

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

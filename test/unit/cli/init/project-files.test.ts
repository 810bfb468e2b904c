import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseAllDocuments, parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { examples } from '../../../../src/cli/init/examples.ts'
import { ownManifest, packagedFiles } from '../../../../src/cli/init/packaged.ts'
import { projectFiles } from '../../../../src/cli/init/project-files.ts'
import type { TopologyModule } from '../../../../src/dsl/define-topology.ts'
import { deadLetterTopics } from '../../../../src/runtime/dead-letter-topics.ts'

const filesOf = (example: (typeof examples)[number], tests: 'node' | 'vitest' = 'node'): Map<string, string> => {
  const files = projectFiles({ name: 'my-app', example, tests, millrace: '^1.0.0' })
  return new Map(files.map((file) => [file.path, String(file.content)]))
}

describe.each(examples)('a project that begins with $name', (example) => {
  it.each(['node', 'vitest'] as const)(
    'gives %s time for Kafka in a container: vitest ends tests after 5 s',
    (tests) => {
      expect(filesOf(example, tests).get('test/integration/topology.test.ts')).toMatch(/\{ timeout: \d+_000 \}, async/)
    },
  )

  it('knows which topics its topology needs and reads', async () => {
    const file = pathToFileURL(path.resolve('topologies', example.module)).href
    const { default: module } = (await import(file)) as { readonly default: TopologyModule }
    expect(module.applicationId).toBe(example.applicationId)
    const { subTopologies, repartitionTopics } = module.build(module.config).compile()
    const own = new Set(repartitionTopics.map(({ name }) => name))
    const reads = new Set<string>()
    const needs = new Set<string>()
    const policies = { onDeserializationError: 'fail', onProcessingError: 'fail', onProductionError: 'fail' } as const
    for (const subTopology of subTopologies) {
      for (const topic of deadLetterTopics(subTopology, policies)) needs.add(topic)
      for (const node of subTopology.nodes) {
        if (node.kind === 'source') for (const topic of node.topics as readonly string[]) reads.add(topic)
        if (node.kind === 'sink') needs.add(node.topic as string)
      }
    }
    expect(reads).toEqual(new Set(example.reads))
    for (const topic of [...needs, ...reads]) if (!own.has(topic)) expect(example.topics).toContain(topic)
    for (const topic of example.topics) expect(needs.has(topic) || reads.has(topic)).toBe(true)
    const nodes = module
      .build(module.config)
      .describe()
      .toJSON()
      .subTopologies.flatMap((subTopology) => subTopology.nodes)
    const isTable = (name: string): boolean =>
      nodes.some((node) => node.name === name && node.operator === 'table-source')
    const tables = nodes.filter(({ successors }) => successors.some(isTable)).flatMap(({ topics = [] }) => topics)
    expect(tables).toEqual(example.tables)
  })

  it('bears its own name everywhere, and nothing of the files that it is made of', () => {
    const files = filesOf(example)
    const text = [...files].filter(([file]) => !file.startsWith('test/')).map(([, content]) => content)
    const joined = text.join('\n')
    expect(files.get('src/topology.ts')).toContain("'my-app'")
    expect(joined).not.toMatch(/word-count(?!s)|docker\/kubernetes|topologies\/|millrace-application|\.\.\/json-of/)
    const policies = example.topics.map((topic) => (example.tables.includes(topic) ? `${topic}:compact` : topic))
    expect(files.get('compose.yaml')).toContain(`\${TOPICS:-${policies.join(' ')}}`)
    expect(files.get('README.md')).toContain('npx millrace send')
  })

  it('has YAML that is YAML, and a trigger for each topic that is read', () => {
    const files = filesOf(example)
    const yaml = [...files].filter(([file]) => /\.ya?ml$/.test(file))
    for (const [, content] of yaml)
      for (const document of parseAllDocuments(content, { merge: true })) expect(document.errors).toEqual([])
    interface Scaled {
      readonly spec: { readonly triggers: { readonly metadata: Readonly<Record<string, string>> }[] }
    }
    const { spec } = parse(files.get('kubernetes/autoscaling/scaled-object.yaml') ?? '') as Scaled
    expect(spec.triggers.map(({ metadata }) => metadata['topic'])).toEqual(
      example.reads.map((topic) => (example.topics.includes(topic) ? topic : `my-app-${topic}`)),
    )
    expect(spec.triggers.map(({ metadata }) => metadata['consumerGroup'])).toEqual(example.reads.map(() => 'my-app'))
  })

  it('has its tests under the runner that was chosen', () => {
    expect(filesOf(example).get('test/unit/topology.test.ts')).toContain("from 'node:test'")
    const vitest = filesOf(example, 'vitest')
    for (const kind of ['unit', 'integration']) {
      expect(vitest.get(`test/${kind}/topology.test.ts`)).toContain("from 'vitest'")
      expect(vitest.get(`test/${kind}/topology.test.ts`)).not.toContain('node:test')
    }
    expect(vitest.get('package.json')).toContain('"vitest": "^')
  })
})

it('all container files of the package go into a project', () => {
  const files = filesOf(examples[0]!)
  const expected = packagedFiles('docker/kubernetes').map((file) => `kubernetes/${file}`)
  expect([...files.keys()]).toEqual(
    expect.arrayContaining([...expected, 'Dockerfile', '.dockerignore', 'compose.yaml']),
  )
})

it('the package ships what projects are made of', () => {
  const { files } = ownManifest() as unknown as { readonly files: readonly string[] }
  expect(files).toEqual(expect.arrayContaining(['docker', 'templates', 'topologies', 'bin', 'dist']))
})

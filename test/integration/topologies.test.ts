/**
 * The examples in topologies/, as their READMEs tell them: each is loaded as the commands load it and runs on an embedded
 * broker; what its README sends goes in, and what its README prints comes out. `-u` puts new pictures into the READMEs.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadTopologyModule } from '../../src/cli/load-module.ts'
import { TopicNames, userSourceTopics } from '../../src/runtime/topology-plan.ts'
import { Cluster } from '../support/embedded-app.ts'
import { parseReadme, withPicture } from '../support/example-readme.ts'
import { linesByKey, send, settled, tail } from '../support/example-run.ts'

const folder = fileURLToPath(new URL('../../topologies/', import.meta.url))
const examples = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

const index = readFileSync(path.join(folder, 'README.md'), 'utf8')
const readmeOf = (example: string): string => readFileSync(path.join(folder, example, 'README.md'), 'utf8')
const load = (example: string): ReturnType<typeof loadTopologyModule> =>
  loadTopologyModule(path.join(folder, example, 'topology.ts'))

it('there are at least eight examples, and the index has them all', () => {
  expect(examples.length).toBeGreaterThanOrEqual(8)
  const listed = [...index.matchAll(/\]\((\w[\w-]*)\/README\.md\)/g)].map(([, name]) => name)
  expect(new Set(listed)).toEqual(new Set(examples))
})

it.each(['.', ...examples])('the links in %s/README.md lead somewhere', (example) => {
  const text = example === '.' ? index : readmeOf(example)
  const targets = [...text.matchAll(/\]\((?!\w+:)([^)#]+)[^)]*\)/g)].map(([, target = '']) => target)
  expect(targets.filter((target) => !existsSync(path.join(folder, example, target)))).toEqual([])
})

describe.each(examples)('The example %s', (example) => {
  it('builds with explicit naming', async () => {
    const module = await load(example)
    const text = module.build({ naming: 'explicit' }).describe().toString()
    expect(module.applicationId).toMatch(/^[a-z-]+$/)
    // The word count is as short as it can be; the others name their operators as well.
    if (example !== 'word-count') expect(text).not.toMatch(/-\d{10}/)
  })

  it('has the picture of itself in its README', async () => {
    const picture = `${(await load(example)).build().describe().toMermaid().trimEnd()}\n`
    const readme = path.join(folder, example, 'README.md')
    await expect(withPicture(readmeOf(example), picture)).toMatchFileSnapshot(readme)
    expect(parseReadme(readmeOf(example)).picture).not.toBe('')
  })

  it('makes of the input in its README the output in its README', async () => {
    const { dev, steps } = parseReadme(readmeOf(example))
    expect(dev.module).toBe(`topologies/${example}/topology.ts`)
    const module = await load(example)
    const { applicationId } = module
    const config = { applicationId, ...module.config, ...dev.config, commitIntervalMs: 20 }
    const topology = module.build(config)
    const names = new TopicNames(topology.compile(), applicationId)
    const inputs = userSourceTopics(topology.compile(), names)
    await using cluster = await Cluster.start(Object.fromEntries(inputs.map((topic) => [topic, dev.partitions])))
    const app = cluster.app(topology, config)
    // Else the reason would be hidden behind a time-out of the test.
    const failed = new Promise<never>((_, reject) => app.on('error', ({ error }) => reject(error)))
    await Promise.race([app.start(), failed])
    for (const step of steps) {
      if (step.kind === 'send') {
        expect(inputs).toContain(step.topic)
        await send(cluster.client, step)
        await Promise.race([settled(cluster.client, topology, applicationId), failed])
      } else {
        const printed = await tail(cluster.client, step)
        // Where there are several partitions, the order between keys is nobody's to promise.
        const inOrder = (lines: readonly string[]): unknown => (dev.partitions === 1 ? lines : linesByKey(step, lines))
        expect({ [step.topic]: inOrder(printed) }).toEqual({ [step.topic]: inOrder(step.lines) })
      }
    }
    expect(steps.map(({ kind }) => kind)).toContain('tail')
    expect(app.state).toBe('RUNNING')
  })
})

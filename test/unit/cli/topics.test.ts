/** `millrace topics`, in this process: what its texts say of every kind of topic, what --check minds, what apply does. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { topicsApplyCommand, topicsPlanCommand } from '../../../src/cli/topics.ts'
import type { TopicsOptions } from '../../../src/cli/topics.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { EmbeddedKafka } from '../../../src/testing/embedded-kafka.ts'
import { printed } from '../../support/standard-output.ts'
import { countTopology, texts } from '../../support/test-kit-suite.ts'

const changelog = 'app-counts-changelog'

let folder: string
let file: string
let kafka: EmbeddedKafka
let said: string

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-topics-'))
  file = path.join(folder, 'app.mjs')
  Object.assign(globalThis, { topologyToPlan: () => countTopology('in', 'out') })
  writeFileSync(file, "export default { applicationId: 'app', build: globalThis.topologyToPlan, config: {} }")
  kafka = await EmbeddedKafka.start({ listen: true, config: { autoCreateTopics: false } })
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (said += String(text)) !== '')
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
  vi.stubEnv('HOME', folder)
  vi.stubEnv('NO_COLOR', '1')
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await kafka.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly text: string
  readonly error: { readonly code: string; readonly message: string } | undefined
}

async function ended(command: typeof topicsPlanCommand, options: Partial<TopicsOptions>): Promise<Ended> {
  let error: unknown
  const given = { output: 'text', brokers: kafka.brokers.join(','), timeout: 30_000, ...options } as const
  const text = await printed(() => command(file, given).catch((cause: unknown) => void (error = cause)))
  return { text, error: error as Ended['error'] }
}

const plan = (options: Partial<TopicsOptions> = {}): Promise<Ended> => ended(topicsPlanCommand, options)
const apply = (options: Partial<TopicsOptions> = {}): Promise<Ended> => ended(topicsApplyCommand, options)
/** Without the line ends of tables, which are as wide as their contents. */
const rowsOf = (text: string): string[] => text.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))

describe('millrace topics plan', () => {
  it('says of each topic what it is and would be, and of configs what they change from and to', async () => {
    await kafka.createTopic('in', { partitions: 3 })
    await kafka.createTopic(changelog, { partitions: 3, config: { 'cleanup.policy': 'delete' } })
    const { text, error } = await plan({ partitions: 2, replicationFactor: 1 })
    expect(error).toBeUndefined()
    expect(rowsOf(text)).toEqual(
      expect.arrayContaining([
        'app: 1 ok, 1 create, 1 config',
        'STATUS | TOPIC | ROLE | PARTITIONS | REPLICAS | WHY',
        expect.stringMatching(/^ok \| in \| source \| 3 \| 1/),
        expect.stringMatching(/^\+ create \| out \| sink \| 2 \| 1 \| \S/),
        expect.stringMatching(/^~ config \| app-counts-changelog \| changelog \| 3 \| 1 \| \S/),
        `~ ${changelog}: cleanup.policy: delete -> compact`,
      ]),
    )
    const flags = `--brokers ${kafka.brokers.join(',')} --partitions 2 --replication-factor 1`
    expect(said).toBe(`to carry it out:\n  millrace topics apply ${file} ${flags}\n`)
  })

  it('says a command that plans the same again, but for secrets', async () => {
    await kafka.createTopic('in', { partitions: 3 })
    const set = ['commitIntervalMs=50', "stateDir=it's mine", 'httpToken=hunter2-hunter2-hunter2']
    await plan({ partitions: 2, applicationId: 'other', set })
    expect(said).toContain(
      ` --application-id other -X commitIntervalMs=50 -X 'stateDir=it'\\''s mine' -X 'httpToken=(redacted)' --partitions 2\n`,
    )
    expect(said).not.toContain('hunter2')
  })

  it('says how many replicas topics would have by default, and no number of partitions where it is not known', async () => {
    await kafka.createTopic('in', { partitions: 3 })
    const { text } = await plan()
    expect(rowsOf(text)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^! missing \| out \| sink \| \? \|/),
        expect.stringMatching(/^\+ create \| app-counts-changelog \| changelog \| 3 \| default/),
      ]),
    )
    expect(said).toBe('give --partitions for the topics that do not exist yet, or create them\n')
  })

  it('shows both numbers where they differ, and gives no command that would be refused', async () => {
    await kafka.createTopic('in', { partitions: 3 })
    await kafka.createTopic('out', { partitions: 1 })
    await kafka.createTopic(changelog, { partitions: 2, config: { 'cleanup.policy': 'compact' } })
    const { text } = await plan()
    expect(rowsOf(text)).toContainEqual(
      expect.stringMatching(/^! mismatch \| app-counts-changelog \| changelog \| 2 \(3\)/),
    )
    expect(said).toBe('a partition count that is wrong is not changed by millrace: see the reason of each topic\n')
  })

  it('with --check is an error where anything differs, changed or blocked, naming it; and silent where nothing does', async () => {
    await kafka.createTopic('in', { partitions: 3 })
    await kafka.createTopic('out', { partitions: 1 })
    expect((await plan({ check: true })).error).toMatchObject({
      code: 'MILLRACE_DIFFERENT',
      message: `the topics of 'app' are not what it needs: ${changelog} (create)`,
    })
    await kafka.createTopic(changelog, { partitions: 2, config: { 'cleanup.policy': 'compact' } })
    expect((await plan({ check: true })).error?.message).toContain(`${changelog} (mismatch)`)
    expect(said).toBe('')
    expect((await plan({ output: 'json' })).text).toMatch(/"blocked": true,\n *"changes": false/)
  })

  it('says what stands in the way of no topic alone, and what is a trap', async () => {
    const builder = new StreamsBuilder()
    const names = builder.globalTable('names', texts)
    const table = builder.table('table', texts)
    builder
      .stream('in', texts)
      .join(table, (value) => value)
      .join(
        names,
        (key) => key,
        (value) => value,
      )
      .to('out', texts)
    Object.assign(globalThis, { topologyToPlan: () => builder.build() })
    for (const [name, partitions] of Object.entries({ in: 3, table: 2, names: 1, out: 1 })) {
      await kafka.createTopic(name, { partitions })
    }
    const { text, error } = await plan({ check: true })
    expect(text).toMatch(/\nwarning: names: its old records are deleted/)
    const [, problem = ''] = /\n! (?!missing|mismatch)(.+)\n/.exec(text) ?? []
    expect(problem).toMatch(/in.*table|table.*in/)
    expect(error).toMatchObject({ code: 'MILLRACE_DIFFERENT', message: expect.stringContaining(problem) })
    expect((await apply()).error).toMatchObject({
      code: 'MILLRACE_PRECONDITION',
      message: expect.stringContaining(problem),
    })
  })

  it('has nothing to say where nothing differs', async () => {
    await kafka.createTopic('in', { partitions: 3 })
    await kafka.createTopic('out', { partitions: 1 })
    await apply()
    const { text, error } = await plan({ check: true })
    expect([rowsOf(text)[0], error, said]).toEqual(['app: 3 ok', undefined, ''])
    await plan()
    expect(said).toBe('')
    expect((await apply()).text).toBe('nothing to do: all topics are as the application needs them\n')
  })
})

describe('millrace topics apply', () => {
  it('says what it has created and changed, a line or a row for each', async () => {
    await kafka.createTopic('in', { partitions: 3 })
    await kafka.createTopic(changelog, { partitions: 3, config: { 'cleanup.policy': 'delete' } })
    expect((await apply({ partitions: 2 })).text).toBe(`created out\nchanged ${changelog}\n`)
  })

  it('has rows for programs', async () => {
    await kafka.createTopic('in', { partitions: 3 })
    await kafka.createTopic(changelog, { partitions: 3, config: { 'cleanup.policy': 'delete' } })
    const { text } = await apply({ partitions: 2, output: 'jsonl' })
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { schemaVersion: 1, name: 'out', done: 'created' },
      { schemaVersion: 1, name: changelog, done: 'changed' },
    ])
  })

  it('changes nothing where something is in the way, and says what and why', async () => {
    await kafka.createTopic('in', { partitions: 3 })
    await kafka.createTopic(changelog, { partitions: 2, config: { 'cleanup.policy': 'compact' } })
    const { text, error } = await apply({ partitions: 1 })
    expect(text).toBe('')
    expect(error).toMatchObject({
      code: 'MILLRACE_PRECONDITION',
      message: expect.stringMatching(
        /^nothing was changed\. app-counts-changelog: it has 2 partitions[^\n]*\n {2}a partition/,
      ),
    })
    expect((await plan({ partitions: 1 })).text).toContain('+ create')
  })
})

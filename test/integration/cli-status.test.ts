/** `millrace status`: instances as their group and their status servers tell them. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Child } from '../support/child-process.ts'
import { CliBed, nobody } from '../support/cli-bed.ts'
import { fitsSchema } from '../support/cli-schema.ts'

const module = path.join(import.meta.dirname, '../../topologies/word-count.ts')
const token = 'a-token-that-nobody-guesses'
const allTasks = ['0_0', '0_1', '1_0', '1_1']

interface StatusDocument {
  readonly groupState: string
  readonly instances: readonly {
    readonly http: string | null
    readonly problem: string | null
    readonly listing: { readonly tasks: readonly string[] } | null
    readonly status: { readonly state: string } | null
  }[]
}

describe('millrace status', () => {
  let bed: CliBed
  const apps: Child[] = []

  beforeAll(async () => {
    bed = await CliBed.start({ 'text-lines': 2, 'word-counts': 2 })
    for (const [name, http] of [
      ['one', ['--http', '127.0.0.1:0']],
      ['two', []],
    ] as const) {
      const app = bed.start(['run', module, '--state-dir', path.join(bed.folder, name), ...http])
      apps.push(app)
      await app.prints('-> RUNNING')
    }
  })
  afterAll(async () => {
    for (const app of apps) app.kill('SIGTERM')
    await Promise.all(apps.map((app) => app.finished))
    await bed?.[Symbol.asyncDispose]()
  })

  /** Both have their tasks; the group may still be settling when the second is RUNNING for the first time. */
  async function settled(): Promise<StatusDocument> {
    for (;;) {
      const { stdout } = await bed.millrace(['status', module, '-o', 'json'])
      const found = fitsSchema('status', stdout) as StatusDocument
      const tasks = found.instances.map(({ listing }) => listing?.tasks.length ?? 0)
      if (tasks.length === 2 && tasks.every((count) => count === 2)) return found
    }
  }

  it('names every instance with its tasks, and asks those that have a status server', async () => {
    const { groupState, instances } = await settled()
    expect(groupState).toBe('Stable')
    expect(instances.flatMap(({ listing }) => listing?.tasks ?? []).toSorted()).toEqual(allTasks)
    expect(instances.filter(({ status }) => status?.state === 'RUNNING')).toHaveLength(1)
    expect(instances.flatMap(({ problem }) => problem ?? [])).toEqual([
      'it has no status server, which would tell more: start it with --http',
    ])
  })

  it('prints a table, and with --verbose task ids and directories', async () => {
    await settled()
    const { code, stdout } = await bed.millrace(['status', module])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^word-count Stable; instances: 2, tasks: 4\n\nINSTANCE +STATE +TASKS +LAG/)
    expect(stdout).toMatch(/ RUNNING +2 /)
    const verbose = await bed.millrace(['status', module, '--verbose'])
    expect(verbose.stdout).toMatch(/tasks \d_\d \d_\d\n/)
    expect(verbose.stdout).toContain(path.join(bed.folder, 'one'))
  })

  it('asks instances without Kafka', async () => {
    const { instances } = await settled()
    const http = instances.find((instance) => instance.http !== null)?.http ?? ''
    const { code, stdout } = await bed.millrace(['status', '--at', http, '--brokers', nobody, '-o', 'jsonl'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, http, status: { applicationId: 'word-count' } })
  })

  it('ends with 5 where no instance answers, naming each', async () => {
    const { code, stderr } = await bed.millrace(['status', '--at', nobody])
    expect(code).toBe(5)
    expect(stderr).toContain(`${nobody}: nothing listens there`)
  })

  it('goes on with --watch until Ctrl-C', async () => {
    await using watching = bed.start(['status', module, '--watch', '--interval', '10ms', '-o', 'jsonl'])
    await watching.prints('"groupState"')
    watching.kill('SIGINT')
    const { code, stdout } = await watching.finished
    expect(code).toBe(0)
    for (const line of stdout.trimEnd().split('\n')) fitsSchema('status', line)
  })

  it('says which group was meant', async () => {
    const { code, stderr } = await bed.millrace(['status', '--application-id', 'word-cont'])
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("did you mean 'word-count'?") })
  })

  it('is a usage error without an application, and with --watch -o json', async () => {
    expect((await bed.millrace(['status'])).code).toBe(2)
    expect((await bed.millrace(['status', module, '--watch', '-o', 'json'])).code).toBe(2)
    expect((await bed.millrace(['status', '--at', 'nonsense'])).stderr).toContain('--at takes host:port')
  })

  it('ends with 5 where no broker answers', async () => {
    const { code, stderr } = await bed.millrace(['status', module, '--brokers', nobody])
    expect(code).toBe(5)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})

describe('millrace status of an application that does not run', () => {
  it('says that it has no group', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1 })
    const { code, stdout } = await bed.millrace(['status', module])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^word-count has no group: [^;]*\n$/)
  })
})

describe('millrace status of an instance that wants a token', () => {
  it('says so, and shows it with the right one', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1, 'word-counts': 1 })
    const environment = { MILLRACE_HTTP: '127.0.0.1:0', MILLRACE_HTTP_TOKEN: token }
    await using app = bed.start(['run', module, '--state-dir', path.join(bed.folder, 'state')], environment)
    await app.prints('-> RUNNING')
    const without = await bed.millrace(['status', module])
    expect(without.stdout).toContain('it wants a token: set httpToken')
    const wrong = await bed.millrace(['status', module], { MILLRACE_HTTP_TOKEN: 'a-token-that-is-wrong' })
    expect(wrong.stdout).toContain('it refuses the token')
    const right = await bed.millrace(['status', module], { MILLRACE_HTTP_TOKEN: token })
    expect(right.stdout).toContain('RUNNING')
    expect(`${without.stdout}${wrong.stdout}${right.stdout}${app.output}`).not.toContain(token)
    app.kill('SIGTERM')
    expect((await app.finished).code).toBe(0)
  })
})

describe('millrace describe --live', () => {
  it('shows who has each task, lag and rates, below the description', async () => {
    await using bed = await CliBed.start({ 'text-lines': 2, 'word-counts': 2 })
    await using app = bed.start(['run', module, '--state-dir', path.join(bed.folder, 'state')])
    await app.prints('-> RUNNING')
    const args = ['describe', module, '--live', '--interval', '50ms']
    const { code, stdout } = await bed.millrace(args)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Topologies:\n/)
    expect(stdout).toMatch(/\nLive: Stable; rates over /)
    expect(stdout).toMatch(/\n +0 {2}text-lines +2 +0 /)
    const json = fitsSchema('describe', (await bed.millrace([...args, '-o', 'json'])).stdout)
    expect(json).toMatchObject({ live: { tasks: allTasks.map((taskId) => ({ taskId, lag: 0 })) } })
    app.kill('SIGTERM')
    expect((await app.finished).code).toBe(0)
    expect((await bed.millrace(args)).stdout).toMatch(/\nLive: does not run; /)
  })

  it('excludes pictures and --diff', async () => {
    await using bed = await CliBed.start()
    expect((await bed.millrace(['describe', module, '--live', '--format', 'svg'])).code).toBe(2)
    expect((await bed.millrace(['describe', module, '--live', '--diff', 'x.json'])).code).toBe(2)
  })
})

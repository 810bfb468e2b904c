/** `millrace topics plan` and `apply`, as processes, on an embedded broker over TCP. */
import { describe, expect, it } from 'vitest'
import { CliBed, moduleOf, nobody } from '../support/cli-bed.ts'
import { fitsSchema } from '../support/cli-schema.ts'

const wordCount = moduleOf('topologies/word-count.ts')

describe('millrace topics plan', () => {
  it('says what is missing in an empty cluster, and that apply needs to know how many partitions', async () => {
    await using bed = await CliBed.start()
    const { code, stdout, stderr } = await bed.millrace(['topics', 'plan', wordCount])
    expect(code).toBe(0)
    expect(stdout).toMatch(/! missing +text-lines +source/)
    expect(stdout).toMatch(/! missing +word-counts +sink/)
    expect(stderr).toContain('--partitions')
    expect(await bed.topics()).toEqual([])
  })

  it('prints what would be made, fitting its schema, and the command that does it', async () => {
    await using bed = await CliBed.start({ 'text-lines': 4 })
    const args = ['topics', 'plan', wordCount, '--partitions', '2']
    const { code, stdout } = await bed.millrace([...args, '-o', 'json'])
    expect(code).toBe(0)
    const plan = fitsSchema('topics-plan', stdout)
    expect(plan).toMatchObject({
      applicationId: 'word-count',
      blocked: false,
      changes: true,
      topics: [
        { name: 'text-lines', status: 'ok', partitions: { found: 4 } },
        { name: 'word-counts', status: 'create', partitions: { wanted: 2, found: null } },
        { name: 'word-count-counts-repartition', status: 'create', partitions: { wanted: 4 } },
        { name: 'word-count-counts-changelog', status: 'create', config: { 'cleanup.policy': 'compact' } },
      ],
    })
    const { stdout: lines } = await bed.millrace([...args, '-o', 'jsonl'])
    expect(lines.trimEnd().split('\n')).toHaveLength(4)
    const { stderr } = await bed.millrace(args)
    expect(stderr).toContain(`millrace topics apply ${wordCount} --brokers ${bed.brokers} --partitions 2`)
    expect(await bed.topics()).toEqual(['text-lines'])
  })

  it('ends with 8 under --check where anything differs, and with 0 where nothing does', async () => {
    await using bed = await CliBed.start({ 'text-lines': 2, 'word-counts': 2 })
    const check = () => bed.millrace(['topics', 'plan', wordCount, '--check'])
    const before = await check()
    expect(before.code).toBe(8)
    expect(before.stderr).toContain('word-count-counts-changelog (create)')
    await bed.millrace(['topics', 'apply', wordCount])
    expect(await check()).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('millrace topics apply', () => {
  it('makes what is missing as the application would, sets configs that differ, and then has nothing to do', async () => {
    await using bed = await CliBed.start({ 'text-lines': 3 })
    const changelog = 'word-count-counts-changelog'
    const apply = () => bed.millrace(['topics', 'apply', wordCount, '--partitions', '3', '-o', 'json'])
    const first = await apply()
    expect(first).toMatchObject({ code: 0 })
    expect(fitsSchema('topics-apply', first.stdout)).toMatchObject({
      created: ['word-counts', 'word-count-counts-repartition', changelog],
      changed: [],
    })
    const described = await bed.client.describeTopics([changelog, 'word-counts'])
    expect([...described.values()].map(({ partitionCount }) => partitionCount)).toEqual([3, 3])
    const policy = async () =>
      (await bed.client.admin.describeTopicConfigs([changelog])).get(changelog)?.get('cleanup.policy')
    expect(await policy()).toBe('compact')
    await bed.client.admin.alterTopicConfigs(new Map([[changelog, { 'cleanup.policy': 'delete' }]]))
    const second = await apply()
    expect(fitsSchema('topics-apply', second.stdout)).toMatchObject({ created: [], changed: [changelog] })
    expect(await policy()).toBe('compact')
    expect(fitsSchema('topics-apply', (await apply()).stdout)).toMatchObject({ created: [], changed: [] })
  })

  it('does nothing at all where something is in the way', async () => {
    await using bed = await CliBed.start({ 'text-lines': 4, 'word-count-counts-changelog': 2 })
    const { code, stdout, stderr } = await bed.millrace(['topics', 'apply', wordCount, '--partitions', '4'])
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toContain('it has 2 partitions, and the topology needs 4')
    expect(await bed.topics()).toEqual(['text-lines', 'word-count-counts-changelog'])
  })
})

describe('Both', () => {
  it('end with 5 where no broker answers, and with 2 for wrong usage', async () => {
    await using bed = await CliBed.start()
    const unreachable = await bed.millrace(['topics', 'plan', wordCount, '-b', nobody, '-o', 'json'])
    expect(unreachable).toMatchObject({ code: 5, stdout: '' })
    expect(fitsSchema('error', unreachable.stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      error: { exitCode: 5 },
    })
    for (const args of [['topics'], ['topics', 'plan'], ['topics', 'apply', wordCount, '--partitions', '0']]) {
      expect({ args, code: (await bed.millrace(args)).code }).toEqual({ args, code: 2 })
    }
  })

  it('give up after --timeout, with 6', async () => {
    await using bed = await CliBed.start()
    bed.kafka['~kafka'].controls.drop('answer', { api: 'Metadata', clientId: 'millrace-topics', times: 1000 })
    const { code, stderr } = await bed.millrace(['topics', 'plan', wordCount, '--timeout', '700ms'])
    expect(code).toBe(6)
    expect(stderr).toContain('700 ms')
  })
})

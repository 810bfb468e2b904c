/** `millrace topics plan` and `apply`, as processes, on an embedded broker over TCP. */
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
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

describe('millrace topics plan --emit', () => {
  const emitted = (bed: CliBed, form: string, ...more: readonly string[]) =>
    bed.millrace(['topics', 'plan', wordCount, '--emit', form, ...more])

  it('prints what is missing and what differs for other tools, and nothing else on standard output', async () => {
    await using bed = await CliBed.start({ 'text-lines': 4, 'word-count-counts-changelog': 4 })
    const changelog = 'word-count-counts-changelog'
    await bed.client.admin.alterTopicConfigs(new Map([[changelog, { 'cleanup.policy': 'delete' }]]))
    const sh = await emitted(bed, 'sh', '--partitions', '2')
    expect(sh).toMatchObject({ code: 0, stderr: '' })
    const at = `--bootstrap-server ${bed.brokers}`
    expect(sh.stdout.split('\n').slice(2)).toEqual([
      'set -e',
      `kafka-topics.sh ${at} --create --if-not-exists --topic word-counts --partitions 2`,
      expect.stringMatching(/--topic word-count-counts-repartition --partitions 4 --config cleanup.policy=delete/),
      `kafka-configs.sh ${at} --alter --entity-type topics --entity-name ${changelog} --add-config cleanup.policy=compact`,
      '',
    ])
    const strimzi = await emitted(bed, 'strimzi', '--partitions', '2')
    expect(strimzi).toMatchObject({ code: 0, stderr: expect.stringContaining('--strimzi-cluster') })
    const resources = strimzi.stdout.split('---\n').slice(1)
    expect(resources.map((one) => (parse(one) as { readonly spec: object }).spec)).toMatchObject([
      { topicName: 'word-counts', partitions: 2 },
      { topicName: 'word-count-counts-repartition', partitions: 4 },
      // All that it needs, not only what differs: the operator takes away what it is not told of.
      { topicName: changelog, config: { 'cleanup.policy': 'compact', 'message.timestamp.type': 'CreateTime' } },
    ])
    const labelled = await emitted(bed, 'strimzi', '--partitions', '2', '--strimzi-cluster', 'main', '--check')
    expect(labelled.code).toBe(8)
    expect(labelled.stderr).not.toContain('--strimzi-cluster')
    expect(labelled.stdout.match(/strimzi\.io\/cluster: "main"/g)).toHaveLength(3)
    const replicas = ['--partitions', '2', '--replication-factor', '3', '-X', 'replicationFactor=2']
    const terraform = await emitted(bed, 'terraform', ...replicas)
    // What no form can change is said all the same.
    expect(terraform).toMatchObject({ code: 0, stderr: expect.stringMatching(/^warning: .* it has 1 replicas/) })
    expect(terraform.stdout.match(/replication_factor = \d/g)).toEqual(
      [3, 2, 1].map((n) => `replication_factor = ${n}`),
    )
    expect(await bed.topics()).toEqual(['text-lines', changelog])
  })

  it('prints nothing where it would not be all, and where the form does not fit', async () => {
    await using bed = await CliBed.start({ 'text-lines': 4 })
    const blocked = await emitted(bed, 'sh')
    expect(blocked).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('give --partitions') })
    const unknown = await emitted(bed, 'terraform', '--partitions', '1')
    expect(unknown).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('--replication-factor') })
    for (const [args, says] of [
      [['sh', '-o', 'json'], '-o json'],
      [['sh', '--json'], '-o json'],
      [['sh', '--strimzi-cluster', 'main'], '--emit strimzi'],
      [['strimzi', '--strimzi-cluster', 'no name'], "'no name'"],
      [['helm'], 'Allowed choices'],
    ] as const) {
      const [form, ...more] = args
      const { code, stdout, stderr } = await emitted(bed, form, ...more)
      expect({ args, code, stdout, stderr }).toEqual({
        args,
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(says),
      })
    }
  })

  it('says in a comment that nothing is to be done', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1, 'word-counts': 1 })
    await bed.millrace(['topics', 'apply', wordCount])
    const { code, stdout, stderr } = await emitted(bed, 'strimzi')
    const nothing = '# word-count: all topics are as the application needs them\n'
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: nothing, stderr: '' })
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

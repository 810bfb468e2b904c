/** `millrace doctor`, as a process, on an embedded broker over TCP. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { apis } from '../../src/kafka/protocol/apis.ts'
import type { ApiVersionsResponse } from '../../src/kafka/protocol/messages/api-versions.ts'
import type { DescribeQuorumResponse } from '../../src/kafka/protocol/messages/describe-quorum.ts'
import type { CheckResult } from '../../src/runtime/operations/doctor.ts'
import { CliBed, moduleOf, nobody } from '../support/cli-bed.ts'
import { Child } from '../support/child-process.ts'
import { fitsSchema } from '../support/cli-schema.ts'

const wordCount = moduleOf('topologies/word-count.ts')

interface Report {
  readonly code: number | null
  readonly checks: ReadonlyMap<string, CheckResult>
}

async function examined(bed: CliBed, ...args: readonly string[]): Promise<Report> {
  const { code, stdout } = await bed.millrace([
    'doctor',
    ...args,
    '--state-dir',
    path.join(bed.folder, 'state'),
    '-o',
    'json',
  ])
  const { checks } = fitsSchema('doctor', stdout) as { readonly checks: readonly CheckResult[] }
  return { code, checks: new Map(checks.map((check) => [check.id, check])) }
}

function shifted(answer: DescribeQuorumResponse, byMs: number): object {
  const topics = answer.topics.map(({ topicName, partitions }) => ({
    topicName,
    partitions: partitions.map((partition) => ({
      ...partition,
      currentVoters: partition.currentVoters.map((voter) => ({
        ...voter,
        lastFetchTimestamp: voter.lastFetchTimestamp + byMs,
      })),
    })),
  }))
  return { ...answer, topics }
}

describe('millrace doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    await using bed = await CliBed.start({ 'text-lines': 2, 'word-counts': 2 })
    const { code, checks } = await examined(bed, wordCount)
    expect([...checks.values()].filter(({ status }) => status === 'fail' || status === 'skipped')).toEqual([])
    expect(code).toBe(0)
    expect([...checks.keys()]).toEqual([
      'node',
      'memory',
      'crc32c',
      'state-dir',
      'local-state',
      'connection',
      'brokers',
      'versions',
      'replication',
      'limits',
      'clock',
      'topics',
      'permissions',
      'group',
      'transactions',
    ])
    const text = await bed.millrace(['doctor', wordCount])
    expect(text.code).toBe(0)
    expect(text.stdout).toMatch(/^ok +connection to Kafka: cluster /m)
    expect(text.stdout).toMatch(/\n(?:\d+ warn, )?\d+ ok\n$/)
  })

  it('warns where this machine and the cluster do not agree on the time', async () => {
    await using bed = await CliBed.start({ 'text-lines': 2, 'word-counts': 2 })
    const { controls } = bed.kafka['~kafka']
    expect((await examined(bed, wordCount)).checks.get('clock')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/differ by less than \d+ ms$/),
    })
    controls.alterAnswer({ api: 'DescribeQuorum' }, (answer) => shifted(answer as DescribeQuorumResponse, -60_000))
    const ahead = await examined(bed, wordCount)
    expect(ahead.code).toBe(0)
    expect(ahead.checks.get('clock')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^this machine is (?:59|60)\.\d s ahead of the controller \(node 1\)/),
      fix: expect.stringContaining('NTP'),
    })
  })

  it('does not judge the clock where the brokers are too old to tell the time', async () => {
    await using bed = await CliBed.start()
    bed.kafka['~kafka'].controls.alterAnswer({ api: 'ApiVersions' }, (answer) => {
      const { apiKeys, ...rest } = answer as ApiVersionsResponse
      return { ...rest, apiKeys: apiKeys.filter(({ apiKey }) => apiKey !== apis.DescribeQuorum.key) }
    })
    const { code, checks } = await examined(bed)
    expect(code).toBe(0)
    expect(checks.get('clock')).toMatchObject({ status: 'skipped', detail: expect.stringContaining('Kafka 3.3') })
  })

  it('looks at the machine alone without brokers, and at no application without a module', async () => {
    await using bed = await CliBed.start()
    await using child = Child.millrace(['doctor', '-o', 'json'], { cwd: bed.folder, env: { HOME: bed.folder } })
    const alone = await child.finished
    expect(alone.code).toBe(0)
    expect(alone.stdout).toContain('no brokers are configured')
    fitsSchema('doctor', alone.stdout)
    const { checks } = await examined(bed)
    expect(checks.get('versions')?.status).toBe('ok')
    expect(checks.get('topics')).toMatchObject({ status: 'skipped', detail: 'no topology module was named' })
    expect(checks.get('group')).toMatchObject({ status: 'skipped' })
  })

  it('ends with 5 where no broker answers, and still tells of the machine', async () => {
    await using bed = await CliBed.start()
    const { code, checks } = await examined(bed, '-b', nobody)
    expect(code).toBe(5)
    expect(checks.get('node')?.status).toBe('ok')
    expect(checks.get('connection')).toMatchObject({ status: 'fail', code: expect.stringMatching(/^MILLRACE_/) })
    expect(checks.get('brokers')).toMatchObject({ status: 'skipped', detail: "the check 'connection' failed" })
  })

  it('ends with 3 and says what to do where topics are missing', async () => {
    await using bed = await CliBed.start()
    const { code, checks } = await examined(bed, wordCount)
    expect(code).toBe(3)
    expect(checks.get('topics')).toMatchObject({ status: 'fail', detail: expect.stringContaining('text-lines') })
    expect(checks.get('topics')?.fix).toContain('millrace topics plan')
    const { stdout, stderr } = await bed.millrace(['doctor', wordCount])
    expect(stdout).toMatch(/fail +topics of the application: .*text-lines.*\n +to do: millrace topics plan/)
    expect(stderr).toMatch(/checks failed: topics/)
  })

  it('sees the trap of one broker that wants three', async () => {
    await using bed = await CliBed.start()
    bed.kafka['~kafka'].controls.alterAnswer({ api: 'DescribeConfigs', clientId: 'millrace-doctor' }, (answer) => {
      const { results } = answer as { results: { configs: { name: string; value: string }[] }[] }
      for (const { configs } of results) {
        for (const config of configs) if (config.name === 'transaction.state.log.replication.factor') config.value = '3'
      }
      return answer
    })
    const { code, checks } = await examined(bed)
    expect(code).toBe(3)
    expect(checks.get('replication')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('is 3, and there is one broker'),
      fix: expect.stringContaining('transaction.state.log.replication.factor=1'),
    })
  })

  it('names the ACLs that are missing, with the commands that grant them', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1, 'word-counts': 1 })
    const { controls } = bed.kafka['~kafka']
    // Describe, and Read on one of them.
    const [toDescribe, toRead] = [1 << 8, 1 << 3]
    const match = { api: 'Metadata', clientId: 'millrace-doctor', times: 100 } as const
    controls.alterAnswer(match, (answer) => {
      const { topics } = answer as { topics: { name: string; topicAuthorizedOperations?: number }[] }
      for (const topic of topics) {
        if (topic.topicAuthorizedOperations === undefined) continue
        topic.topicAuthorizedOperations = toDescribe | (topic.name === 'text-lines' ? toRead : 0)
      }
      return answer
    })
    const { checks } = await examined(bed, wordCount)
    expect(checks.get('permissions')).toMatchObject({
      status: 'fail',
      detail: 'the principal lacks 1 ACL: operation Write topic word-counts',
      fix: 'kafka-acls.sh --add --allow-principal User:<name> --operation Write --topic word-counts',
    })
  })

  it('sees limits of the brokers that the configuration is beyond', async () => {
    await using bed = await CliBed.start({}, { transactionMaxTimeoutMs: 5000 })
    const { checks } = await examined(bed)
    expect(checks.get('limits')).toMatchObject({ status: 'fail', fix: 'set transactionTimeoutMs to 5000 or less' })
  })

  it('sees who else is in the group, and what does not belong into the state directory', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1, 'word-counts': 1 })
    const strange = path.join(bed.folder, 'state', 'word-count', '0')
    mkdirSync(strange, { recursive: true })
    writeFileSync(path.join(strange, 'core.1234'), '')
    const membership = bed.client.group(
      {
        groupId: 'word-count',
        instanceId: undefined,
        protocolName: 'stream',
        sessionTimeoutMs: 30_000,
        heartbeatIntervalMs: 100,
        rebalanceTimeoutMs: 30_000,
      },
      {
        subscription: () => ({ topics: ['text-lines'], ownedPartitions: [], userData: undefined }),
        assign: async (members) => members.map(({ memberId }) => ({ memberId, partitions: [], userData: undefined })),
        onPrepareJoin: async () => undefined,
        onAssigned: async () => undefined,
        onLost: async () => undefined,
        onFatal: () => undefined,
      },
    )
    await membership.start()
    const { code, checks } = await examined(bed, wordCount)
    expect(code).toBe(3)
    expect(checks.get('group')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/speak 'stream'.*bed at /),
    })
    expect(checks.get('local-state')).toMatchObject({ status: 'warn', detail: expect.stringContaining('core.1234') })
    await membership.leave()
  })

  it('says why a state directory cannot be used', async () => {
    await using bed = await CliBed.start()
    writeFileSync(path.join(bed.folder, 'state'), 'a file')
    const { code, checks } = await examined(bed)
    expect(code).toBe(3)
    expect(checks.get('state-dir')).toMatchObject({ status: 'fail', fix: expect.stringContaining('stateDir') })
    expect(checks.get('local-state')?.status).toBe('skipped')
  })

  it('ends with 2 for wrong usage', async () => {
    await using bed = await CliBed.start()
    expect(await bed.millrace(['doctor', 'missing.ts'])).toMatchObject({ code: 2, stdout: '' })
    expect(await bed.millrace(['doctor', '--nonsense'])).toMatchObject({ code: 2, stdout: '' })
  })
})

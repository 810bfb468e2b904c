/** `millrace reset`, as a process, on an embedded broker over TCP. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { noHeaders } from '../../src/common/headers.ts'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { errorCodes } from '../../src/kafka/protocol/error-codes.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import wordCountModule from '../../topologies/word-count.ts'
import { takesNothing } from '../support/idle-member.ts'
import { CliBed, moduleOf, nobody } from '../support/cli-bed.ts'
import { fitsSchema } from '../support/cli-schema.ts'
import { eventually } from '../support/client-bed.ts'

const wordCount = moduleOf('topologies/word-count.ts')
const repartition = 'word-count-counts-repartition'
const changelog = 'word-count-counts-changelog'
const start = 1_700_000_000_000

/** Has run: ten lines in `text-lines-0`, a second apart, all of them counted. */
async function ranBefore(): Promise<CliBed> {
  const bed = await CliBed.start({ 'text-lines': 2, 'word-counts': 1 })
  const producer = bed.client.producer({ lingerMs: 0 })
  await producer.init()
  for (let at = 0; at < 10; at++) {
    producer.append('text-lines', 0, null, Buffer.from('a line'), start + at * 1000, noHeaders)
  }
  await producer.flush()
  await producer.close()
  const streams = instance(bed)
  await streams.start()
  await eventually(async () => (await committed(bed)).get(topicPartitionKey('text-lines', 0)) === 10)
  await eventually(async () => ((await committed(bed)).get(topicPartitionKey(repartition, 0)) ?? 0) > 0)
  await streams.close()
  return bed
}

function instance(bed: CliBed, identity: { readonly instanceId?: string } = {}): KafkaStreams {
  return new KafkaStreams(wordCountModule.build(), {
    ...identity,
    applicationId: 'word-count',
    kafka: { brokers: bed.kafka.brokers },
    stateDir: stateDir(bed),
    commitIntervalMs: 20,
  })
}

const stateDir = (bed: CliBed): string => path.join(bed.folder, 'state')
const flags = (bed: CliBed): readonly string[] => ['--state-dir', stateDir(bed)]

async function committed(bed: CliBed): Promise<ReadonlyMap<string, number>> {
  const offsets = await bed.client.admin.groups.offsets('word-count')
  return new Map([...offsets].map(([key, { offset }]) => [key, offset]))
}

function tasksOnDisk(bed: CliBed): string[] {
  const slot = path.join(stateDir(bed), 'word-count', '0')
  return existsSync(slot) ? readdirSync(slot).filter((name) => /^\d+_\d+$/.test(name)) : []
}

/** A static member whose process ended without a word; its session lasts for half an hour. */
async function leftBehind(bed: CliBed, instanceId = 'left-behind'): Promise<{ readonly memberId: string }> {
  const client = connectKafka({ kafka: { brokers: bed.kafka.brokers }, applicationId: 'gone' })
  await client.connect()
  const options = { groupId: 'word-count', instanceId, protocolName: 'millrace', sessionTimeoutMs: 1_800_000 }
  const membership = client.group(
    { ...options, heartbeatIntervalMs: 50, rebalanceTimeoutMs: 1000 },
    takesNothing('text-lines'),
  )
  await membership.start()
  const { memberId } = membership.identity()
  await client.close()
  return { memberId }
}

async function members(bed: CliBed): Promise<string[]> {
  const group = (await bed.client.admin.groups.describe(['word-count'])).get('word-count')
  return (group?.members ?? []).map(({ memberId }) => memberId)
}

describe('millrace reset', () => {
  it('shows what it would do and does nothing, with --dry-run and without a confirmation', async () => {
    await using bed = await ranBefore()
    const before = await committed(bed)
    const dry = await bed.millrace(['reset', wordCount, ...flags(bed), '--dry-run', '-o', 'json'])
    expect(dry.code).toBe(0)
    expect(fitsSchema('reset', dry.stdout)).toMatchObject({
      applicationId: 'word-count',
      dryRun: true,
      done: [],
      offsets: [
        { topic: 'text-lines', partition: 0, from: 10, to: 0 },
        { topic: 'text-lines', partition: 1, to: 0 },
      ],
      deleteTopics: [changelog, repartition],
    })
    const unconfirmed = await bed.millrace(['reset', wordCount, ...flags(bed)])
    expect(unconfirmed.code).toBe(4)
    expect(unconfirmed.stdout).toContain(`- delete topic ${changelog}`)
    expect(unconfirmed.stdout).toMatch(/- remove state .*\/word-count\/0\/1_\d/)
    expect(unconfirmed.stderr).toContain('--confirm word-count')
    const wrong = await bed.millrace(['reset', wordCount, ...flags(bed), '--confirm', 'word-cuont'])
    expect(wrong.code).toBe(4)
    expect(await bed.topics()).toEqual(['text-lines', changelog, repartition, 'word-counts'].toSorted())
    expect(await committed(bed)).toEqual(before)
    expect(tasksOnDisk(bed)).not.toEqual([])
  })

  it('starts an application over: the next run counts everything again from 0', async () => {
    await using bed = await ranBefore()
    const { code, stdout } = await bed.millrace([
      'reset',
      wordCount,
      ...flags(bed),
      '--confirm',
      'word-count',
      '-o',
      'json',
    ])
    expect(code).toBe(0)
    expect(fitsSchema('reset', stdout)).toMatchObject({
      done: ['internal topics', 'offsets of internal topics', 'local state', 'offsets of the input'],
      remaining: [],
    })
    expect(await bed.topics()).toEqual(['text-lines', 'word-counts'])
    expect(await committed(bed)).toEqual(
      new Map([
        ['text-lines-0', 0],
        ['text-lines-1', 0],
      ]),
    )
    expect(tasksOnDisk(bed)).toEqual([])
    // Again: nothing is left to do, and nobody has to confirm it.
    const again = await bed.millrace(['reset', wordCount, ...flags(bed)])
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout).toContain('nothing to do')
    const streams = instance(bed)
    await streams.start()
    const counts = async () =>
      await bed.client.listOffsets(
        [
          { topic: changelog, partition: 0, timestamp: -1 },
          { topic: changelog, partition: 1, timestamp: -1 },
        ],
        'read_committed',
      )
    await eventually(async () => [...(await counts()).values()].some((end) => end > 0))
    await streams.close()
    const tail = await bed.millrace([
      'tail',
      changelog,
      '--from-beginning',
      '--until-end',
      '-k',
      '=',
      '--value-serde',
      'int64',
    ])
    expect(tail.stdout).toContain('line=10')
  })

  it.each([
    [['--to-latest'], 10],
    [['--to-datetime', new Date(start + 3500).toISOString()], 4],
    [['--by-duration', '1h'], 10],
    [['--shift-by', '-3'], 7],
    [['--to-offset', '6'], 6],
    [['--to-offset', '600'], 10],
  ] as const)('sets the input with %j', async (target, expected) => {
    await using bed = await CliBed.start({ 'text-lines': 1 })
    const producer = bed.client.producer({ lingerMs: 0 })
    await producer.init()
    for (let at = 0; at < 10; at++) producer.append('text-lines', 0, null, null, start + at * 1000, noHeaders)
    await producer.flush()
    await producer.close()
    await bed.setOffset('word-count', 'text-lines', 10)
    const { code, stderr } = await bed.millrace([
      'reset',
      wordCount,
      ...flags(bed),
      ...target,
      '--confirm',
      'word-count',
    ])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect((await committed(bed)).get('text-lines-0')).toBe(expected)
  })

  it('sets each partition to its own with --from-file, and leaves the others', async () => {
    await using bed = await ranBefore()
    const file = path.join(bed.folder, 'offsets.csv')
    const reset = () =>
      bed.millrace(['reset', wordCount, '--keep-state', '--from-file', file, '--confirm', 'word-count', '-o', 'json'])
    writeFileSync(file, 'text-lines,0,3\nother,0,1\n')
    expect(await reset()).toMatchObject({ code: 4, stderr: expect.stringContaining('other-0') })
    writeFileSync(file, 'text-lines,0\n')
    expect(await reset()).toMatchObject({ code: 2, stderr: expect.stringContaining('line 1') })
    writeFileSync(file, 'text-lines,0,3\n')
    const { code, stdout } = await reset()
    expect(code).toBe(0)
    expect(fitsSchema('reset', stdout)).toMatchObject({
      done: ['internal topics', 'offsets of internal topics', 'offsets of the input'],
    })
    expect((await committed(bed)).get('text-lines-0')).toBe(3)
    expect(tasksOnDisk(bed)).not.toEqual([])
  })

  it('refuses while an instance runs, and names it', async () => {
    await using bed = await ranBefore()
    const streams = instance(bed)
    await streams.start()
    try {
      const { code, stderr } = await bed.millrace(['reset', wordCount, ...flags(bed), '--confirm', 'word-count'])
      expect(code).toBe(4)
      expect(stderr).toMatch(/'word-count' is running, so nothing was changed.*\n +word-count at \S+ \(\S+\)/)
      expect(await bed.topics()).toContain(changelog)
    } finally {
      await streams.close()
    }
  })

  it('removes members whose processes are gone with --force-members, which it shows first, and starts over', async () => {
    await using bed = await ranBefore()
    const { memberId } = await leftBehind(bed)
    const args = ['reset', wordCount, ...flags(bed)]
    const refused = await bed.millrace([...args, '--confirm', 'word-count'])
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('--force-members') })
    expect(refused.stdout).not.toContain('remove member')
    const forced = [...args, '--force-members']
    const dry = await bed.millrace([...forced, '--dry-run', '-o', 'json'])
    expect(fitsSchema('reset', dry.stdout)).toMatchObject({
      members: [{ memberId, instanceId: 'left-behind', clientId: 'gone', host: expect.stringMatching(/./) }],
      done: [],
    })
    const unconfirmed = await bed.millrace(forced)
    expect(unconfirmed).toMatchObject({ code: 4, stderr: expect.stringContaining('--confirm word-count') })
    expect(unconfirmed.stdout).toContain(`- remove member gone at `)
    expect(unconfirmed.stdout).toContain(`(${memberId}, instance left-behind)`)
    expect(await members(bed)).toEqual([memberId])
    // No more time than Kafka would need: that of the watch is not counted.
    const done = await bed.millrace([...forced, '--confirm', 'word-count', '--timeout', '8s', '-o', 'json'])
    expect(done.code, done.stderr).toBe(0)
    expect(done.stderr).toContain('watching for 10 s')
    expect(fitsSchema('reset', done.stdout)).toMatchObject({
      members: [{ memberId }],
      done: [
        'members of the group',
        'internal topics',
        'offsets of internal topics',
        'local state',
        'offsets of the input',
      ],
      remaining: [],
    })
    expect(await members(bed)).toEqual([])
    expect((await committed(bed)).get('text-lines-0')).toBe(0)
  }, 40_000)

  it.each([
    ['a member', {}],
    ['a static member', { instanceId: 'blue' }],
  ])('resets nothing with --force-members where %s comes back, because it is alive', async (_, identity) => {
    await using bed = await ranBefore()
    const streams = instance(bed, identity)
    await streams.start()
    try {
      const before = await members(bed)
      const args = ['reset', wordCount, '--keep-state', '--force-members', '--confirm', 'word-count', '-o', 'json']
      const { code, stdout, stderr } = await bed.millrace(args)
      expect(code).toBe(4)
      expect(stderr).toMatch(
        /MILLRACE_RESET_REFUSED.*'word-count' is running, so nothing was reset.*word-count at \S+/s,
      )
      expect(fitsSchema('reset', stdout)).toMatchObject({
        done: [],
        remaining: expect.arrayContaining(['internal topics']),
      })
      expect(await bed.topics()).toContain(changelog)
      expect(await members(bed)).not.toEqual(before)
      // State that a running process holds is proof enough.
      const held = await bed.millrace(['reset', wordCount, ...flags(bed), '--force-members', '--confirm', 'word-count'])
      expect(held).toMatchObject({ code: 4, stderr: expect.stringContaining('a running process holds local state') })
    } finally {
      await streams.close()
    }
  })

  it('names the ACL that --force-members needs where the broker refuses it, and has changed nothing', async () => {
    await using bed = await ranBefore()
    await leftBehind(bed)
    bed.kafka['~kafka'].controls.alterAnswer({ api: 'LeaveGroup', clientId: 'millrace-reset' }, (answer) => ({
      ...(answer as object),
      errorCode: errorCodes.GROUP_AUTHORIZATION_FAILED,
    }))
    const args = ['reset', wordCount, ...flags(bed), '--force-members', '--confirm', 'word-count']
    const { code, stderr } = await bed.millrace(args)
    expect(code).toBe(5)
    expect(stderr).toMatch(/word-count.*\bRead\b/s)
    expect(await bed.topics()).toContain(changelog)
    expect(tasksOnDisk(bed)).not.toEqual([])
  })

  it('looks again before it deletes, also with --force-members: who was not shown is not removed', async () => {
    await using bed = await ranBefore()
    await leftBehind(bed)
    const { controls } = bed.kafka['~kafka']
    const asked = { api: 'DescribeGroups', clientId: 'millrace-reset' } as const
    const first = controls.hold('request', asked)
    const args = ['reset', wordCount, '--keep-state', '--force-members', '--confirm', 'word-count']
    await using command = bed.start(args)
    await first.arrived
    first.release()
    const second = controls.hold('request', asked)
    await Promise.race([second.arrived, command.finished])
    const young = await leftBehind(bed, 'young')
    second.release()
    const { code, stderr } = await command.finished
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringContaining(`gone at 127.0.0.1 (${young.memberId})`),
    })
    expect(await members(bed)).toContain(young.memberId)
    expect(await bed.topics()).toContain(changelog)
  })

  it('looks again before it deletes: an instance that has started since the plan is noticed', async () => {
    await using bed = await ranBefore()
    const { controls } = bed.kafka['~kafka']
    const asked = { api: 'DescribeGroups', clientId: 'millrace-reset' } as const
    const first = controls.hold('request', asked)
    await using command = bed.start(['reset', wordCount, ...flags(bed), '--confirm', 'word-count'])
    await first.arrived
    first.release()
    const second = controls.hold('request', asked)
    await Promise.race([second.arrived, command.finished])
    const streams = instance(bed)
    await streams.start()
    try {
      second.release()
      const { code, stderr } = await command.finished
      expect({ code, stderr }).toEqual({
        code: 4,
        stderr: expect.stringContaining('is running, so nothing was changed'),
      })
      expect(await bed.topics()).toContain(changelog)
    } finally {
      await streams.close()
    }
  })

  it('leaves topics of another application whose id begins alike, and dead letters', async () => {
    await using bed = await CliBed.start({
      'text-lines': 1,
      [changelog]: 1,
      'word-count-eu-counts-changelog': 1,
      'word-count-dlq': 1,
    })
    await bed.setOffset('word-count-eu', 'text-lines', 0)
    await bed.setOffset('word-count', 'text-lines', 0)
    const { code, stdout } = await bed.millrace([
      'reset',
      '--application-id',
      'word-count',
      ...flags(bed),
      '--confirm',
      'word-count',
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/keep topic word-count-eu-counts-changelog: it belongs to the application 'word-count-eu'/)
    expect(await bed.topics()).toEqual(['text-lines', 'word-count-dlq', 'word-count-eu-counts-changelog'])
    const named = ['--internal-topics', 'word-count-eu-counts-changelog']
    const refused = await bed.millrace(['reset', '--application-id', 'word-count', ...named, '--confirm', 'word-count'])
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('word-count-eu') })
  })

  it('says what is done and what remains when it breaks off, and the next call does the rest', async () => {
    await using bed = await ranBefore()
    const { controls } = bed.kafka['~kafka']
    const refusal = { errorCode: 30 }
    controls.alterAnswer({ api: 'OffsetDelete', clientId: 'millrace-reset' }, (answer) => ({
      ...(answer as object),
      ...refusal,
    }))
    const args = ['reset', wordCount, ...flags(bed), '--shift-by', '-2', '--confirm', 'word-count']
    const broken = await bed.millrace(args)
    expect(broken.code).toBe(7)
    expect(broken.stderr).toMatch(
      /done: internal topics\. Not done: offsets of internal topics, local state, offsets of the input/,
    )
    // Not Read, which setting them takes.
    expect(broken.stderr).toMatch(/Delete on the group/)
    expect((await committed(bed)).get('text-lines-0')).toBe(10)
    const rest = await bed.millrace(args)
    expect(rest.code).toBe(0)
    expect((await committed(bed)).get('text-lines-0')).toBe(8)
    expect([...(await committed(bed)).keys()].filter((key) => key.startsWith('word-count'))).toEqual([])
    expect(tasksOnDisk(bed)).toEqual([])
  })

  it('leaves what is not millrace’s in the state directory', async () => {
    await using bed = await ranBefore()
    const strange = path.join(stateDir(bed), 'word-count', '0', 'notes')
    mkdirSync(strange)
    const { stdout } = await bed.millrace(['reset', wordCount, ...flags(bed), '--confirm', 'word-count'])
    expect(stdout).toContain("what is not millrace's there: notes")
    expect(existsSync(strange)).toBe(true)
    expect(tasksOnDisk(bed)).toEqual([])
  })

  it('ends with 5 where no broker answers, 4 where the input does not exist, and 2 for wrong usage', async () => {
    await using bed = await CliBed.start()
    const unreachable = await bed.millrace(['reset', wordCount, '-b', nobody, '--confirm', 'word-count'])
    expect(unreachable).toMatchObject({ code: 5, stdout: '' })
    const empty = await bed.millrace(['reset', wordCount, '--dry-run'])
    expect(empty).toMatchObject({ code: 4, stdout: '' })
    expect(empty.stderr).toContain("'text-lines' does not exist")
    for (const args of [
      ['reset'],
      ['reset', wordCount, '--to-latest', '--to-earliest'],
      ['reset', wordCount, '--to-datetime', 'yesterday'],
      ['reset', wordCount, '--by-duration', '3 days'],
      ['reset', wordCount, '--from-file', 'missing.csv'],
      ['reset', wordCount, '--shift-by', 'much'],
    ]) {
      const { code, stdout } = await bed.millrace(args)
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
    }
  })
})

/** `millrace lag`, as a process, on an embedded broker over TCP. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { noHeaders } from '../../src/common/headers.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import wordCountModule from '../../topologies/word-count.ts'
import { CliBed, moduleOf, nobody } from '../support/cli-bed.ts'
import { fitsSchema } from '../support/cli-schema.ts'
import { eventually } from '../support/client-bed.ts'

const wordCount = moduleOf('topologies/word-count.ts')

async function produce(bed: CliBed, topic: string, count: number, timestamp: number): Promise<void> {
  const producer = bed.client.producer({ lingerMs: 0 })
  await producer.init()
  for (let at = 0; at < count; at++)
    producer.append(topic, 0, null, Buffer.from(`line ${at}`), timestamp + at, noHeaders)
  await producer.flush()
  await producer.close()
}

interface LagDocument {
  readonly total: { readonly lag: number; readonly lagMs: number | null; readonly uncommitted: number }
  readonly partitions: readonly Record<string, unknown>[]
  readonly tasks: readonly Record<string, unknown>[]
  readonly transactions: readonly Record<string, unknown>[]
}

describe('millrace lag', () => {
  it('counts from the beginning before the first start, with the age of the oldest record', async () => {
    await using bed = await CliBed.start({ 'text-lines': 2 })
    await produce(bed, 'text-lines', 5, Date.now() - 60_000)
    const { code, stdout, stderr } = await bed.millrace(['lag', wordCount, '-o', 'json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lag = fitsSchema('lag', stdout) as LagDocument
    expect(lag).toMatchObject({ group: null, total: { lag: 5, uncommitted: 2 }, transactions: [], warnings: [] })
    expect(lag.total.lagMs).toBeGreaterThanOrEqual(60_000)
    // The repartition topic is made at the first start.
    expect(lag.partitions.map(({ taskId, topic, lag: rows }) => [taskId, topic, rows])).toEqual([
      ['0_0', 'text-lines', 5],
      ['0_1', 'text-lines', 0],
    ])
  })

  it('names who has each task, and comes to 0 once all is committed', async () => {
    await using bed = await CliBed.start({ 'text-lines': 2, 'word-counts': 1 })
    await produce(bed, 'text-lines', 5, Date.now())
    const streams = new KafkaStreams(wordCountModule.build(), {
      applicationId: 'word-count',
      kafka: { brokers: bed.kafka.brokers },
      stateDir: `${bed.folder}/state`,
      commitIntervalMs: 20,
    })
    try {
      await streams.start()
      await eventually(async () => {
        const { stdout } = await bed.millrace(['lag', wordCount, '-o', 'json'])
        const { total, partitions } = fitsSchema('lag', stdout) as LagDocument
        return total.lag === 0 && partitions.every(({ committed }, at) => at === 1 || committed !== null)
      })
      const { stdout } = await bed.millrace(['lag', wordCount])
      expect(stdout).toMatch(/^word-count Stable, 1 member; lag 0\n/)
      expect(stdout).toMatch(/0_0 +text-lines +0 +5 +5 +0 +- +word-count at /)
      expect(stdout).toMatch(/sub-topology 1: lag 0 over 2 tasks/)
      const group = fitsSchema('lag', (await bed.millrace(['lag', '--application-id', 'word-count', '--json'])).stdout)
      expect(group).toMatchObject({ group: { state: 'Stable', members: 1 }, tasks: [], total: { lag: 0 } })
    } finally {
      await streams.close()
    }
  })

  it('ends with 3 beyond a threshold, after the report', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1 })
    await produce(bed, 'text-lines', 5, Date.now() - 60_000)
    const over = await bed.millrace(['lag', wordCount, '--threshold', '4', '-o', 'json'])
    expect(over.code).toBe(3)
    expect(fitsSchema('lag', over.stdout)).toMatchObject({ total: { lag: 5 } })
    expect(fitsSchema('error', over.stderr)).toMatchObject({ error: { code: 'MILLRACE_CHECK_FAILED', exitCode: 3 } })
    expect((await bed.millrace(['lag', wordCount, '--threshold', '5'])).code).toBe(0)
    const old = await bed.millrace(['lag', wordCount, '--threshold-time', '30s'])
    expect(old.code).toBe(3)
    expect(old.stderr).toMatch(/60\.\d s old|1 min old/)
    expect((await bed.millrace(['lag', wordCount, '--threshold-time', '10m'])).code).toBe(0)
  })

  it('shows the transaction that holds readers back, with who has it', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1, 'word-count-counts-changelog': 1 })
    const producer = bed.client.producer({ transactionalId: 'someone-else', transactionTimeoutMs: 60_000, lingerMs: 0 })
    await producer.init()
    for (const topic of ['text-lines', 'word-count-counts-changelog']) {
      producer.append(topic, 0, Buffer.from('key'), Buffer.from('a line'), Date.now(), noHeaders)
    }
    await producer.flush()
    const { stdout } = await bed.millrace(['lag', wordCount, '-o', 'json'])
    const [transaction] = (fitsSchema('lag', stdout) as LagDocument).transactions
    expect(transaction).toMatchObject({
      transactionalId: 'someone-else',
      state: 'Ongoing',
      verdict: 'open',
      timeoutMs: 60_000,
      partitions: [
        { topic: 'text-lines', partition: 0, startOffset: 0 },
        { topic: 'word-count-counts-changelog', partition: 0, startOffset: 0 },
      ],
    })
    expect((await bed.millrace(['lag', wordCount])).stdout).toMatch(
      /open transaction for .* someone-else, holds back text-lines-0 at 0/,
    )
    await producer.abort()
    await producer.close()
  })

  it('prints a line for each look with --watch -o jsonl, until it is interrupted', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1 })
    await using child = bed.start(['lag', wordCount, '--watch', '--interval', '50ms', '-o', 'jsonl'])
    await eventually(() => child.output.split('\n').length > 3)
    child.kill('SIGINT')
    const { code, stdout } = await child.finished
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    for (const line of lines) fitsSchema('lag', line)
    expect(lines[1]).toContain('"rate"')
  })

  it('watches for a threshold', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1 })
    await using child = bed.start(['lag', wordCount, '--watch', '--interval', '50ms', '--threshold', '3'])
    await child.prints('lag 0')
    await produce(bed, 'text-lines', 4, Date.now())
    expect(await child.finished).toMatchObject({ code: 3 })
  })

  it('ends with 4 for a group that does not exist, naming the one that is meant', async () => {
    await using bed = await CliBed.start({ 'text-lines': 1 })
    await bed.setOffset('word-count', 'text-lines', 0)
    const { code, stdout, stderr } = await bed.millrace(['lag', '--application-id', 'word-cuont'])
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toContain("did you mean 'word-count'?")
    // The topology needs topics that are not there.
    await bed.client.admin.deleteTopics(['text-lines'])
    const missing = await bed.millrace(['lag', wordCount])
    expect({ code: missing.code, stdout: missing.stdout }).toEqual({ code: 4, stdout: '' })
    expect(missing.stderr).toContain("'text-lines' does not exist")
  })

  it('ends with 5 where no broker answers, and with 2 for wrong usage', async () => {
    await using bed = await CliBed.start()
    expect(await bed.millrace(['lag', wordCount, '-b', nobody])).toMatchObject({ code: 5, stdout: '' })
    for (const args of [
      ['lag'],
      ['lag', wordCount, '--threshold', '-1'],
      ['lag', wordCount, '--watch', '-o', 'json'],
    ]) {
      const { code, stdout } = await bed.millrace(args)
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
    }
  })

  describe('with a partition that nobody answers for', () => {
    /** Three brokers, each of which has one partition with as many records as its number and one more, for ever. */
    async function threeBrokers(): Promise<{ readonly bed: CliBed; readonly leaderOf: (partition: number) => number }> {
      const bed = await CliBed.start({}, {}, 3)
      bed.kafka['~kafka'].createTopic('text-lines', { partitions: 3, replicationFactor: 1 })
      const producer = bed.client.producer({ lingerMs: 0 })
      await producer.init()
      for (const partition of [0, 1, 1, 2, 2, 2])
        producer.append('text-lines', partition, null, Buffer.from('a line'), Date.now(), noHeaders)
      await producer.flush()
      await producer.close()
      const replicas = (await bed.client.admin.describeReplicas(['text-lines'])).get('text-lines') ?? []
      return { bed, leaderOf: (wanted) => replicas.find(({ partition }) => partition === wanted)?.leader ?? -1 }
    }

    // A partition is waited for only a part of it.
    const quick = ['--timeout', '9s']

    it('tells of the others, which one it is and why, and ends with 7', async () => {
      const { bed: started, leaderOf } = await threeBrokers()
      await using bed = started
      await bed.setOffset('word-count', 'text-lines', 1)
      bed.kafka['~kafka'].controls.stopNode(leaderOf(1))
      const { code, stdout, stderr } = await bed.millrace(['lag', wordCount, ...quick, '-o', 'json'])
      expect({ code, stderr }).toMatchObject({ code: 7 })
      const lag = fitsSchema('lag', stdout) as LagDocument
      expect(lag.total).toMatchObject({ lag: 3, partitions: 3, unknown: 1, uncommitted: 2 })
      expect(lag.partitions).toMatchObject([
        { partition: 0, committed: 1, end: 1, lag: 0, unknown: null },
        { partition: 1, committed: null, logStart: null, end: null, lag: null, lagMs: null },
        { partition: 2, end: 3, lag: 3, unknown: null },
      ])
      expect(lag.partitions[1]?.['unknown']).toContain('LEADER_NOT_AVAILABLE')
      expect(lag.tasks).toMatchObject([{ unknown: 0 }, { taskId: '0_1', unknown: 1 }, { unknown: 0 }])
      const last = stderr.trimEnd().split('\n').at(-1) ?? ''
      expect(fitsSchema('error', last)).toMatchObject({ error: { code: 'MILLRACE_PARTIAL', exitCode: 7 } })
      const shown = await bed.millrace(['lag', wordCount, ...quick])
      expect(shown.code).toBe(7)
      expect(shown.stdout).toMatch(/^word-count .*; lag at least 3 \(1 partition not known\)/)
      expect(shown.stdout).toMatch(/0_1 +text-lines +1 +- +- +not known/)
      expect(shown.stdout).toMatch(/\nnot known: text-lines-1: .*LEADER_NOT_AVAILABLE/)
      // What is known is more than the one, and not than the other.
      expect(await bed.millrace(['lag', wordCount, '--threshold', '2', ...quick])).toMatchObject({ code: 3 })
      expect(await bed.millrace(['lag', wordCount, '--threshold', '1000', ...quick])).toMatchObject({ code: 7 })
      const live = await bed.millrace(['describe', wordCount, '--live', '--interval', '10ms', ...quick])
      expect(live).toMatchObject({ code: 0, stderr: expect.stringContaining('the lag of text-lines-1 is not known') })
    })

    it('waits for it no longer than for a part of its --timeout', async () => {
      const { bed: started, leaderOf } = await threeBrokers()
      await using bed = started
      bed.kafka['~kafka'].controls.hold('request', { api: 'ListOffsets', nodeId: leaderOf(2), times: Infinity })
      const args = ['lag', wordCount, '--timeout', '12s', '-o', 'json']
      const { code, stdout, stderr } = await bed.millrace(args)
      expect({ code, stderr }).toMatchObject({ code: 7 })
      const lag = fitsSchema('lag', stdout) as LagDocument
      expect(lag.total).toMatchObject({ lag: 3, unknown: 1 })
      expect(lag.partitions[2]).toMatchObject({ end: null, unknown: 'no answer in 2000 ms' })
    })

    it('goes on watching, and says when it is known again', async () => {
      const { bed: started, leaderOf } = await threeBrokers()
      await using bed = started
      const { controls } = bed.kafka['~kafka']
      controls.stopNode(leaderOf(1))
      await using child = bed.start(['lag', wordCount, '--watch', '--interval', '50ms'])
      await child.prints('lag at least 4 (1 partition not known)')
      controls.startNode(leaderOf(1))
      await child.prints('lag 6')
      child.kill('SIGINT')
      expect(await child.finished).toMatchObject({ code: 0 })
    })
  })

  it('ends quietly when its reader closes the pipe', async () => {
    await using bed = await CliBed.start({ 'text-lines': 50 })
    const binary = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url))
    const command = '"$0" "$@"; echo "code $?" >&2'
    const args = [
      '-c',
      `{ ${command}; } | true`,
      process.execPath,
      binary,
      'lag',
      wordCount,
      '-b',
      bed.brokers,
      '-o',
      'jsonl',
    ]
    const child = spawn('sh', args, { cwd: bed.folder })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    await once(child, 'close')
    expect(stderr).toBe('code 0\n')
  })
})

/** `millrace send` and `millrace tail` as processes, on an embedded broker over TCP. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { topicPartitionKey } from '../../src/common/topic-partition.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'

let kafka: EmbeddedKafka
let client: KafkaClient

beforeAll(async () => {
  kafka = await EmbeddedKafka.start({ listen: true, config: { autoCreateTopics: true } })
  client = connectKafka({ kafka, applicationId: 'test' })
  await client.connect()
})

afterAll(async () => {
  await client?.close()
  await kafka?.close()
})

const command = (args: readonly string[]): string[] => [...args, '--brokers', kafka.brokers.join(',')]

async function millrace(args: readonly string[], stdin?: string | Buffer): Promise<Finished> {
  await using child = Child.millrace(command(args), stdin === undefined ? {} : { stdin })
  return await child.finished
}

const send = (topic: string, stdin: string | Buffer, ...args: readonly string[]): Promise<Finished> =>
  millrace(['send', topic, ...args], stdin)

/** All there is. */
const all = (topic: string, ...args: readonly string[]): Promise<Finished> =>
  millrace(['tail', topic, '--from-beginning', '--until-end', ...args])

interface JsonRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
}

const jsonLines = ({ stdout }: Finished): JsonRecord[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonRecord)

describe('millrace send', () => {
  it('writes a record for each line, with or without a line end after the last, and says how many', async () => {
    await kafka.createTopic('lines', { partitions: 1 })
    const sent = await send('lines', 'one\r\n\ntwo words\nlast')
    expect(sent).toMatchObject({ code: 0, stdout: '', stderr: 'millrace: sent 4 records to lines\n' })
    expect(await all('lines')).toMatchObject({ code: 0, stdout: 'one\n\ntwo words\nlast\n', stderr: '' })
  })

  it('takes key and value apart at the first separator, and null where it is told', async () => {
    await kafka.createTopic('pairs', { partitions: 1 })
    await send('pairs', 'a=>1\nb=>null\n=>2=>3\n', '--key-separator', '=>', '--null-value', 'null', '-H', 'from=test')
    const found = await all('pairs', '-o', 'json')
    expect(jsonLines(found)).toEqual([
      expect.objectContaining({ key: 'a', value: '1', offset: 0, headers: [{ name: 'from', value: 'test' }] }),
      expect.objectContaining({ key: 'b', value: null, topic: 'pairs', partition: 0 }),
      expect.objectContaining({ key: '', value: '2=>3', schemaVersion: 1 }),
    ])
    expect((await all('pairs', '-k', '/', '--null-value', '-')).stdout).toBe('a/1\nb/-\n/2=>3\n')
  })

  it("chooses partitions as Java's producer does, or as it is told", async () => {
    await kafka.createTopic('spread', { partitions: 10 })
    await send('spread', 'abc:x\nfoobar:x\n21:x\n', '--key-separator', ':')
    await send('spread', 'abc:x\n', '--key-separator', ':', '--partition', '3')
    const found = jsonLines(await all('spread', '-o', 'json')).map(({ partition }) => partition)
    expect(new Set(found)).toEqual(new Set([0, 3, 6, 7]))
    expect(await send('spread', 'x', '--partition', '10')).toMatchObject({ code: 2 })
  })

  it('writes what the serdes write', async () => {
    await kafka.createTopic('numbers', { partitions: 1 })
    await send('numbers', '1 9007199254740993\n', '-k', ' ', '--key-serde', 'int', '--value-serde', 'long')
    const bytes = jsonLines(await all('numbers', '-o', 'json', '--key-serde', 'bytes', '--value-serde', 'bytes'))
    expect(bytes).toEqual([expect.objectContaining({ key: 'AAAAAQ==', value: 'ACAAAAAAAAE=' })])
    expect((await all('numbers', '--value-serde', 'int64')).stdout).toBe('9007199254740993\n')
  })

  it('gives records the times that their lines begin with, as tail prints them', async () => {
    await kafka.createTopic('timed', { partitions: 1 })
    const lines = ['2024-11-02T10:00:00+02:00:ada:home', '1700000000123:bob:1:2', '0:zoe:']
    await send('timed', lines.join('\n'), '--timestamps', ':', '-k', ':')
    const found = jsonLines(await all('timed', '-o', 'json'))
    expect(found.map(({ timestamp }) => timestamp)).toEqual([1730534400000, 1700000000123, 0])
    const printed = await all('timed', '--timestamps', ':', '-k', ':')
    expect(printed.stdout.split('\n')).toEqual([
      '2024-11-02T08:00:00.000Z:ada:home',
      '2023-11-14T22:13:20.123Z:bob:1:2',
      '1970-01-01T00:00:00.000Z:zoe:',
      '',
    ])
    await kafka.createTopic('timed-again', { partitions: 1 })
    await send('timed-again', printed.stdout, '--timestamps', ':', '-k', ':')
    const again = jsonLines(await all('timed-again', '-o', 'json'))
    expect(again).toEqual(found.map((record) => ({ ...record, topic: 'timed-again' })))
  })

  it('gives all records the time that it is told', async () => {
    await kafka.createTopic('at-one-time', { partitions: 1 })
    await send('at-one-time', 'a\nb\n', '--timestamp', '2024-11-02T10:00Z')
    expect(jsonLines(await all('at-one-time', '-o', 'json')).map(({ timestamp }) => timestamp)).toEqual([
      1730541600000, 1730541600000,
    ])
  })

  it('names the line that does not fit, and sends those before it', async () => {
    await kafka.createTopic('some', { partitions: 1 })
    const { code, stderr } = await send('some', '1\n2\nthree\n4\n', '--value-serde', 'int32')
    expect(code).toBe(2)
    expect(stderr).toContain("line 3 of the input: its value cannot be written as int32: 'three' is not an integer")
    expect(stderr).toContain('sent 2 records')
    expect((await all('some', '--value-serde', 'int32')).stdout).toBe('1\n2\n')
  })

  it.each([
    ['a line without a key', 'a:1\nb\n', ['-k', ':'], 'line 2 of the input: it has no key'],
    ['an integer out of range', '3000000000\n', ['--value-serde', 'int32'], 'line 1 of the input'],
    ['text that is not JSON', '{"a":1}\n{a}\n', ['--value-serde', 'json'], 'line 2 of the input'],
    ['an unknown serde', '', ['--value-serde', 'strin'], "did you mean 'string'?"],
    [
      'a line without a time',
      '1 a\n2026-11-02T10:00:00 b\n',
      ['--timestamps', ' '],
      'line 2 of the input: it does not begin',
    ],
    [
      'a time without a zone',
      '',
      ['--timestamp', '2026-11-02T10:00:00'],
      '--timestamp takes milliseconds since 1970 or',
    ],
    ['a time for all and one for each', '', ['--timestamp', '0', '--timestamps', ' '], 'exclude each other'],
    ['a header without a name', '', ['-H', '=x'], '--header takes name=value'],
    ['a record larger than the topic admits', 'x'.repeat(2_000_000), [], 'line 1 of the input: a record of 2000'],
  ])('refuses %s', async (_, input, args, message) => {
    const { code, stderr } = await send('refused', input, ...args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it('takes an input that is larger than its buffers', async () => {
    await kafka.createTopic('large', { partitions: 4 })
    const lines = Array.from({ length: 400_000 }, (_, i) => `${i}:${'x'.repeat(i % 200)}\n`)
    const { code, stderr } = await send('large', lines.join(''), '-k', ':')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'millrace: sent 400000 records to large\n' })
    const ends = await client.listOffsets(
      [0, 1, 2, 3].map((partition) => ({ topic: 'large', partition, timestamp: -1 })),
      'read_committed',
    )
    expect([...ends.values()].reduce((sum, end) => sum + end)).toBe(400_000)
  })

  it('says so when it is the first to use a topic', async () => {
    expect((await send('brand-new', 'x')).stderr).toContain("created the topic 'brand-new'")
    expect((await all('brand-new')).stdout).toBe('x\n')
  })

  it('sends what was read when it is interrupted', async () => {
    await kafka.createTopic('interrupted', { partitions: 1 })
    const args = command(['bin/millrace.js', 'send', 'interrupted'])
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin.write('one\ntwo\nthe rest of this line is not the')
    await until(async () => (await all('interrupted')).stdout === 'one\ntwo\n')
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([130, null])
    expect((await all('interrupted')).stdout).toBe('one\ntwo\n')
  })
})

describe('millrace tail', () => {
  it('shows the last records of all partitions in the order of their times, ten by default', async () => {
    await kafka.createTopic('ordered', { partitions: 3 })
    const producer = client.producer({ lingerMs: 0, transactionalId: 'ordered' })
    await producer.init()
    // Every record is followed by a marker, so that offsets say little.
    for (let i = 0; i < 100; i++) {
      producer.append('ordered', i % 3, null, Buffer.from(`r${i}`), 1000 + i, [])
      await producer.flush()
      await producer.commit()
    }
    await producer.close()
    const range = (from: number): string => Array.from({ length: 100 - from }, (_, i) => `r${from + i}\n`).join('')
    expect((await millrace(['tail', 'ordered', '--until-end'])).stdout).toBe(range(90))
    expect((await millrace(['tail', 'ordered', '--until-end', '-n', '70'])).stdout).toBe(range(30))
    expect((await millrace(['tail', 'ordered', '--until-end', '-n', '1000'])).stdout).toBe(range(0))
    expect((await millrace(['tail', 'ordered', '--until-end', '-n', '2', '--partition', '1'])).stdout).toBe(
      'r94\nr97\n',
    )
  })

  it('shows nothing of transactions that were aborted, and says what an open one hides', async () => {
    await kafka.createTopic('transactions', { partitions: 1 })
    const producer = client.producer({ lingerMs: 0, transactionalId: 'hiding' })
    await producer.init()
    for (const end of ['abort', 'commit', 'stay open'] as const) {
      producer.append('transactions', 0, null, Buffer.from(end), 0, [])
      await producer.flush()
      if (end !== 'stay open') await producer[end]()
    }
    const { code, stdout, stderr } = await all('transactions')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'commit\n' })
    expect(stderr).toContain('an open transaction hides transactions-0 from offset 4 to 5')
    await producer.abort()
    await producer.close()
  })

  it('follows, and ends with 0 at Ctrl-C', async () => {
    await kafka.createTopic('followed', { partitions: 2 })
    await send('followed', 'before\n')
    await using child = Child.millrace(command(['tail', 'followed']))
    await child.prints('before')
    for (const word of ['while', 'it', 'runs']) {
      await send('followed', `${word}\n`)
      await child.prints(word)
    }
    child.kill('SIGINT')
    expect(await child.finished).toEqual({ code: 0, signal: null, stdout: 'before\nwhile\nit\nruns\n', stderr: '' })
  })

  it('goes on with what is left where records were deleted before it read them', async () => {
    await kafka.createTopic('trimmed', { partitions: 1 })
    await send('trimmed', 'one\n')
    await using child = Child.millrace(command(['tail', 'trimmed']))
    await child.prints('one')
    // Its fetches are held back until the records that they ask for are gone.
    const hold = kafka['~kafka'].controls.hold('request', { api: 'Fetch', clientId: 'millrace-tail' })
    await hold.arrived
    await send('trimmed', 'two\nthree\n')
    await client.admin.deleteRecords(new Map([['trimmed-0', 3]]))
    await send('trimmed', 'four\n')
    hold.release()
    await child.prints('four')
    child.kill('SIGINT')
    const { code, stdout, stderr } = await child.finished
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'one\nfour\n' })
    expect(stderr).toContain('records of trimmed-0 were deleted before they were read; going on at offset 3')
  })

  it.each([['--from-beginning'], ['-n', '5']])(
    'shows with %s what is left where deletion was faster',
    async (...args) => {
      const topic = `trimmed${args.join('')}`
      await kafka.createTopic(topic, { partitions: 1 })
      await send(topic, 'one\ntwo\nthree\n')
      const hold = kafka['~kafka'].controls.hold('request', { api: 'Fetch', clientId: 'millrace-tail' })
      await using child = Child.millrace(command(['tail', topic, '--until-end', ...args]))
      await hold.arrived
      await client.admin.deleteRecords(new Map([[topicPartitionKey(topic, 0), 2]]))
      hold.release()
      const { code, stdout, stderr } = await child.finished
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'three\n' })
      expect(stderr).toContain('were deleted before they were read; going on at offset 2')
    },
  )

  it('begins with what comes where it is told to show no old records', async () => {
    await kafka.createTopic('new-only', { partitions: 1 })
    await send('new-only', 'old\n')
    await using child = Child.millrace(command(['tail', 'new-only', '-n', '0']))
    await until(async () => {
      await send('new-only', 'new\n')
      return child.output !== ''
    })
    expect(child.output).not.toContain('old')
  })

  it('is content when its reader leaves early', async () => {
    await kafka.createTopic('piped', { partitions: 1 })
    await send('piped', 'a line\n'.repeat(200_000))
    const tail = command(['bin/millrace.js', 'tail', 'piped', '--from-beginning', '--until-end']).join(' ')
    const child = spawn('bash', ['-c', `'${process.execPath}' ${tail} | head -n 1; echo "\${PIPESTATUS[0]}"`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    await once(child, 'close')
    expect(output).toBe('a line\n0\n')
  })

  it('shows what comes before a record that it cannot read, and names that', async () => {
    await kafka.createTopic('mixed', { partitions: 1 })
    await send('mixed', '1\n', '--value-serde', 'int32')
    await send('mixed', 'no number\n')
    for (const args of [['--from-beginning'], []]) {
      const { code, stdout, stderr } = await millrace([
        'tail',
        'mixed',
        '--until-end',
        '--value-serde',
        'int32',
        ...args,
      ])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '1\n' })
      expect(stderr).toContain('record mixed-0@1: its value cannot be read as int32')
    }
    await send('mixed', '2\n', '--value-serde', 'int32')
    expect((await millrace(['tail', 'mixed', '--until-end', '-n', '1', '--value-serde', 'int32'])).stdout).toBe('2\n')
  })

  it.each([
    ['a topic that does not exist', ['tail', 'piepd'], 4, "there is no topic 'piepd'; did you mean 'piped'?"],
    ['a number of records that is none', ['tail', 'piped', '-n', 'x'], 2, '-n takes a number from 0'],
    ['two places to begin', ['tail', 'piped', '-n', '1', '--from-beginning'], 2, 'exclude each other'],
    ['a partition that is not there', ['tail', 'piped', '--partition', '1'], 2, "'piped' has partition 0 only"],
    ['an unknown output', ['tail', 'piped', '-o', 'xml'], 2, 'Allowed choices are text, json'],
  ])('refuses %s', async (_, args, exitCode, message) => {
    const { code, stdout, stderr } = await millrace(args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' })
  })

  it('asks for brokers, and names those that do not answer', async () => {
    await using child = Child.millrace(['tail', 'x'], { env: { MILLRACE_BROKERS: '' } })
    expect(await child.finished).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--brokers host:port') as string,
    })
    await using other = Child.millrace(['tail', 'x', '--brokers', '127.0.0.1:1'])
    await other.prints('127.0.0.1:1: nothing listens there')
  })
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}

describe('--timeout', () => {
  it('is for what Kafka does not answer: what was read is told, and that nobody knows how much of it was sent', async () => {
    await kafka.createTopic('unanswered', { partitions: 1 })
    const hold = kafka['~kafka'].controls.hold('request', {
      api: 'Produce',
      clientId: 'millrace-send',
      times: Infinity,
    })
    const { code, stderr } = await send('unanswered', 'one\ntwo\n', '--timeout', '1s')
    hold.release()
    expect({ code, stderr }).toEqual({ code: 6, stderr: expect.stringContaining('Kafka has not answered for 1000 ms') })
    expect(stderr).toContain('millrace: 2 lines read; how many of them were sent is not known')
  })

  it('is not for lines and records that are still to come', async () => {
    await kafka.createTopic('patient', { partitions: 1 })
    await send('patient', 'before\n')
    await using follower = Child.millrace(command(['tail', 'patient', '--timeout', '1s']))
    await follower.prints('before')
    const args = command(['bin/millrace.js', 'send', 'patient', '--timeout', '1s'])
    const initialised = kafka['~kafka'].controls.hold('answer', { api: 'InitProducerId', clientId: 'millrace-send' })
    const sender = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] })
    await initialised.arrived
    initialised.release()
    // One that Kafka does not answer gives up meanwhile.
    const hold = kafka['~kafka'].controls.hold('request', {
      api: 'ListOffsets',
      clientId: 'millrace-tail',
      times: Infinity,
    })
    const unanswered = await millrace(['tail', 'patient', '--timeout', '2s'])
    hold.release()
    expect(unanswered).toMatchObject({
      code: 6,
      stdout: '',
      stderr: expect.stringContaining("'millrace tail' did not end"),
    })
    sender.stdin.end('after\n')
    await follower.prints('after')
    expect(await once(sender, 'close')).toEqual([0, null])
    follower.kill('SIGINT')
    expect(await follower.finished).toEqual({ code: 0, signal: null, stdout: 'before\nafter\n', stderr: '' })
  })

  it.each([['--from-beginning'], ['-n', '1000']])('is no limit to all that tail %s reads', async (...args) => {
    const topic = `long${args.join('')}`
    await kafka.createTopic(topic, { partitions: 1 })
    await send(topic, `${'x'.repeat(400_000)}\n`.repeat(12))
    const delay = kafka['~kafka'].controls.delay(
      'answer',
      { api: 'Fetch', clientId: 'millrace-tail', times: Infinity },
      700,
    )
    const beganMs = performance.now()
    const { code, stdout } = await millrace(['tail', topic, '--until-end', '--timeout', '3s', ...args])
    delay.remove()
    expect({ code, length: stdout.length }).toEqual({ code: 0, length: 12 * 400_001 })
    expect(performance.now() - beganMs).toBeGreaterThan(3200)
  })
})

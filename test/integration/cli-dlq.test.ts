/** `millrace dlq` as a process, on an embedded broker over TCP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { fitsSchema } from '../support/cli-schema.ts'
import { recordsOf, text, untilAny, writeLetters } from '../support/dead-letters.ts'
import ledger from '../../topologies/dead-letters/topology.ts'

let kafka: EmbeddedKafka
let client: KafkaClient

beforeAll(async () => {
  kafka = await EmbeddedKafka.start({ listen: true })
  client = connectKafka({ kafka, applicationId: 'test' })
  await client.connect()
})

afterAll(async () => {
  await client?.close()
  await kafka?.close()
})

async function dlq(...args: readonly string[]): Promise<Finished> {
  await using child = Child.millrace(['dlq', ...args, '--brokers', kafka.brokers.join(',')])
  return await child.finished
}

const records = (topic: string): Promise<string[]> => recordsOf(client, topic)

let names = 0
/** A dead-letter topic and the topic of its records. */
async function topics(partitions = 1): Promise<{ readonly letters: string; readonly orders: string }> {
  const [letters, orders] = [`letters-${++names}`, `orders-${names}`]
  await kafka.createTopic(letters, { partitions })
  await kafka.createTopic(orders, { partitions: 3 })
  return { letters, orders }
}

describe('millrace dlq ls', () => {
  it('counts letters by error, node and source, and those that were sent again', async () => {
    const { letters, orders } = await topics(2)
    await writeLetters(client, letters, [
      { source: orders, timestamp: 2000 },
      { source: orders, timestamp: 1000, partition: 1 },
      { source: orders, sourcePartition: 2 },
      { source: orders, node: 'price', message: 'x\u001B[31m' },
    ])
    await dlq('retry', letters, '--node', 'price', '--yes')
    const { code, stdout } = await dlq('ls', letters, '-o', 'json')
    expect(code).toBe(0)
    const failed = { topic: letters, exception: 'RangeError', code: 'MILLRACE_PROCESSING_FAILED', sourceTopic: orders }
    expect(fitsSchema('dlq-ls', stdout)).toMatchObject({
      topics: [{ topic: letters, letters: 4, retried: 1 }],
      groups: [
        { ...failed, node: 'check', sourcePartition: 0, letters: 2, firstTimestamp: 1000, lastTimestamp: 2000 },
        { ...failed, node: 'check', sourcePartition: 2, letters: 1, retried: 0 },
        { ...failed, node: 'price', sourcePartition: 0, letters: 1, retried: 1 },
      ],
    })
    const shown = await dlq('ls', letters)
    expect(shown.stdout).toContain(`${letters}: 4 letters, 1 of them sent again`)
    expect(shown.stdout).toMatch(/2 +0 +RangeError +PROCESSING_FAILED +check +orders-\d+-0 +1970-01-01 00:00:01Z/)
    expect(shown.stdout).not.toContain('\u001B')
    const rows = (await dlq('ls', letters, '-o', 'jsonl', '--node', 'check')).stdout.trimEnd().split('\n')
    expect(rows.map((row) => (JSON.parse(row) as { letters: number }).letters)).toEqual([2, 1])
  })

  it('finds the topics that the policies of a module name', async () => {
    await kafka.createTopic('payments-dead-letters', { partitions: 1 })
    const { code, stdout } = await dlq('ls', 'topologies/dead-letters/topology.ts')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'payments-dead-letters: no letters\n' })
  })

  it.each([
    ['a topic that does not exist', ['ls', 'nothing-here'], 4, "there is no topic 'nothing-here'"],
    ['a module without such policies', ['ls', 'topologies/word-count.ts'], 4, 'names a dead-letter topic'],
    ['no topic at all', ['ls'], 2, 'no topic: name a dead-letter topic'],
    ['a topic that cannot be', ['ls', 'a b'], 2, "'a b' is no name of a topic"],
    ['an offset without its partition', ['show', 'x', '--offset', '1'], 2, 'give --partition, too'],
    ['a time that is none', ['show', 'x', '--since', 'noon'], 2, '--since takes'],
    ['every letter as one document', ['show', 'x', '--all', '--json'], 2, 'jsonl'],
    ['a target that is Kafka’s own', ['retry', 'x', '--to', '__consumer_offsets'], 2, '--to takes the name of a topic'],
    ['the topic itself as target', ['retry', 'x', '--to', 'x'], 2, 'not sent to the topic that they are read from'],
    ['forgetting by conditions', ['retry', 'x', '--again', '--node', 'y'], 2, 'not with --node'],
  ])('refuses %s', async (_, args, code, message) => {
    const found = await dlq(...args)
    expect(found.stderr).toContain(message)
    expect(found).toMatchObject({ code, stdout: '' })
  })

  it('ends with exit code 5 where no broker is', async () => {
    await using child = Child.millrace(['dlq', 'ls', 'letters', '-b', 'localhost:1', '-o', 'json'])
    const { code, stdout, stderr } = await child.finished
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
    expect(fitsSchema('error', stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ error: { exitCode: 5 } })
  })
})

describe('millrace dlq show', () => {
  it('shows what failed where, the record, and the headers that it had', async () => {
    const { letters } = await topics()
    await writeLetters(client, letters, [
      { value: 'first' },
      {
        key: null,
        value: Buffer.from([0xff, 0]),
        headers: [text('trace', 't\u0007'), ['none', null]],
        sourcePartition: 2,
      },
    ])
    const { stdout } = await dlq('show', letters, '-n', '1')
    expect(stdout).toBe(`${letters}-0@1  1970-01-01T00:00:01.001Z
  error    RangeError: 1 is odd
  code     MILLRACE_PROCESSING_FAILED
  node     check
  source   orders-2 at offset 1
  key      null
  value    ff 00  (2 bytes, which the serde cannot read)
  header   trace = t\\u0007
  header   none = null
`)
    expect((await dlq('show', letters, '-v')).stdout).toContain('at check (app.ts:1:1)')
    const documents = fitsSchema('dlq-show', (await dlq('show', letters, '--json', '--value-serde', 'bytes')).stdout)
    expect(documents).toMatchObject({
      letters: [
        { offset: 0, key: 'k0', error: { stacktrace: expect.stringContaining('app.ts') }, retries: 0, headers: [] },
        {
          value: '/wA=',
          source: { topic: 'orders', partition: 2, offset: 1 },
          headers: [{ value: 't\u0007' }, { name: 'none', value: null }],
        },
      ],
    })
  })

  it('chooses letters by what they say, their time and their place', async () => {
    const { letters } = await topics(2)
    await writeLetters(client, letters, [
      { node: 'a', timestamp: 1000 },
      { node: 'b', timestamp: 5000, source: 'other' },
      { node: 'a', timestamp: 3000, partition: 1, message: 'no such thing' },
    ])
    const shown = async (...args: readonly string[]): Promise<string[]> => {
      const { stdout } = await dlq('show', letters, '--all', '-o', 'jsonl', ...args)
      const lines = stdout.split('\n').filter((line) => line !== '')
      return lines.map((line) => (JSON.parse(line) as { key: string }).key).toSorted()
    }
    expect(await shown('--node', 'a')).toEqual(['k0', 'k2'])
    expect(await shown('--source', 'other')).toEqual(['k1'])
    expect(await shown('--message', 'such')).toEqual(['k2'])
    expect(await shown('--since', '1970-01-01T00:00:03Z')).toEqual(['k1', 'k2'])
    expect(await shown('--partition', '0', '--offset', '1')).toEqual(['k1'])
    expect(await shown('--code', 'production_failed')).toEqual([])
    expect((await dlq('show', letters, '--node', 'c')).stdout).toBe('no letters that are meant\n')
  })
})

describe('millrace dlq retry', () => {
  it('sends records as they were to the partition that they are from, each once', async () => {
    const { letters, orders } = await topics(2)
    await writeLetters(client, letters, [
      { source: orders, sourcePartition: 2, headers: [text('trace', 'a'), text('trace', 'b')] },
      { source: orders, sourcePartition: 1, value: null, partition: 1 },
    ])
    const sent = await dlq('retry', letters, '--yes', '-o', 'json')
    expect(fitsSchema('dlq-retry', sent.stdout)).toMatchObject({ dryRun: false, letters: 2, stay: {} })
    expect(sent.stderr).toMatch(/LETTERS +FROM +TO\n +2 +letters-\d+ +orders-\d+/)
    const expected = ['1 k1=null@1001 __millrace.retries=1', '2 k0=v0@1000 trace=a trace=b __millrace.retries=1']
    expect(await records(orders)).toEqual(expected)
    const again = await dlq('retry', letters, '--yes')
    expect(again).toMatchObject({ code: 0, stdout: 'sent 0 letters\n' })
    expect(again.stderr).toContain('what was sent before is not sent again')
    expect(await records(orders)).toEqual(expected)
    await writeLetters(client, letters, [{ source: orders, key: 'new' }])
    expect((await dlq('retry', letters, '--yes')).stdout).toBe('sent 1 letter\n')
  })

  it('changes nothing before it is confirmed, nor with --dry-run', async () => {
    const { letters, orders } = await topics()
    await writeLetters(client, letters, [{ source: orders }])
    const unasked = await dlq('retry', letters)
    expect(unasked).toMatchObject({ code: 4, stdout: '' })
    expect(unasked.stderr).toContain('1 letter will be sent again: give --yes to confirm that')
    const dry = await dlq('retry', letters, '--dry-run', '--json')
    expect(fitsSchema('dlq-retry', dry.stdout)).toMatchObject({ dryRun: true, letters: 1 })
    expect(await records(orders)).toEqual([])
    expect(await client.admin.groups.offsets(`millrace-dlq-${letters}`)).toEqual(new Map())
  })

  it('lets those that were not selected be sent later', async () => {
    const { letters, orders } = await topics()
    const nodes = ['a', 'b', 'a', 'b', 'a']
    await writeLetters(client, letters, nodes.map((node) => ({ source: orders, node }))) // prettier-ignore
    expect((await dlq('retry', letters, '--yes', '--node', 'b')).stdout).toBe('sent 2 letters\n')
    expect((await dlq('retry', letters, '--yes', '--max', '1')).stdout).toBe('sent 1 letter\n')
    expect((await dlq('retry', letters, '--yes')).stdout).toBe('sent 2 letters\n')
    const keys = (await records(orders)).map((record) => record.slice(2, 4))
    expect(keys).toEqual(['k1', 'k3', 'k0', 'k2', 'k4'])
  })

  it('forgets what was sent where that is asked for: one letter, or all', async () => {
    const { letters, orders } = await topics()
    await writeLetters(client, letters, [{ source: orders }, { source: orders }, { source: orders }])
    await dlq('retry', letters, '--yes')
    const one = await dlq('retry', letters, '--yes', '--again', '--partition', '0', '--offset', '1')
    expect(one.stdout).toBe('sent 1 letter\n')
    expect((await dlq('retry', letters, '--yes')).stdout).toBe('sent 0 letters\n')
    expect((await dlq('retry', letters, '--yes', '--again')).stdout).toBe('sent 3 letters\n')
    const keys = (await records(orders)).map((record) => record.slice(2, 4))
    expect(keys).toEqual(['k0', 'k1', 'k2', 'k1', 'k0', 'k1', 'k2'])
  })

  it('leaves letters that it cannot send, says why, and goes on with the others', async () => {
    const { letters, orders } = await topics()
    await writeLetters(client, letters, [
      { source: null },
      { source: '__consumer_offsets' },
      { source: '../../x' },
      { source: `${orders}-gone` },
      { source: orders, headers: [text('__millrace.retries', '3')] },
      { source: orders, headers: [text('__millrace.retries', '2')] },
      { source: orders, sourcePartition: 17, key: 'abc' },
    ])
    const found = await dlq('retry', letters, '--yes', '--json')
    expect(found.code).toBe(7)
    expect(fitsSchema('dlq-retry', found.stdout)).toMatchObject({
      letters: 2,
      stay: { noSource: 1, noTopic: 3, tooOften: 1 },
    })
    expect(found.stderr).toContain('MILLRACE_PARTIAL')
    expect(await records(orders)).toEqual(expect.arrayContaining([expect.stringContaining('__millrace.retries=3')]))
    expect((await client.describeTopics([`${orders}-gone`])).size).toBe(0)
    await kafka.createTopic(`${orders}-gone`, { partitions: 1 })
    expect((await dlq('retry', letters, '--yes', '--source', `${orders}-gone`)).stdout).toBe('sent 1 letter\n')
  })

  it('leaves letters that come after the plan, also those of topics that it has not named, to the next call', async () => {
    const { letters, orders } = await topics()
    const { orders: others } = await topics()
    await writeLetters(client, letters, [{ source: orders }])
    const where = ({ clientId }: { readonly clientId: string }): boolean => clientId.startsWith('millrace-dlq')
    const begin = kafka['~kafka'].controls.hold('request', { api: 'InitProducerId', where })
    const found = dlq('retry', letters, '--yes', '--json')
    await begin.arrived
    await writeLetters(client, letters, [{ source: orders }, { source: others, key: 'late' }])
    begin.release()
    const { code, stdout } = await found
    expect({ code, document: fitsSchema('dlq-retry', stdout) }).toMatchObject({ code: 0, document: { letters: 1 } })
    expect(await dlq('retry', letters, '--yes')).toMatchObject({ code: 0, stdout: 'sent 2 letters\n' })
    expect(await records(others)).toEqual([expect.stringContaining('late=')])
  })

  it('sends to another topic where its key says, if that is wanted', async () => {
    const { letters, orders } = await topics()
    await writeLetters(client, letters, [{ source: null, key: 'abc', sourcePartition: 9 }])
    expect(await dlq('retry', letters, '--yes', '--to', orders)).toMatchObject({ code: 0, stdout: 'sent 1 letter\n' })
    expect(await records(orders)).toEqual([expect.stringMatching(/^[012] abc=v0@1000 __millrace\.retries=1$/)])
  })

  it('sends what an application gave up, and lets a record that fails again and again stay in the end', async () => {
    for (const topic of ['payments', 'ledger']) await kafka.createTopic(topic, { partitions: 1 })
    const applicationId = 'payment-ledger-retried'
    await using app = new KafkaStreams(ledger.build(ledger.config), { ...ledger.config, applicationId, kafka })
    await app.start()
    const producer = client.producer({ lingerMs: 0 })
    await producer.init()
    producer.append('payments', 0, Buffer.from('p1'), Buffer.from('{"amount":1,"currency":"DOGE"}'), 1000, [])
    await producer.flush()
    await producer.close()
    for (let attempt = 1; attempt <= 3; attempt++) {
      await committedToEnd(client, applicationId, partitionsOf('payments', 1))
      expect(await dlq('retry', 'topologies/dead-letters/topology.ts', '--yes')).toMatchObject({
        code: 0,
        stdout: 'sent 1 letter\n',
      })
    }
    await committedToEnd(client, applicationId, partitionsOf('payments', 1))
    const last = await dlq('retry', 'topologies/dead-letters/topology.ts', '--yes', '--json')
    expect(last.code).toBe(7)
    expect(fitsSchema('dlq-retry', last.stdout)).toMatchObject({ letters: 0, stay: { tooOften: 1 } })
    const listed = fitsSchema('dlq-ls', (await dlq('ls', 'payments-dead-letters', '--json')).stdout)
    expect(listed).toMatchObject({
      groups: [
        { exception: 'UnknownCurrency', node: 'to-euro-cents', sourceTopic: 'payments', letters: 4, retried: 3 },
      ],
    })
    expect((await records('payments')).map((record) => record.split(' ').slice(2))).toEqual([
      [],
      ['__millrace.retries=1'],
      ['__millrace.retries=2'],
      ['__millrace.retries=3'],
    ])
  })

  it('goes on where it was, without a letter twice or none, when it is killed in the middle', async () => {
    const { letters, orders } = await topics(2)
    const count = 6000
    const given = Array.from({ length: count }, (_, i) => ({
      source: orders,
      sourcePartition: i % 3,
      partition: i % 2,
    }))
    await writeLetters(client, letters, given)
    const args = ['dlq', 'retry', letters, '--yes', '--brokers', kafka.brokers.join(',')]
    await using child = Child.millrace(args)
    await untilAny(client, orders)
    child.kill('SIGKILL')
    const { signal } = await child.finished
    expect(signal).toBe('SIGKILL')
    const { code, stdout } = await dlq('retry', letters, '--yes')
    expect(code).toBe(0)
    expect(Number(/\d+/.exec(stdout.replaceAll(',', ''))?.[0])).toBeLessThan(count)
    const keys = (await records(orders)).map((record) => /k\d+/.exec(record)?.[0])
    expect(keys).toHaveLength(count)
    expect(new Set(keys).size).toBe(count)
  })

  it('keeps what it has sent when there are too many gaps to go on', async () => {
    const { letters, orders } = await topics()
    const alternating = Array.from({ length: 4100 }, (_, index) => ({ source: orders, node: index % 2 ? 'a' : 'b' }))
    await writeLetters(client, letters, alternating)
    const { code, stderr } = await dlq('retry', letters, '--node', 'a', '--yes')
    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('too many places') })
    const sent = (await records(orders)).length
    // Two characters for each gap, and 4000 of them.
    expect(sent).toBeGreaterThan(1900)
    expect(stderr).toContain(`${sent.toLocaleString('en')} letters sent before this`)
    const again = await dlq('retry', letters, '--yes')
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 })
    expect(await records(orders)).toHaveLength(alternating.length)
  })

  it('ends at once when it is interrupted, with exit code 130 and what was committed', async () => {
    const { letters, orders } = await topics()
    const count = 20_000
    await writeLetters(client, letters, Array.from({ length: count }, () => ({ source: orders }))) // prettier-ignore
    await using child = Child.millrace(['dlq', 'retry', letters, '--yes', '--brokers', kafka.brokers.join(',')])
    await untilAny(client, orders)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await child.finished
    expect(stderr).toContain('millrace: interrupted')
    expect(code).toBe(130)
    const [first] = /[\d,]+/.exec(stdout) ?? []
    const sent = Number(first?.replaceAll(',', ''))
    expect(sent).toBeLessThan(count)
    expect(await records(orders)).toHaveLength(sent)
  })
})

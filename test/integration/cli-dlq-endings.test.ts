/** How `millrace dlq retry` ends where it cannot go on: with Ctrl-C, without an answer, with letters that nobody takes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BrokerControls } from '../../src/kafka/broker/broker-controls.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import type { FetchRequest } from '../../src/kafka/protocol/messages/fetch.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { fitsSchema } from '../support/cli-schema.ts'
import { eventually } from '../support/client-bed.ts'
import { recordsOf, writeLetters } from '../support/dead-letters.ts'

let kafka: EmbeddedKafka
let controls: BrokerControls
let client: KafkaClient

beforeAll(async () => {
  kafka = await EmbeddedKafka.start({ listen: true })
  controls = kafka['~kafka'].controls
  client = connectKafka({ kafka, applicationId: 'test' })
  await client.connect()
})

afterAll(async () => {
  await client?.close()
  await kafka?.close()
})

function start(...args: readonly string[]): Child {
  return Child.millrace(['dlq', 'retry', ...args, '--yes', '--brokers', kafka.brokers.join(',')])
}

async function retry(...args: readonly string[]): Promise<Finished> {
  await using child = start(...args)
  return await child.finished
}

let names = 0
async function topics(
  config: Readonly<Record<string, string>> = {},
): Promise<{ readonly letters: string; readonly orders: string }> {
  const [letters, orders] = [`letters-${++names}`, `orders-${names}`]
  await kafka.createTopic(letters, { partitions: 2 })
  await kafka.createTopic(orders, { partitions: 1, config })
  return { letters, orders }
}

const keysOf = (records: readonly string[]): string[] => records.map((record) => record.slice(2, record.indexOf('=')))

/** Requests of commands after they have begun to send; of fetches the second one and those behind it. */
function onceItSends(api: 'Fetch' | 'TxnOffsetCommit' | 'EndTxn', phase: 'request' | 'answer' = 'request') {
  let isSending = false
  const seen = controls.observe(({ api: called }) => void (isSending ||= called === 'InitProducerId'))
  const held = controls.hold(phase, {
    api,
    times: Infinity,
    where: ({ clientId, body }) =>
      isSending && clientId.startsWith('millrace-dlq') && (api !== 'Fetch' || isBehindStart(body as FetchRequest)),
  })
  return {
    held,
    [Symbol.dispose]: () => {
      seen()
      held.release()
    },
  }
}

function isBehindStart({ topics: asked }: FetchRequest): boolean {
  return asked.some(({ partitions }) => partitions.some(({ fetchOffset }) => fetchOffset > 0))
}

/** More than one answer to a fetch can have, and less than a transaction. */
const large = Buffer.alloc(400_000, 'x')
const several = (source: string, length = 8) => Array.from({ length }, () => ({ source, value: large }))

describe('the first Ctrl-C', () => {
  it('waits for no letter, takes back what is not committed, and says how far it came', async () => {
    const { letters, orders } = await topics()
    await writeLetters(client, letters, several(orders))
    {
      using _ = onceItSends('Fetch')
      await using child = start(letters, '-o', 'json')
      await eventually(() => controls.log(orders, 0).endOffset > 0)
      child.kill('SIGINT')
      const { code, stdout, stderr } = await child.finished
      expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining('millrace: interrupted') })
      expect(stderr).toContain('millrace: 0 letters sent before this; call it again to go on with the others')
      expect(fitsSchema('dlq-retry', stdout)).toMatchObject({ dryRun: false, letters: 0 })
      expect(controls.openTransactions()).not.toContain(`millrace-dlq-${letters}`)
    }
    expect(await recordsOf(client, orders)).toEqual([])
    expect(await retry(letters)).toMatchObject({ code: 0, stdout: 'sent 8 letters\n' })
    expect(keysOf(await recordsOf(client, orders))).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7'])
  })

  it('says what is not known of a commit that is not answered, and nothing is sent twice', async () => {
    const { letters, orders } = await topics()
    await writeLetters(client, letters, [{ source: orders }, { source: orders }])
    {
      using commit = onceItSends('EndTxn', 'answer')
      await using child = start(letters, '-o', 'json')
      await commit.held.arrived
      child.kill('SIGINT')
      const { code, stdout, stderr } = await child.finished
      expect({ code, stderr }).toEqual({
        code: 130,
        stderr: expect.stringContaining('whether 2 letters more were sent'),
      })
      expect(fitsSchema('dlq-retry', stdout)).toMatchObject({ letters: 0, inDoubt: 2 })
    }
    expect(await retry(letters)).toMatchObject({ code: 0, stdout: 'sent 0 letters\n' })
    expect(keysOf(await recordsOf(client, orders))).toEqual(['k0', 'k1'])
  })

  it('is followed by a second one that waits for nothing', async () => {
    const { letters, orders } = await topics()
    await writeLetters(client, letters, [{ source: orders }])
    using commit = onceItSends('EndTxn')
    await using child = start(letters)
    await commit.held.arrived
    child.kill('SIGINT')
    await child.prints('millrace: interrupted')
    let hasEnded = false
    void child.finished.then(() => (hasEnded = true))
    await eventually(() => {
      child.kill('SIGINT')
      return hasEnded
    })
    const { code, stdout, stderr } = await child.finished
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
    expect(stderr).not.toContain('sent before this')
  })
})

describe('--timeout', () => {
  it('ends what Kafka does not answer, with exit code 6, and takes back what is open', async () => {
    const { letters, orders } = await topics()
    await writeLetters(client, letters, several(orders))
    {
      using _ = onceItSends('Fetch')
      const { code, stdout, stderr } = await retry(letters, '--timeout', '2s', '-o', 'json')
      expect({ code, stdout }).toEqual({ code: 6, stdout: '' })
      expect(stderr).toContain('millrace: 0 letters sent before this; call it again')
      const last = stderr.trimEnd().split('\n').at(-1) ?? ''
      expect(fitsSchema('error', last)).toMatchObject({ error: { code: 'MILLRACE_COMMAND_TIMEOUT' } })
      expect(last).toContain('Kafka has not answered for 2000 ms')
      expect(controls.openTransactions()).not.toContain(`millrace-dlq-${letters}`)
    }
    expect(await retry(letters)).toMatchObject({ code: 0, stdout: 'sent 8 letters\n' })
  })
})

describe('--timeout, where letters keep coming', () => {
  it.each([
    ['ls', []],
    ['show', ['--all', '-o', 'jsonl']],
    ['retry', ['--yes']],
  ] as const)('is no limit to all of dlq %s', async (command, more) => {
    const { letters, orders } = await topics()
    await writeLetters(client, letters, several(orders, 12))
    const delay = controls.delay('answer', { api: 'Fetch', times: Infinity }, 700)
    const beganMs = performance.now()
    const args = ['dlq', command, letters, '--timeout', '3s', ...more, '--brokers', kafka.brokers.join(',')]
    await using child = Child.millrace(args)
    const { code, stderr } = await child.finished
    delay.remove()
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(performance.now() - beganMs).toBeGreaterThan(3200)
  })
})

describe('letters that cannot be sent', () => {
  it('are named with size and limit where they are too large for the topic, and the others go on', async () => {
    const { letters, orders } = await topics({ 'max.message.bytes': '2000' })
    await writeLetters(client, letters, [
      { source: orders },
      { source: orders, value: Buffer.alloc(3000) },
      { source: orders },
    ])
    const { code, stdout, stderr } = await retry(letters)
    expect({ code, stdout }).toEqual({ code: 7, stdout: 'sent 2 letters\n' })
    expect(stderr).toMatch(
      new RegExp(
        `${letters}-0@1 stays: its record has 3,\\d{3} bytes, and '${orders}' admits 2,000 \\(max\\.message\\.bytes\\)`,
      ),
    )
    expect(stderr).toContain('2 letters sent, but 1 letter stays: larger than the topic admits')
    expect(keysOf(await recordsOf(client, orders))).toEqual(['k0', 'k2'])
  })

  it('are found and named where only the broker knows that it refuses them', async () => {
    const { letters, orders } = await topics({ 'max.message.bytes': '2000', 'cleanup.policy': 'compact' })
    const tooLarge = [7, 8, 40]
    const withoutKey = [9, 59]
    const given = Array.from({ length: 60 }, (_, index) => ({
      source: orders,
      partition: index % 2,
      ...(tooLarge.includes(index) && { value: Buffer.alloc(3000) }),
      ...(withoutKey.includes(index) && { key: null }),
    }))
    await writeLetters(client, letters, given)
    // As where the principal may not read the topic's configuration.
    const unread = controls.alterAnswer({ api: 'DescribeConfigs', times: Infinity }, () => ({ results: [] }))
    const expected = [
      ...tooLarge.map((index) => ({ partition: index % 2, offset: index >> 1, reason: 'tooLarge' })),
      ...withoutKey.map((index) => ({ partition: index % 2, offset: index >> 1, reason: 'refused' })),
    ]
    for (const sent of [55, 0]) {
      const { code, stdout, stderr } = await retry(letters, '-o', 'json')
      expect({ code, stderr }).toMatchObject({ code: 7 })
      const document = fitsSchema('dlq-retry', stdout)
      expect(document).toMatchObject({ letters: sent, stay: { tooLarge: 3, refused: 2 } })
      const { unsendable } = document as { unsendable: readonly unknown[] }
      expect(unsendable).toHaveLength(5)
      expect(unsendable).toEqual(
        expect.arrayContaining(expected.map((one) => expect.objectContaining({ topic: letters, ...one }))),
      )
      expect(stderr).toContain(`${letters}-1@4 stays: `)
      expect(stderr).toMatch(/MESSAGE_TOO_LARGE.*Raise max\.message\.bytes/)
      expect(stderr).toMatch(/admits no record without a key/)
    }
    unread.remove()
    const keys = keysOf(await recordsOf(client, orders))
    const wanted = given.flatMap((_, index) =>
      tooLarge.includes(index) || withoutKey.includes(index) ? [] : [`k${index}`],
    )
    expect(keys.toSorted()).toEqual(wanted.toSorted())
    // In order within each partition of the dead-letter topic.
    for (const partition of [0, 1]) {
      const isOf = (key: string): boolean => Number(key.slice(1)) % 2 === partition
      expect(keys.filter(isOf)).toEqual(wanted.filter(isOf))
    }
    await client.admin.alterTopicConfigs(new Map([[orders, { 'max.message.bytes': '100000' }]]))
    const later = await retry(letters, '-o', 'json')
    expect(fitsSchema('dlq-retry', later.stdout)).toMatchObject({ letters: 3, stay: { refused: 2 } })
    expect(keysOf(await recordsOf(client, orders))).toHaveLength(58)
  })

  it('end it where there are a hundred in a row, after those before them', async () => {
    const { letters, orders } = await topics({ 'cleanup.policy': 'compact' })
    const given = Array.from({ length: 140 }, (_, index) => ({ source: orders, ...(index > 9 && { key: null }) }))
    await writeLetters(client, letters, [...given, { source: orders, node: 'other' }])
    const { code, stdout, stderr } = await retry(letters)
    expect({ code, stdout }).toEqual({ code: 7, stdout: '' })
    expect(stderr).toContain('millrace: 10 letters sent before this')
    expect(stderr).toContain(`100 letters in a row were refused, the last one ${letters}-0@109: `)
    // What its message says.
    expect(await retry(letters, '--node', 'other')).toMatchObject({ code: 0, stdout: 'sent 1 letter\n' })
    expect(await recordsOf(client, orders)).toHaveLength(11)
  })
})

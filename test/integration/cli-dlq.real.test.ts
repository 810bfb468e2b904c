/** `millrace dlq` on Apache Kafka: offsets with their notes in the transaction that sends, without a member of the group. */
import { describe, expect, it } from 'vitest'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { fitsSchema } from '../support/cli-schema.ts'
import { recordsOf, untilAny, writeLetters } from '../support/dead-letters.ts'
import { useRealCluster } from '../support/real-cluster.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'

const lacks = await whatRealKafkaLacks()

describe.skipIf(lacks !== undefined)('on Apache Kafka', () => {
  const cluster = useRealCluster()

  async function millrace(...args: readonly string[]): Promise<Finished> {
    await using child = Child.millrace([...args, '--brokers', cluster().brokers])
    return await child.finished
  }

  it('letters are sent again, each once, whatever was selected before', async () => {
    await cluster().kafka.createTopic('letters', { partitions: 2 })
    await cluster().kafka.createTopic('orders', { partitions: 3 })
    const count = 2500
    const given = Array.from({ length: count }, (_, index) => ({
      source: 'orders',
      sourcePartition: index % 3,
      partition: index % 2,
      node: `node-${index % 5}`,
    }))
    await writeLetters(cluster().client, 'letters', given)
    const retry = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await millrace('dlq', 'retry', 'letters', '--yes', ...args)
      expect({ code, stderr }).toMatchObject({ code: 0 })
      return stdout
    }
    expect(await retry('--node', 'node-1')).toBe('sent 500 letters\n')
    expect(await retry('--max', '700')).toBe('sent 700 letters\n')
    expect(await retry()).toBe('sent 1,300 letters\n')
    expect(await retry()).toBe('sent 0 letters\n')
    const { stdout } = await millrace('tail', 'orders', '--from-beginning', '--until-end')
    const values = stdout.trimEnd().split('\n')
    expect(values).toHaveLength(count)
    expect(new Set(values).size).toBe(count)
    expect((await millrace('dlq', 'ls', 'letters')).stdout).toContain(
      'letters: 2,500 letters, 2,500 of them sent again',
    )
  })

  it('letters that a broker refuses stay and are named, the others are sent once and in order', async () => {
    await cluster().kafka.createTopic('refused-letters', { partitions: 2 })
    await cluster().kafka.createTopic('compacted', {
      partitions: 1,
      config: {
        'cleanup.policy': 'compact',
        'max.message.bytes': '20000',
        'message.timestamp.before.max.ms': '3600000',
      },
    })
    const nowMs = Date.now()
    const bad = new Map([
      [3, { key: null }],
      [4, { value: Buffer.alloc(30_000) }],
      [150, { timestamp: nowMs - 86_400_000 }],
      [299, { key: null }],
    ])
    const given = Array.from({ length: 300 }, (_, index) => ({
      source: 'compacted',
      partition: index % 2,
      timestamp: nowMs,
      ...bad.get(index),
    }))
    await writeLetters(cluster().client, 'refused-letters', given)
    for (const sent of [296, 0]) {
      const { code, stdout, stderr } = await millrace('dlq', 'retry', 'refused-letters', '--yes', '-o', 'json')
      expect({ code, stderr }).toMatchObject({ code: 7 })
      const document = fitsSchema('dlq-retry', stdout) as {
        unsendable: readonly { partition: number; offset: number }[]
      }
      expect(document).toMatchObject({ letters: sent, stay: { tooLarge: 1, refused: 3 } })
      const found = document.unsendable.map(({ partition, offset }) => offset * 2 + partition)
      expect(found.toSorted((a, b) => a - b)).toEqual([...bad.keys()])
    }
    const keys = (await recordsOf(cluster().client, 'compacted')).map((record) => /k\d+/.exec(record)?.[0] ?? '')
    const wanted = given.flatMap((_, index) => (bad.has(index) ? [] : [`k${index}`]))
    expect(keys.toSorted()).toEqual(wanted.toSorted())
    for (const partition of [0, 1]) {
      const isOf = (key: string): boolean => Number(key.slice(1)) % 2 === partition
      expect(keys.filter(isOf)).toEqual(wanted.filter(isOf))
    }
  })

  it('Ctrl-C takes back what is open, and the next call sends each once', async () => {
    await cluster().kafka.createTopic('interrupted-letters', { partitions: 2 })
    await cluster().kafka.createTopic('interrupted', { partitions: 2 })
    const count = 20_000
    const given = Array.from({ length: count }, (_, index) => ({
      source: 'interrupted',
      sourcePartition: index % 2,
      partition: index % 2,
    }))
    await writeLetters(cluster().client, 'interrupted-letters', given)
    const args = ['dlq', 'retry', 'interrupted-letters', '--yes', '--brokers', cluster().brokers]
    await using child = Child.millrace(args)
    await untilAny(cluster().client, 'interrupted')
    child.kill('SIGINT')
    const first = await child.finished
    expect(first).toMatchObject({ code: 130, stderr: expect.stringContaining('millrace: interrupted') })
    expect(await cluster().client.admin.transactions.list()).not.toContainEqual(
      expect.objectContaining({ transactionalId: 'millrace-dlq-interrupted-letters', state: 'Ongoing' }),
    )
    const second = await millrace('dlq', 'retry', 'interrupted-letters', '--yes')
    const sentBy = ({ stdout }: Finished): number => Number(/\d+/.exec(stdout.replaceAll(',', ''))?.[0])
    expect(sentBy(first)).toBeLessThan(count)
    expect(sentBy(first) + sentBy(second)).toBe(count)
    const keys = (await recordsOf(cluster().client, 'interrupted')).map((record) => /k\d+/.exec(record)?.[0])
    expect(keys).toHaveLength(count)
    expect(new Set(keys).size).toBe(count)
  })
})

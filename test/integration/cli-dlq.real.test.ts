/** `millrace dlq` on Apache Kafka: offsets with their notes in the transaction that sends, without a member of the group. */
import { describe, expect, it } from 'vitest'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { writeLetters } from '../support/dead-letters.ts'
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
})

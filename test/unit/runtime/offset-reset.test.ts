import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/common/clock.ts'
import { topicPartitionKey } from '../../../src/common/topic-partition.ts'
import type { TopicPartitionKey } from '../../../src/common/topic-partition.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { resetOffsets } from '../../../src/runtime/offset-reset.ts'
import { completeConfig } from '../../../src/runtime/streams-config.ts'
import { TopicNames } from '../../../src/runtime/topology-plan.ts'
import { FakeKafka } from '../../support/fake-kafka.ts'

const kafka = new FakeKafka()
const repartition = topicPartitionKey('app-r-repartition', 0)
for (const key of ['plain-0', 'logs-0', 'catalogs-0', repartition] as const) {
  kafka.starts.set(key, 10)
  kafka.ends.set(key, 90)
}

function reset(
  offsetReset: 'earliest' | 'latest' | 'none',
  partitions: readonly TopicPartitionKey[],
): Promise<Map<TopicPartitionKey, number>> {
  const builder = new StreamsBuilder()
  builder.stream(/logs/, { offsetReset: 'latest' }).forEach(() => undefined)
  builder
    .stream(['plain', 'catalogs'])
    .repartition({ name: 'r' })
    .forEach(() => undefined)
  const topology = builder.build().compile()
  const names = new TopicNames(topology, 'app')
  const config = completeConfig({ applicationId: 'app', kafka: { brokers: ['none:1'] }, offsetReset }, '/tmp')
  return resetOffsets({ client: kafka.client, topology, names, config, clock: systemClock }, partitions)
}

describe('resetOffsets', () => {
  it('asks nothing for nothing', async () => {
    expect(await reset('none', [])).toEqual(new Map())
  })

  it("takes the source's policy, else the application's; a pattern names whole topics", async () => {
    expect(await reset('earliest', ['plain-0', 'logs-0', 'catalogs-0'])).toEqual(
      new Map([
        ['plain-0', 10],
        ['logs-0', 90],
        ['catalogs-0', 10],
      ]),
    )
  })

  it('reads repartition topics from their start, whatever the policy is', async () => {
    expect(await reset('latest', [repartition])).toEqual(new Map([[repartition, 10]]))
  })

  it('names the partition where the policy is none', async () => {
    await expect(reset('none', ['plain-0'])).rejects.toMatchObject({
      code: 'MILLRACE_OFFSET_RESET_NONE',
      topic: 'plain',
      partition: 0,
    })
  })
})

/**
 * Three instances of the image behind Kafka, all in containers, under load: one is killed and replaced on its volume, one
 * is rolled; the counts in read_committed order are exact and never fall or repeat.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { readCounts, WordLoad } from '../support/word-count-load.ts'
import type { Container } from './docker.ts'
import { ContainerBed, whatContainersLack } from './docker.ts'
import { makeTopics, startKafkaContainer } from './kafka-container.ts'
import { input, output, repartition, running, startWordCount } from './word-count-app.ts'
import { buildWordCountImage } from './word-count-image.ts'

const partitions = 6
const lacks = await whatContainersLack()
if (lacks !== undefined) console.log(lacks)

/** As pods of a StatefulSet are, whose names stay. */
const memberships = [
  { members: 'dynamic members', instanceIds: ['', '', ''] },
  { members: 'static members', instanceIds: ['word-count-0', 'word-count-1', 'word-count-2'] },
] as const

describe.skipIf(lacks !== undefined).for(memberships)('three replicas behind Kafka, $members', ({ instanceIds }) => {
  let bed: ContainerBed
  let client: KafkaClient

  beforeAll(async () => {
    await buildWordCountImage()
    bed = await ContainerBed.open()
    client = (await startKafkaContainer(bed)).client
    await makeTopics(client, [input, output], partitions)
  }, 900_000)

  afterAll(async () => {
    await client?.close()
    await bed?.close()
  })

  const startOn = async (volume: string, instanceId: string): Promise<Container> => {
    const container = await startWordCount(bed, volume, { env: { MILLRACE_INSTANCE_ID: instanceId } })
    await container.prints(running)
    return container
  }

  const allCounted = async (): Promise<void> => {
    for (const topic of [input, repartition]) {
      await committedToEnd(client, 'word-count', partitionsOf(topic, partitions))
    }
  }

  it('count exactly once while one is killed and replaced, and one is rolled', { timeout: 300_000 }, async () => {
    const [first, second, third] = await Promise.all([bed.volume(), bed.volume(), bed.volume()])
    const [steady, killed, rolled] = await Promise.all([
      startOn(first, instanceIds[0]),
      startOn(second, instanceIds[1]),
      startOn(third, instanceIds[2]),
    ])
    const load = new WordLoad(11, 5000)
    await load.produce(client, input, partitions, 5000)

    await allCounted()
    const before = steady.output

    let producing = load.produce(client, input, partitions, 20_000)
    await killed.kill('SIGKILL')
    expect(await killed.exitCode()).toBe(137)
    const replacement = await startOn(second, instanceIds[1])
    await producing

    producing = load.produce(client, input, partitions, 20_000)
    expect(await rolled.stop()).toBe(0)
    expect(rolled.output).toContain('-> NOT_RUNNING')
    const successor = await startOn(third, instanceIds[2])
    await producing

    await load.produce(client, input, partitions, 5000)
    await allCounted()
    const { counts, regressions } = await readCounts(client, output, partitions)
    expect(regressions).toEqual([])
    expect(counts).toEqual(load.expected)
    // Static members have their tasks back without anybody else's noticing.
    if (instanceIds[0] !== '') expect(steady.output).toBe(before)
    for (const container of [steady, replacement, successor]) expect(await container.stop()).toBe(0)
  })
})

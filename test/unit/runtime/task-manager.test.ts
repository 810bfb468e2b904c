import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/common/logger.ts'
import { MetricsRegistry } from '../../../src/common/metrics.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { KafkaError } from '../../../src/errors/kafka-error.ts'
import type { Producer } from '../../../src/kafka/client/kafka-client.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { ChangelogReader } from '../../../src/runtime/changelog-reader.ts'
import type { ManagedTask } from '../../../src/runtime/managed-task.ts'
import { RecordCollector } from '../../../src/runtime/record-collector.ts'
import { completeConfig } from '../../../src/runtime/streams-config.ts'
import { TaskEngines } from '../../../src/runtime/task-engines.ts'
import { TaskManager } from '../../../src/runtime/task-manager.ts'
import { TopicNames } from '../../../src/runtime/topology-plan.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { FakeKafka, recordSet } from '../../support/fake-kafka.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'

interface Bed {
  readonly kafka: FakeKafka
  readonly tasks: TaskManager
  readonly clock: ManualClock
  /** Until the tasks that can run do. */
  readonly activate: () => Promise<void>
}

/** One task, 0_0: `in` to `out`. */
async function bed(given: Partial<StreamsConfig> = {}): Promise<Bed> {
  const kafka = new FakeKafka()
  kafka.topics.set('in', 1).set('out', 1)
  const builder = new StreamsBuilder()
  const options = { key: serdes.string, value: serdes.string }
  builder.stream('in', options).to('out', options)
  const config = completeConfig({ applicationId: 'app', kafka: { brokers: ['none:1'] }, ...given }, '/tmp')
  const topology = builder.build().compile()
  const { client, fetcher } = kafka
  const logger = silentLogger
  const clock = new ManualClock()
  const reader = new ChangelogReader({
    client,
    groupId: 'app',
    clock,
    fileSystem: new MemoryFileSystem(),
    logger,
    topicId: () => undefined,
    onProgress: () => undefined,
  })
  const tasks = new TaskManager({
    client,
    fetcher,
    reader,
    collector: new RecordCollector(client, { append: () => true } as Partial<Producer> as Producer),
    engines: new TaskEngines({
      memory: new MemoryEngine(),
      persistent: new MemoryEngine(),
      directory: undefined,
      store: 'memory',
    }),
    topology,
    names: new TopicNames(topology, 'app'),
    config,
    clock,
    metrics: new MetricsRegistry(),
    logger,
  })
  await tasks.reassign(['0_0'], [{ topic: 'in', partition: 0 }])
  const activate = async (): Promise<void> => {
    // The reader has nothing to restore but must say so; then the positions are asked for, and taken.
    for (let i = 0; i < 3; i++) {
      await reader.step()
      await tasks.activate()
      await settled()
    }
  }
  return { kafka, tasks, clock, activate }
}

describe('TaskManager', () => {
  it('pauses a full partition again after a rollback has assigned it anew', async () => {
    const { kafka, tasks, activate } = await bed({ bufferedRecordsPerPartition: 5 })
    const { fetcher } = kafka
    await activate()
    for (let life = 0; life < 2; life++) {
      fetcher.arrive(recordSet('in', 0, 10))
      tasks.addFetched()
      tasks.applyBackPressure()
      expect([...fetcher.paused]).toEqual(['in-0'])
      tasks.rollback(false)
      expect(fetcher.positions.size).toBe(0)
      await activate()
      expect(fetcher.position('in-0')).toBe(0)
    }
  })

  it('resumes a partition when its queue was processed', async () => {
    const { kafka, tasks, activate } = await bed({ bufferedRecordsPerPartition: 5 })
    await activate()
    kafka.fetcher.arrive(recordSet('in', 0, 10))
    tasks.addFetched()
    tasks.applyBackPressure()
    expect(tasks.process(10)).toBe(10)
    tasks.applyBackPressure()
    expect([...kafka.fetcher.paused]).toEqual([])
  })

  it('goes back to the committed offset, and to where it began where there is none', async () => {
    const { kafka, tasks, activate } = await bed({ offsetReset: 'latest' })
    kafka.ends.set('in-0', 7)
    await activate()
    expect(kafka.fetcher.position('in-0')).toBe(7)
    kafka.ends.set('in-0', 9)
    tasks.rollback(false)
    await activate()
    expect(kafka.fetcher.position('in-0')).toBe(7)
    kafka.committed.set('in-0', { offset: 8 })
    tasks.rollback(false)
    await activate()
    expect(kafka.fetcher.position('in-0')).toBe(8)
  })

  it('does not evaluate the reset policy again for an offset that was out of range before', async () => {
    const { kafka, tasks, activate } = await bed({ offsetReset: 'latest' })
    kafka.committed.set('in-0', { offset: 3 })
    kafka.ends.set('in-0', 50)
    await activate()
    expect(await tasks.resetOutOfRange('in-0')).toBe(true)
    expect(kafka.fetcher.position('in-0')).toBe(50)
    kafka.ends.set('in-0', 60)
    tasks.rollback(false)
    await activate()
    expect(kafka.fetcher.position('in-0')).toBe(50)
    kafka.committed.set('in-0', { offset: 55 })
    tasks.rollback(false)
    await activate()
    expect(kafka.fetcher.position('in-0')).toBe(55)
  })

  it('asks again for positions that could not be had', async () => {
    const { kafka, tasks, activate } = await bed()
    kafka.fault = new KafkaError('MILLRACE_KAFKA_RETRIES_EXHAUSTED', 'no coordinator', { reaction: 'retriable' })
    await expect(activate()).rejects.toThrow('no coordinator')
    kafka.fault = undefined
    expect(tasks.isRestoring).toBe(true)
    await activate()
    expect(tasks.running.map(({ task }) => task.id)).toEqual(['0_0'])
  })

  it('forgets positions that were asked for before a task was given up', async () => {
    const { kafka, tasks, activate } = await bed()
    await tasks.activate()
    await tasks.reassign([], [])
    await activate()
    expect(kafka.fetcher.positions.size).toBe(0)
    await tasks.reassign(['0_0'], [{ topic: 'in', partition: 0 }])
    await activate()
    expect(tasks.running).toHaveLength(1)
  })

  it('opens no task on a topic that was made anew since the tasks that stay were opened on it', async () => {
    const { kafka, tasks, clock, activate } = await bed()
    const inputs = [0, 1].map((partition) => ({ topic: 'in', partition }))
    kafka.topicIds.set('in', 'a')
    await tasks.reassign([], [])
    await tasks.reassign(['0_0'], inputs)
    await activate()
    kafka.topicIds.set('in', 'b')
    const reassigned = tasks.reassign(['0_0', '0_1'], inputs)
    reassigned.catch(() => undefined)
    await settled()
    await clock.advance(1000)
    await expect(reassigned).rejects.toMatchObject({ code: 'MILLRACE_TOPIC_RECREATED', topic: 'in' })
    await activate()
    expect(tasks.running.map(({ task }) => task.id)).toEqual(['0_0'])
    expect(tasks.topicId('in')).toBe('a')
  })

  it('does not hold over what others wrote what an earlier rollback has kept for the disk', async () => {
    const { tasks, activate } = await bed()
    await activate()
    const managed = tasks.all[0] as ManagedTask
    Object.assign(managed, { frozen: 'committed', isUnwritten: true })
    tasks.rollback(false)
    expect(managed).toMatchObject({ frozen: 'committed', isUnwritten: true })
    tasks.catchUp()
    expect(managed).toMatchObject({ status: 'restoring', frozen: 'none', isUnwritten: false })
    await activate()
    expect(tasks.running).toHaveLength(1)
  })

  it('names what its tasks write to', async () => {
    const { tasks } = await bed()
    expect(tasks.outputTopics).toEqual(['out'])
    await tasks.reassign([], [])
    expect(tasks.outputTopics).toEqual([])
  })
})

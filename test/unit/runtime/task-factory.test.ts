import { expect, it } from 'vitest'
import { silentLogger } from '../../../src/common/logger.ts'
import { MetricsRegistry } from '../../../src/common/metrics.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { Producer } from '../../../src/kafka/client/kafka-client.ts'
import { RecordCollector } from '../../../src/runtime/record-collector.ts'
import { completeConfig } from '../../../src/runtime/streams-config.ts'
import { TaskEngines } from '../../../src/runtime/task-engines.ts'
import { TaskFactory } from '../../../src/runtime/task-factory.ts'
import { TopicNames } from '../../../src/runtime/topology-plan.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyMarker } from '../../../src/state/state-engine.ts'
import type { StateEngine } from '../../../src/state/state-engine.ts'
import { FakeKafka } from '../../support/fake-kafka.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** Opens the task of a count into the store `counts2`, from a state that has entries in these stores. */
async function warningsAfter(...stores: readonly string[]): Promise<{ store: unknown; message: string }[]> {
  const state = new MemoryEngine().openNow('0_0')
  const layouts = Object.fromEntries(['empty', ...stores].map((store) => [store, 'timestampedKeyValue']))
  const write: Parameters<typeof state.commit>[0] = {
    forEach: (visit) => stores.forEach((store) => visit(store, Buffer.from('k'), Buffer.alloc(16))),
  }
  state.commit(write, { ...emptyMarker, layouts })
  const builder = new StreamsBuilder()
  builder.stream('in', { key: serdes.string, value: serdes.string }).groupByKey().count({ store: 'counts2' })
  const topology = builder.build().compile()
  const warnings: { store: unknown; message: string }[] = []
  const persistent: StateEngine = { name: 'given', persistent: true, open: async () => state }
  const factory = new TaskFactory({
    topology,
    names: new TopicNames(topology, 'app'),
    engines: new TaskEngines({ memory: new MemoryEngine(), persistent, directory: '/state', store: 'persistent' }),
    collector: new RecordCollector(new FakeKafka().client, {} as Producer),
    config: completeConfig({ applicationId: 'app', kafka: { brokers: ['none:1'] } }, '/tmp'),
    clock: new ManualClock(),
    metrics: new MetricsRegistry(),
    logger: {
      ...silentLogger,
      warn: (fields: object, message: string) => void warnings.push({ ...(fields as { store: unknown }), message }),
    },
  })
  await factory.open('0_0', [{ topic: 'in', partition: 0 }])
  return warnings
}

it('A task tells at its opening of each store with entries that the topology does not have any more', async () => {
  expect(await warningsAfter('counts2')).toEqual([])
  expect(await warningsAfter('counts', 'counts2', 'other')).toMatchObject([
    {
      taskId: '0_0',
      directory: '/state/0_0',
      store: 'counts',
      message: expect.stringContaining("store 'counts' is not"),
    },
    { taskId: '0_0', directory: '/state/0_0', store: 'other' },
  ])
})

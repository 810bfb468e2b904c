/** Processors that write where no record is processed: in `init`, in `close`; and tasks that are given inputs later. */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf, readToEnd } from '../../src/cli/topic-reader.ts'
import { systemClock } from '../../src/common/clock.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { KeyValueStore } from '../../src/processor/state-store.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'

const strings = { key: serdes.string, value: serdes.string }
const config = { heartbeatIntervalMs: 50, commitIntervalMs: 30, store: 'memory' } as const

async function valuesIn(cluster: Cluster, topic: string): Promise<string[]> {
  const values: string[] = []
  await readToEnd(cluster.client, partitionsOf(topic, 1), (_, value) => values.push(value?.toString() ?? ''))
  return values
}

/** `in` to `out`; writes to its store and to `out` when it begins or ends. */
function writing(moment: 'init' | 'close'): Topology {
  return new Topology()
    .addSource('source', 'in', strings)
    .addProcessor<string, string, string, string>(
      'writer',
      () => {
        let write = (): void => undefined
        let forward = (_value: string): void => undefined
        return {
          init(context) {
            forward = (value) => context.forward({ key: 'k', value, timestamp: 1, headers: [] })
            write = () => {
              context.getStateStore<KeyValueStore<string, string>>('notes').put('note', moment)
              forward(moment)
            }
            if (moment === 'init') write()
          },
          process({ value }) {
            forward(value)
            if (value === 'bad') throw new Error('a bad record')
          },
          close() {
            if (moment === 'close') write()
          },
        }
      },
      'source',
    )
    .addStateStore(stores.keyValue('notes', strings), 'writer')
    .addSink('sink', 'out', 'writer', strings)
}

describe('a processor', () => {
  it('that writes in init leaves no transaction open while there is no input', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    await cluster.app(writing('init'), config).start()
    while (!(await valuesIn(cluster, 'out')).includes('init')) await systemClock.yieldTurn()
    expect(await valuesIn(cluster, 'app-notes-changelog')).toEqual(['init'])
  })

  it('that writes in close adds nothing to the transaction after a rollback, in output and changelog', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    let attempts = 0
    const onProcessingError = (): 'retry' | 'skip' => (attempts++ < 2 ? 'retry' : 'skip')
    const app = cluster.app(writing('close'), { ...config, onProcessingError })
    await app.start()
    await cluster.produce('in', [
      ['k', 'good'],
      ['k', 'bad'],
    ])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await app.close()
    expect(attempts).toBe(3)
    expect(await valuesIn(cluster, 'out')).toEqual(['good', 'bad'])
    expect(await valuesIn(cluster, 'app-notes-changelog')).toEqual([])
  })
})

describe('a source with a pattern', () => {
  it('reads a topic that appears later in the tasks that there are already', async () => {
    await using cluster = await Cluster.start({ 'in-a': 1, out: 1 })
    const builder = new StreamsBuilder()
    builder.stream(/in-.*/, strings).to('out', strings)
    await cluster.app(builder.build(), config).start()
    await cluster.produce('in-a', [['k', 'a']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in-a', 1))
    await cluster.kafka.createTopic('in-b', { partitions: 1 })
    await cluster.produce('in-b', [['k', 'b']])
    // Whose coming makes the group plan again; the task stays where it is.
    await cluster.app(builder.build(), config).start()
    await committedToEnd(cluster.client, 'app', partitionsOf('in-b', 1))
    await cluster.produce('in-a', [['k', 'c']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in-a', 1))
    expect(await valuesIn(cluster, 'out')).toEqual(['a', 'b', 'c'])
  })
})

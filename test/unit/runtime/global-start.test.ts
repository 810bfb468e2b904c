import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../src/common/logger.ts'
import type { TopicPartitionKey } from '../../../src/common/topic-partition.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { whereToBegin } from '../../../src/runtime/global-start.ts'
import type { GlobalFacts } from '../../../src/runtime/global-start.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyMarker } from '../../../src/state/state-engine.ts'
import type { Marker, TaskState } from '../../../src/state/state-engine.ts'
import type { GlobalStore } from '../../../src/topology/topology-node.ts'

const nowMs = 1_000_000_000
const marker: Marker = {
  ...emptyMarker,
  changelog: { 'names-0': 5, 'names-1': 7 },
  topicIds: { names: 'id' },
  layouts: { names: 'timestampedKeyValue' },
  committedAtMs: nowMs - 1000,
}

function namesTable(): readonly GlobalStore[] {
  const builder = new StreamsBuilder()
  builder.globalTable('names', { store: 'names' })
  return builder.build().compile().globalStores
}

interface Cluster {
  readonly topicId?: string
  readonly bounds?: Readonly<Record<TopicPartitionKey, readonly [logStart: number, end: number]>>
  readonly config?: Readonly<Record<string, string>>
}

function factsOf({ topicId = 'id', bounds = { 'names-0': [0, 9], 'names-1': [2, 9] }, config }: Cluster): GlobalFacts {
  const keys = Object.keys(bounds) as TopicPartitionKey[]
  return {
    topics: new Map([['names', { name: 'names', topicId, internal: false, partitionCount: keys.length }]]),
    bounds: new Map(keys.map((key) => [key, { logStart: bounds[key]?.[0] ?? 0, end: bounds[key]?.[1] ?? 0 }])),
    configs: new Map(config === undefined ? [] : [['names', new Map(Object.entries(config))]]),
    keysOf: () => keys,
  }
}

/** With one entry in the store, and that marker. */
function stateWith(found: Marker | undefined): TaskState {
  const state = new MemoryEngine().openNow('global')
  if (found === undefined) return state
  state.commit({ forEach: (visit) => visit('names', Buffer.from('k'), Buffer.from('v')) }, found)
  return state
}

async function begin(found: Marker | undefined, cluster: Cluster = {}): Promise<[positions: object, size: number]> {
  const state = stateWith(found)
  const positions = await whereToBegin(state, namesTable(), factsOf(cluster), { nowMs, logger: silentLogger })
  return [Object.fromEntries(positions), state.keyspace('names').size]
}

const fromStart = { 'names-0': 0, 'names-1': 2 }

describe('A global store', () => {
  test('is gone on with from its marker', async () => {
    expect(await begin(marker)).toEqual([{ 'names-0': 5, 'names-1': 7 }, 1])
  })

  test('begins where its topic begins when there is nothing of it', async () => {
    expect(await begin(undefined)).toEqual([fromStart, 0])
  })

  test('reads partitions that were added from their start', async () => {
    const bounds = { 'names-0': [0, 9], 'names-1': [2, 9], 'names-2': [3, 4] } as const
    expect(await begin(marker, { bounds })).toEqual([{ 'names-0': 5, 'names-1': 7, 'names-2': 3 }, 1])
  })

  const reasons: Readonly<Record<string, readonly [found: Marker, cluster: Cluster]>> = {
    'it has another layout': [{ ...marker, layouts: { names: 'keyValue' } }, {}],
    'its topic was made anew': [marker, { topicId: 'other' }],
    'it was filled from another topic': [{ ...marker, topicIds: { others: 'id' } }, {}],
    'tombstones may be gone': [{ ...marker, committedAtMs: nowMs - 86_400_000 }, {}],
    'tombstones may be gone, by the time of the topic': [marker, { config: { 'delete.retention.ms': '900' } }],
  }

  test.each(Object.entries(reasons))(
    'is emptied, and filled from the start, because %s',
    async (_, [found, cluster]) => {
      expect(await begin(found, cluster)).toEqual([fromStart, 0])
    },
  )

  test('is emptied when its topic ends before its marker, or begins after it', async () => {
    const cut = { 'names-0': [0, 4], 'names-1': [2, 9] } as const
    expect(await begin(marker, { bounds: cut })).toEqual([fromStart, 0])
    const deleted = { 'names-0': [6, 9], 'names-1': [2, 9] } as const
    expect(await begin(marker, { bounds: deleted })).toEqual([{ 'names-0': 6, 'names-1': 2 }, 0])
  })

  test('keeps old entries of a topic that has no tombstones', async () => {
    const old = { ...marker, committedAtMs: 0 }
    expect(await begin(old, { config: { 'cleanup.policy': 'delete' } })).toEqual([{ 'names-0': 5, 'names-1': 7 }, 1])
  })

  test('that the topology does not have any more is removed', async () => {
    const state = stateWith({ ...marker, layouts: { ...marker.layouts, gone: 'keyValue' } })
    await whereToBegin(state, namesTable(), factsOf({}), { nowMs, logger: silentLogger })
    expect(state.marker?.layouts).toEqual(marker.layouts)
    expect(state.keyspace('names').size).toBe(1)
  })
})

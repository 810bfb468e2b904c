import { describe, expect, it } from 'vitest'
import { topicPartitionKey } from '../../../src/common/topic-partition.ts'
import type { OffsetAndMetadata } from '../../../src/kafka/client/kafka-client.ts'
import type { ManagedTask } from '../../../src/runtime/managed-task.ts'
import { isTooOld, requireOffsetsOf, unloggedToClear, whereToBegin } from '../../../src/runtime/restore-start.ts'
import type { ChangelogFacts } from '../../../src/runtime/restore-start.ts'
import type { StreamTask } from '../../../src/runtime/task/stream-task.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyBatch, emptyMarker } from '../../../src/state/state-engine.ts'
import type { Batch, Marker } from '../../../src/state/state-engine.ts'

const hourMs = 3_600_000
const now = 1_000 * hourMs
const changelog = { store: 'counts', layout: 'keyValue', topic: 'app-counts-changelog', partition: 0, isSource: false }
const key = topicPartitionKey('app-counts-changelog', 0)
const facts: ChangelogFacts = {
  logStart: 0,
  end: 100,
  topicId: 'id-1',
  cleanUpPolicy: 'compact',
  deleteRetentionMs: 24 * hourMs,
}

const oneEntry: Batch = { forEach: (visit) => visit('counts', Buffer.from('k'), Buffer.from('v')) }

function managed(marker: Partial<Marker> | undefined, batch: Batch = oneEntry): ManagedTask {
  const state = new MemoryEngine().openNow('0_0')
  if (marker !== undefined) state.commit(batch, { ...emptyMarker, committedAtMs: now, ...marker })
  const task: Partial<StreamTask> = { id: '0_0', partition: 0, inputPartitions: ['in-0'] }
  return { task, state, directory: '/state/app/0/0_0' } as unknown as ManagedTask
}

const at = (offset: number): Partial<Marker> => ({
  changelog: { [key]: offset },
  topicIds: { [changelog.topic]: 'id-1' },
})

describe('where a restore begins', () => {
  it('is the start of the log without state, and the marker with it', () => {
    expect(whereToBegin(managed(undefined), changelog, { ...facts, logStart: 7 }, now)).toEqual({ offset: 7 })
    expect(whereToBegin(managed(at(60)), changelog, facts, now)).toEqual({ offset: 60 })
    expect(whereToBegin(managed(at(100)), changelog, facts, now)).toEqual({ offset: 100 })
  })

  it('is the start of the log, with an empty store, where nothing says up to where the entries are complete', () => {
    const start = whereToBegin(managed({ changelog: {} }), changelog, facts, now)
    expect(start).toEqual({ offset: 0, rebuild: expect.stringContaining('complete') })
    expect(whereToBegin(managed({ changelog: {} }, emptyBatch), changelog, facts, now)).toEqual({ offset: 0 })
    const inSegment: Batch = { forEach: (visit) => visit('counts/7', Buffer.from('k'), Buffer.from('v')) }
    expect(whereToBegin(managed({ changelog: {} }, inSegment), changelog, facts, now)).toEqual(start)
    const ofOther: Batch = { forEach: (visit) => visit('counts7', Buffer.from('k'), Buffer.from('v')) }
    expect(whereToBegin(managed({ changelog: {} }, ofOther), changelog, facts, now)).toEqual({ offset: 0 })
  })

  it('is the start of the log where the store had another form', () => {
    const start = whereToBegin(
      managed({ ...at(60), layouts: { counts: 'timestampedKeyValue' } }),
      changelog,
      facts,
      now,
    )
    expect(start).toEqual({ offset: 0, rebuild: expect.stringContaining('timestampedKeyValue') })
  })

  it('is the start of a compacted log that has lost what the store needs next', () => {
    const start = whereToBegin(managed(at(60)), changelog, { ...facts, logStart: 61 }, now)
    expect(start).toEqual({ offset: 61, rebuild: expect.stringContaining('60') })
  })

  it('is the start of a log with retention, and the store is kept', () => {
    for (const cleanUpPolicy of ['delete', 'compact,delete']) {
      const start = whereToBegin(managed(at(60)), changelog, { ...facts, cleanUpPolicy, logStart: 61 }, now)
      expect(start).toEqual({ offset: 61, warning: expect.stringContaining('60') })
    }
  })

  it('is nowhere when the changelog ends below the marker or is another topic', () => {
    const state = managed(at(101))
    expect(() => whereToBegin(state, changelog, facts, now)).toThrow(
      expect.objectContaining({ code: 'MILLRACE_CHANGELOG_BEHIND_STATE' }),
    )
    expect(() => whereToBegin(managed(at(60)), changelog, { ...facts, topicId: 'id-2' }, now)).toThrow('id-2')
  })

  it('is the end that was committed where a source topic serves as changelog, whatever its end', () => {
    expect(whereToBegin(managed(at(101)), { ...changelog, isSource: true }, facts, now)).toEqual({ offset: 101 })
  })
})

describe('the tombstone rule', () => {
  const old = now - 23 * hourMs

  it('rebuilds a store that is older than tombstones are kept, where others have written since', () => {
    const start = whereToBegin(managed({ ...at(60), committedAtMs: old }), changelog, facts, now)
    expect(start).toEqual({ offset: 0, rebuild: expect.stringContaining('delete.retention.ms') })
  })

  it('leaves a store alone that is complete but for the end of its own transaction', () => {
    const complete = managed({ ...at(99), committedAtMs: old })
    expect(whereToBegin(complete, changelog, facts, now)).toEqual({ offset: 99 })
  })

  it('takes 24 hours where the configuration is not known, and does not concern logs that are not compacted', () => {
    const unknown = { ...facts, cleanUpPolicy: undefined, deleteRetentionMs: undefined }
    expect(isTooOld(now - 22 * hourMs, 60, unknown, now)).toBe(true)
    expect(isTooOld(now - 21 * hourMs, 60, unknown, now)).toBe(false)
    expect(isTooOld(old, 60, { ...facts, cleanUpPolicy: 'delete' }, now)).toBe(false)
  })
})

describe('committed offsets', () => {
  const offsets = (offset?: number): Map<`${string}-${number}`, OffsetAndMetadata> =>
    new Map(offset === undefined ? [] : [['in-0', { offset }]])

  it('that are missing or below what the state contains are refused', () => {
    const task = managed({ input: { 'in-0': 50 } })
    for (const offset of [undefined, 49]) {
      expect(() => requireOffsetsOf(task, offsets(offset), new Map(), 'app')).toThrow(
        expect.objectContaining({ code: 'MILLRACE_OFFSETS_BEHIND_STATE' }),
      )
    }
    expect(() => requireOffsetsOf(task, offsets(50), new Map(), 'app')).not.toThrow()
    expect(() => requireOffsetsOf(managed(undefined), offsets(), new Map(), 'app')).not.toThrow()
  })

  it('of a topic that was made anew are refused', () => {
    const task = managed({ input: { 'in-0': 50 }, topicIds: { in: 'id-1' } })
    expect(() => requireOffsetsOf(task, offsets(50), new Map([['in', 'id-2']]), 'app')).toThrow(
      expect.objectContaining({ code: 'MILLRACE_TOPIC_RECREATED' }),
    )
    expect(() => requireOffsetsOf(task, offsets(50), new Map([['in', 'id-1']]), 'app')).not.toThrow()
  })

  it('that others have moved on make stores without a changelog worthless', () => {
    const task = unlogged({ input: { 'in-0': 50 }, layouts: { counts: 'keyValue' } })
    expect(unloggedToClear(task, offsets(50))).toEqual(new Map())
    expect(unloggedToClear(task, offsets(51))).toEqual(new Map([['counts', expect.stringContaining('offsets')]]))
  })
})

describe('a store without a changelog', () => {
  it('is cleared where another topology has written it in another form, or has gone on without it', () => {
    const other = unlogged({ layouts: { counts: 'timestampedKeyValue' } })
    const reason = expect.stringContaining('timestampedKeyValue') as string
    expect(unloggedToClear(other, new Map())).toEqual(new Map([['counts', reason]]))
    expect([...unloggedToClear(unlogged({}), new Map()).keys()]).toEqual(['counts'])
  })
})

/** With entries in `counts`, a key-value store, and none in `empty`. */
function unlogged(marker: Partial<Marker>): ManagedTask {
  return {
    ...managed(marker),
    unlogged: ['counts', 'empty'],
    layouts: { counts: 'keyValue', empty: 'keyValue' },
  }
}

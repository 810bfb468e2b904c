import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/common/logger.ts'
import { topicPartitionKey } from '../../../src/common/topic-partition.ts'
import { DiskError } from '../../../src/errors/disk-error.ts'
import { KafkaError } from '../../../src/errors/kafka-error.ts'
import { ChangelogReader } from '../../../src/runtime/changelog-reader.ts'
import type { RestoreProgress } from '../../../src/runtime/changelog-reader.ts'
import type { ManagedTask } from '../../../src/runtime/managed-task.ts'
import type { StreamTask } from '../../../src/runtime/task/stream-task.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyBatch, emptyMarker } from '../../../src/state/state-engine.ts'
import type { TaskState } from '../../../src/state/state-engine.ts'
import { FakeKafka, recordSet } from '../../support/fake-kafka.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'

const changelog = 'app-counts-changelog'
const key = topicPartitionKey(changelog, 0)

interface Bed {
  readonly kafka: FakeKafka
  readonly reader: ChangelogReader
  readonly progress: RestoreProgress[]
  /** Failures that passed. */
  readonly retried: unknown[]
  readonly clock: ManualClock
  /** Until its lookups are answered and what has arrived is applied. */
  readonly steps: () => Promise<void>
}

function bed(): Bed {
  const kafka = new FakeKafka()
  const progress: RestoreProgress[] = []
  const retried: unknown[] = []
  const { client } = kafka
  const clock = new ManualClock()
  const reader = new ChangelogReader({
    client,
    groupId: 'app',
    clock,
    fileSystem: new MemoryFileSystem(),
    logger: silentLogger,
    topicId: () => undefined,
    onProgress: (one) => progress.push(one),
    onRetried: (error) => retried.push(error),
  })
  const steps = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await reader.step()
      await settled()
    }
  }
  return { kafka, reader, progress, retried, clock, steps }
}

function managedTask(options: { isSource?: boolean; state?: TaskState; id?: string } = {}): ManagedTask {
  const { isSource = false, id = '0_0' } = options
  const state = options.state ?? new MemoryEngine().openNow(id)
  const topic = isSource ? 'in' : changelog
  const task: Partial<StreamTask> = {
    id,
    changelogs: [{ store: 'counts', layout: 'keyValue', topic, partition: 0, isSource }],
    restore: async (_, set, marker) => {
      await state.commit(emptyBatch, marker)
      return set.recordCount
    },
    clear: (store, marker) => state.clear(store, marker),
  }
  return {
    task: task as StreamTask,
    state,
    directory: undefined,
    unlogged: [],
    layouts: { counts: 'keyValue' },
    status: 'restoring',
    frozen: 'none',
    isUnwritten: false,
    markerRefreshMs: 3_600_000,
    startOffsets: new Map(),
    outOfRange: new Map(),
    halt: undefined,
  }
}

describe('ChangelogReader', () => {
  it('replays from the log start to the high watermark, and counts markers behind the last record', async () => {
    const { kafka, reader, progress, steps } = bed()
    kafka.starts.set(key, 2)
    kafka.ends.set(key, 10)
    const managed = managedTask()
    reader.add(managed)
    await steps()
    expect(kafka.restore.position(key)).toBe(2)
    kafka.restore.arrive(recordSet(changelog, 2, 7))
    await steps()
    expect(reader.isRestoring(managed)).toBe(true)
    expect(managed.state.marker?.changelog).toEqual({ [key]: 9 })
    kafka.restore.pass(key, 10)
    await steps()
    expect(reader.isRestoring(managed)).toBe(false)
    expect(reader.isIdle).toBe(true)
    expect(progress.at(-1)).toEqual({ taskId: '0_0', store: 'counts', restored: 7, total: 8, done: true })
  })

  it('goes on at the marker, and has nothing to do where that is the end', async () => {
    const { kafka, reader, steps } = bed()
    kafka.ends.set(key, 10)
    const state = new MemoryEngine().openNow('0_0')
    state.commit(emptyBatch, { ...emptyMarker, committedAtMs: new ManualClock().now(), changelog: { [key]: 6 } })
    const managed = managedTask({ state })
    reader.add(managed)
    await steps()
    expect(kafka.restore.position(key)).toBe(6)
    reader.retain(() => false)
    state.commit(emptyBatch, { ...emptyMarker, committedAtMs: new ManualClock().now(), changelog: { [key]: 10 } })
    reader.add(managed)
    await steps()
    expect(reader.isIdle).toBe(true)
  })

  it('refuses a changelog that ends before the marker', async () => {
    const { kafka, reader, steps } = bed()
    kafka.ends.set(key, 5)
    const state = new MemoryEngine().openNow('0_0')
    state.commit(emptyBatch, { ...emptyMarker, committedAtMs: new ManualClock().now(), changelog: { [key]: 6 } })
    reader.add(managedTask({ state }))
    await expect(steps()).rejects.toMatchObject({ code: 'MILLRACE_CHANGELOG_BEHIND_STATE' })
  })

  it('restores a source topic up to the committed offset only', async () => {
    const { kafka, reader, steps } = bed()
    kafka.ends.set('in-0', 100)
    kafka.committed.set('in-0', { offset: 3 })
    const managed = managedTask({ isSource: true })
    reader.add(managed)
    await steps()
    kafka.restore.arrive(recordSet('in', 0, 3))
    await steps()
    expect(reader.isRestoring(managed)).toBe(false)
  })

  it('asks again for bounds that could not be had, without losing the task', async () => {
    const { kafka, reader, clock, steps } = bed()
    kafka.ends.set(key, 1)
    kafka.fault = new KafkaError('MILLRACE_KAFKA_RETRIES_EXHAUSTED', 'no leader', { reaction: 'retriable' })
    const managed = managedTask()
    reader.add(managed)
    await steps()
    kafka.fault = undefined
    await clock.advance(5000)
    expect(reader.isRestoring(managed)).toBe(true)
    await steps()
    expect(kafka.restore.position(key)).toBe(0)
  })

  it('forgets a task that is given up while its bounds are asked for', async () => {
    const { kafka, reader, steps } = bed()
    kafka.ends.set(key, 10)
    const managed = managedTask()
    reader.add(managed)
    await reader.step()
    reader.retain(() => false)
    await settled()
    await steps()
    expect(reader.isIdle).toBe(true)
    expect(kafka.restore.positions.size).toBe(0)
  })

  it('rebuilds a store whose changelog was made anew, up to its new end', async () => {
    const { kafka, reader, steps } = bed()
    kafka.ends.set(key, 10)
    const managed = managedTask()
    reader.add(managed)
    await steps()
    kafka.restore.arrive(recordSet(changelog, 0, 5))
    await steps()

    kafka.ends.set(key, 3)
    kafka.restore.fail(
      new KafkaError('MILLRACE_OFFSET_OUT_OF_RANGE', 'gone', {
        reaction: 'offset-out-of-range',
        topic: changelog,
        partition: 0,
      }),
    )
    await steps()
    expect(managed.state.marker?.changelog).toEqual({ [key]: 0 })
    expect(kafka.restore.position(key)).toBe(0)
    kafka.restore.arrive(recordSet(changelog, 0, 3))
    await steps()
    expect(reader.isRestoring(managed)).toBe(false)
  })

  it('goes on with a store whose old records retention deletes while they are replayed', async () => {
    const { kafka, reader, steps } = bed()
    kafka.ends.set(key, 20)
    kafka.topicConfigs.set(changelog, new Map([['cleanup.policy', 'compact,delete']]))
    const managed = managedTask({ state: behind(3) })
    reader.add(managed)
    await steps()
    kafka.restore.arrive(recordSet(changelog, 3, 2))
    await steps()
    expect(managed.state.marker?.changelog).toEqual({ [key]: 5 })

    kafka.starts.set(key, 12)
    kafka.restore.fail(
      new KafkaError('MILLRACE_OFFSET_OUT_OF_RANGE', 'gone', {
        reaction: 'offset-out-of-range',
        topic: changelog,
        partition: 0,
      }),
    )
    await steps()
    // It was not emptied: its marker would begin anew.
    expect(managed.state.marker?.changelog).toEqual({ [key]: 5 })
    expect(kafka.restore.position(key)).toBe(12)
    kafka.restore.arrive(recordSet(changelog, 12, 8))
    await steps()
    expect(reader.isRestoring(managed)).toBe(false)
    expect(managed.state.marker?.changelog).toEqual({ [key]: 20 })
  })

  it('does not give up a task whose store the disk would not clear, nor those behind it', async () => {
    const { kafka, reader, retried, clock, steps } = bed()
    kafka.starts.set(key, 4)
    kafka.ends.set(key, 10)
    const first = managedTask({ state: fullDisk(behind(3)) })
    const second = managedTask({ id: '0_1', isSource: true })
    kafka.ends.set('in-0', 3)
    kafka.committed.set('in-0', { offset: 3 })
    reader.add(first)
    reader.add(second)
    await steps()
    expect([first, second].map((managed) => reader.isRestoring(managed))).toEqual([true, true])
    expect(kafka.restore.positions.size).toBe(0)
    expect(retried).toMatchObject([{ code: 'MILLRACE_STATE_WRITE_FAILED', taskId: '0_0' }])
    await clock.advance(5000)
    await steps()
    expect(kafka.restore.positions).toEqual(
      new Map([
        [key, 4],
        ['in-0', 0],
      ]),
    )
    expect(first.state.marker?.changelog).toEqual({ [key]: 4 })
  })

  it('waits by the clock while it backs off, whatever has arrived', async () => {
    const { kafka, reader, clock, steps } = bed()
    kafka.starts.set(key, 4)
    kafka.ends.set(key, 10)
    reader.add(managedTask({ state: fullDisk(behind(3)) }))
    await steps()
    kafka.restore.arrive(recordSet(changelog, 4, 6))
    const ended: string[] = []
    void reader.wait(1000).then(() => ended.push('time'))
    await settled()
    expect(ended).toEqual([])
    await clock.advance(50)
    expect(ended).toEqual(['time'])
  })

  it('rebuilds a store that became too old while it was replayed, also when the disk would not clear it at first', async () => {
    const { kafka, reader, clock, steps } = bed()
    kafka.ends.set(key, 10)
    const managed = managedTask({ state: fullDisk(behind(3)) })
    reader.add(managed)
    await steps()
    expect(kafka.restore.position(key)).toBe(3)
    await clock.advance(86_400_000)
    kafka.restore.arrive(recordSet(changelog, 3, 7))
    await steps()
    expect(reader.isRestoring(managed)).toBe(true)
    await clock.advance(5000)
    await steps()
    expect(reader.isRestoring(managed)).toBe(true)
    expect(kafka.restore.position(key)).toBe(0)
    kafka.restore.arrive(recordSet(changelog, 0, 10))
    await steps()
    expect(reader.isRestoring(managed)).toBe(false)
  })

  it('restores a source topic that is shorter than the committed offset to its end', async () => {
    const { kafka, reader, steps } = bed()
    kafka.ends.set('in-0', 2)
    kafka.committed.set('in-0', { offset: 9 })
    const managed = managedTask({ isSource: true })
    reader.add(managed)
    await steps()
    kafka.restore.arrive(recordSet('in', 0, 2))
    await steps()
    expect(reader.isRestoring(managed)).toBe(false)
  })
})

/** With everything up to `offset`. */
function behind(offset: number): TaskState {
  const state = new MemoryEngine().openNow('0_0')
  state.commit(emptyBatch, { ...emptyMarker, committedAtMs: new ManualClock().now(), changelog: { [key]: offset } })
  return state
}

/** Clears only at the second attempt. */
function fullDisk(state: TaskState): TaskState {
  let isFull = true
  const clear = state.clear.bind(state)
  state.clear = (keyspace, marker) => {
    if (!isFull) return clear(keyspace, marker)
    isFull = false
    return Promise.reject(new DiskError('MILLRACE_STATE_WRITE_FAILED', '0_0', '/state', 'disk full'))
  }
  return state
}

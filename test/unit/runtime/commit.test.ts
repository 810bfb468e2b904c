import { describe, expect, it } from 'vitest'
import { deferred } from '../../../src/common/deferred.ts'
import { RuntimeError } from '../../../src/errors/runtime-error.ts'
import type { GroupMembership, KafkaClient } from '../../../src/kafka/client/kafka-client.ts'
import { Commit } from '../../../src/runtime/commit.ts'
import type { CommitOptions } from '../../../src/runtime/commit.ts'
import type { ManagedTask } from '../../../src/runtime/managed-task.ts'
import type { RecordCollector } from '../../../src/runtime/record-collector.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** A task whose flush takes so long; it has read up to offset 1. */
function taskOf(clock: ManualClock, flushMs = 0): ManagedTask {
  const task = {
    id: '0_0',
    changelogs: [],
    flush: () => {
      void clock.advance(flushMs)
      return true
    },
    positions: () => new Map([['in-0', { offset: 1, metadata: '' }]]),
    freeze: () => ({ isEmpty: true }),
  }
  return { task, state: {}, frozen: 'none' } as unknown as ManagedTask
}

function optionsOf(clock: ManualClock, options: Partial<CommitOptions>): CommitOptions {
  return {
    exactlyOnce: false,
    client: {} as KafkaClient,
    collector: {
      producer: { inTransaction: false, acknowledged: () => undefined },
      resolveTopics: () => Promise.resolve(),
      flush: () => Promise.resolve(),
    } as unknown as RecordCollector,
    group: { identity: () => ({}) } as GroupMembership,
    clock,
    tasks: [],
    fetchPosition: () => undefined,
    committed: new Map(),
    topicId: () => undefined,
    onEngineFailure: () => undefined,
    ...options,
  }
}

describe('a commit', () => {
  it('gives the event loop back while the caches of many tasks are flushed', async () => {
    const clock = new ManualClock()
    const beganMs = clock.now()
    const turns: number[] = []
    clock.yieldTurn = () => {
      turns.push(clock.now() - beganMs)
      return Promise.resolve()
    }
    await Commit.begin(optionsOf(clock, { tasks: Array.from({ length: 6 }, () => taskOf(clock, 6)) }))
    expect(turns).toEqual([12, 24])
  })

  it('at least once can be given up while its offsets are under way, and sends them no more', async () => {
    const clock = new ManualClock()
    const sent = deferred<AbortSignal | undefined>()
    const client: Pick<KafkaClient, 'commitOffsets'> = {
      commitOffsets: (_group, _offsets, signal) => {
        sent.resolve(signal)
        return new Promise(() => undefined)
      },
    }
    const managed = taskOf(clock)
    const committed = new Map()
    const commit = await Commit.begin(optionsOf(clock, { client: client as KafkaClient, tasks: [managed], committed }))
    const reason = new RuntimeError('MILLRACE_COMMIT_DEADLINE', 'too late', { reaction: 'producer-fenced' })
    const failed = expect(commit.finish()).rejects.toBe(reason)
    const signal = await sent.promise
    commit.abandon(reason)
    await failed
    expect(signal?.aborted).toBe(true)
    // As after any failure: the thread rolls back, and the offsets count as not committed.
    expect(managed.frozen).toBe('uncommitted')
    expect(committed.size).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { deferred } from '../../../src/common/deferred.ts'
import type { Deferred } from '../../../src/common/deferred.ts'
import { silentLogger } from '../../../src/common/logger.ts'
import type { GroupMembership } from '../../../src/kafka/client/kafka-client.ts'
import { Committer } from '../../../src/runtime/committer.ts'
import type { RecordCollector } from '../../../src/runtime/record-collector.ts'
import { completeConfig } from '../../../src/runtime/streams-config.ts'
import type { TaskManager } from '../../../src/runtime/task-manager.ts'
import { FakeKafka } from '../../support/fake-kafka.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const pastDeadline = { code: 'MILLRACE_COMMIT_DEADLINE' }

/** A committer without tasks, whose batches are acknowledged when the test says so: a partition without a leader. */
function committerOf(): { committer: Committer; clock: ManualClock; topics: Deferred<void>; flushed: Deferred<void> } {
  const { client, fetcher } = new FakeKafka()
  const clock = new ManualClock()
  const [topics, flushed] = [deferred(), deferred()]
  const collector = {
    producer: { inTransaction: true, sendOffsets: () => Promise.resolve(), commit: () => Promise.resolve() },
    resolveTopics: () => topics.promise,
    flush: () => flushed.promise,
  }
  const committer = new Committer({
    client,
    fetcher,
    clock,
    collector: collector as unknown as RecordCollector,
    tasks: { running: [], committed: new Map() } as unknown as TaskManager,
    group: { identity: () => ({}) } as GroupMembership,
    config: completeConfig({ applicationId: 'app', kafka: { brokers: ['none:1'] } }, '/tmp'),
    logger: silentLogger,
    onSettled: () => undefined,
    onCommitted: () => undefined,
  })
  return { committer, clock, topics, flushed }
}

describe('Committer', () => {
  it('keeps to a deadline that is set while the cut waits for topics', async () => {
    const { committer, clock, topics } = committerOf()
    const failed = expect(committer.commit({ toTheEnd: true })).rejects.toMatchObject(pastDeadline)
    committer.limit(clock.now() + 1000)
    topics.resolve()
    await clock.advance(0)
    await clock.advance(1000)
    await failed
    expect(clock.pendingTimers).toBe(0)
  })

  it('keeps to a deadline that is set before the commit is asked for', async () => {
    const { committer, clock, topics } = committerOf()
    topics.resolve()
    committer.limit(clock.now() + 1000)
    const failed = expect(committer.commit({ toTheEnd: true })).rejects.toMatchObject(pastDeadline)
    await clock.advance(0)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(1000)
    await failed
  })

  it('knows no deadline any more after the next assignment', async () => {
    const { committer, clock, topics, flushed } = committerOf()
    topics.resolve()
    committer.limit(clock.now() + 1000)
    committer.restartInterval()
    const committed = committer.commit({ toTheEnd: true })
    await clock.advance(2000)
    flushed.resolve()
    await committed
  })
})

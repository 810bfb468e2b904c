import { describe, expect, it } from 'vitest'
import { deferred } from '../../../src/common/deferred.ts'
import { silentLogger } from '../../../src/common/logger.ts'
import type { GroupMembership } from '../../../src/kafka/client/kafka-client.ts'
import { Committer } from '../../../src/runtime/committer.ts'
import type { RecordCollector } from '../../../src/runtime/record-collector.ts'
import { completeConfig } from '../../../src/runtime/streams-config.ts'
import type { TaskManager } from '../../../src/runtime/task-manager.ts'
import { FakeKafka } from '../../support/fake-kafka.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('Committer', () => {
  it('keeps to a deadline that is set while the cut waits for topics', async () => {
    const { client, fetcher } = new FakeKafka()
    const clock = new ManualClock()
    const topics = deferred()
    const collector = {
      producer: { inTransaction: true },
      resolveTopics: () => topics.promise,
      // A partition without a leader.
      flush: () => new Promise<void>(() => undefined),
    }
    const committer = new Committer({
      client,
      fetcher,
      clock,
      collector: collector as unknown as RecordCollector,
      tasks: { running: [], committed: new Map() } as unknown as TaskManager,
      group: {} as GroupMembership,
      config: completeConfig({ applicationId: 'app', kafka: { brokers: ['none:1'] } }, '/tmp'),
      logger: silentLogger,
      onSettled: () => undefined,
      onCommitted: () => undefined,
    })
    const failed = expect(committer.commit({ toTheEnd: true })).rejects.toMatchObject({
      code: 'MILLRACE_COMMIT_DEADLINE',
    })
    committer.limit(clock.now() + 1000)
    topics.resolve()
    await clock.advance(0)
    await clock.advance(1000)
    await failed
    expect(clock.pendingTimers).toBe(0)
  })
})

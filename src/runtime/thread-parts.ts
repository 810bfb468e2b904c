/** What a stream thread works with, opened and closed in order. The thread is what acts; nothing here does by itself. */
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import type { Logger } from '../common/logger.ts'
import { ChangelogReader } from './changelog-reader.ts'
import { Committer } from './committer.ts'
import type { Fetcher, GroupMembership, OffsetAndMetadata } from '../kafka/client/kafka-client.ts'
import type { CommitTiming } from './commit.ts'
import type { ThreadMetrics } from './metrics/thread-metrics.ts'
import { RecordCollector } from './record-collector.ts'
import { RepartitionPurge } from './repartition-purge.ts'
import { TaskManager } from './task-manager.ts'
import { groupHandler, openProducer, requireSourceTopics } from './thread-member.ts'
import type { MemberCallbacks } from './thread-member.ts'
import type { ThreadOptions } from './thread-options.ts'
import { TopicWatch } from './topic-watch.ts'
import { patternMatcher } from './topology-plan.ts'

export interface ThreadParts {
  readonly collector: RecordCollector
  readonly fetcher: Fetcher
  readonly reader: ChangelogReader
  readonly tasks: TaskManager
  /** Not started yet. */
  readonly group: GroupMembership
  readonly committer: Committer
  readonly watch: TopicWatch
  readonly purge: RepartitionPurge
}

export interface PartsCallbacks extends Omit<MemberCallbacks, 'ownership' | 'onPlanned'> {
  readonly ownership: (tasks: TaskManager) => ReturnType<MemberCallbacks['ownership']>
  readonly wakeup: () => void
  readonly onCommitted: (timing: Readonly<CommitTiming>) => void
  readonly metrics: ThreadMetrics
}

export async function openParts(
  options: ThreadOptions,
  logger: Logger,
  callbacks: PartsCallbacks,
): Promise<ThreadParts> {
  const { client, config, listener, topology, names, clock, engines, metrics, globalStores } = options
  const exactlyOnce = config.processingGuarantee === 'exactly_once'
  await requireSourceTopics(options)
  const collector = new RecordCollector(client, await openProducer(options), clock)
  const fetcher = client.fetcher({
    name: 'main',
    isolation: exactlyOnce ? 'read_committed' : 'read_uncommitted',
    onTopicSuspect: (topic) => watch.suspect(topic),
  })
  const reader = new ChangelogReader({
    client,
    groupId: config.applicationId,
    clock,
    fileSystem: options.fileSystem,
    logger,
    topicId: (topic) => tasks.topicId(topic),
    onProgress: (progress) => listener.onRestore(progress),
    onRetried: (error) => listener.onRetried(error),
    onRestored: (tookMs) => callbacks.metrics.noteRestored(tookMs),
  })
  const tasks = new TaskManager({
    client,
    topology,
    names,
    config,
    clock,
    metrics,
    threadId: callbacks.metrics.threadId,
    onRecordFailure: (failure) => listener.onRecordFailure(failure),
    engines,
    globalStores,
    logger,
    fetcher,
    reader,
    collector,
  })
  const purge = new RepartitionPurge({
    client,
    clock,
    logger,
    intervalMs: config.repartitionPurgeIntervalMs,
    isRepartition: (topic) => names.isRepartitionOnBroker(topic),
  })
  const matchesPattern = patternMatcher(topology)
  const watch = new TopicWatch({
    client,
    clock,
    logger,
    matchesPattern,
    written: () => collector.written,
    kindOf: (topic) => names.kindOf(topic),
    onChange: callbacks.wakeup,
  })
  const group = client.group(
    groupOptions(options),
    groupHandler(options, {
      ...callbacks,
      ownership: () => callbacks.ownership(tasks),
      onPlanned: (topics) => watch.planned(topics),
    }),
  )
  const onCommitted = (
    offsets: ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>,
    timing: Readonly<CommitTiming>,
  ): void => {
    purge.committed(offsets)
    callbacks.onCommitted(timing)
  }
  const committer = new Committer({
    client,
    collector,
    fetcher,
    tasks,
    group,
    config,
    clock,
    logger,
    onSettled: callbacks.wakeup,
    onRetried: (error, taskId) => listener.onRetried(error, taskId),
    onCommitted,
  })
  return { collector, fetcher, reader, tasks, group, committer, watch, purge }
}

function groupOptions({ config }: ThreadOptions): Parameters<ThreadOptions['client']['group']>[0] {
  return {
    groupId: config.applicationId,
    instanceId: config.instanceId,
    protocolName: 'millrace',
    sessionTimeoutMs: config.sessionTimeoutMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    rebalanceTimeoutMs: config.rebalanceTimeoutMs,
  }
}

export async function closeParts({ watch, purge, fetcher, reader, collector }: ThreadParts): Promise<void> {
  watch.close()
  purge.close()
  await Promise.allSettled([fetcher.close(), reader.close(), collector.producer.close()])
}

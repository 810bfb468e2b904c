/**
 * When a thread commits, and the one commit that may be under way while it goes on processing. It decides nothing about
 * failures: whoever commits or looks after the commit under way is thrown its error and rolls back.
 *
 *     idle ──► cut ──► under way ──► idle
 *                          │
 *                          └──► failed, until it was looked at
 *
 * At most one commit is under way: the next cut waits for its end. Without overlap (`maxCommitsInFlight` 0, and always
 * under at_least_once) a commit is waited for at once.
 */
import type { Clock } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import type { Fetcher, GroupMembership, KafkaClient, OffsetAndMetadata } from '../kafka/client/kafka-client.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { Commit, commitDeadline, type CommitTiming } from './commit.ts'
import type { RecordCollector } from './record-collector.ts'
import type { TaskManager } from './task-manager.ts'

export interface CommitterOptions {
  readonly client: KafkaClient
  readonly collector: RecordCollector
  readonly fetcher: Fetcher
  readonly tasks: TaskManager
  readonly group: GroupMembership
  readonly config: Readonly<StreamsConfig>
  readonly clock: Clock
  readonly logger: Logger
  /** The commit under way has ended: it is to be looked at. */
  readonly onSettled: () => void
  /** The disk did not take what a task had committed; the next commit tries it again. */
  readonly onRetried?: (error: unknown, taskId: string) => void
  readonly onCommitted: (
    offsets: ReadonlyMap<TopicPartitionKey, OffsetAndMetadata>,
    timing: Readonly<CommitTiming>,
  ) => void
}

/**
 * Markers are written after EndTxn is answered, and readers fetch them only then: half of the time up to the answer once
 * more, and as much again because a commit takes its usual time only most of the times.
 */
const untilVisible = 2
/** How much the last commit counts in what a commit is expected to take. */
const smoothing = 0.2
/** The same failure of a disk is told again after this time. */
const warnAgainMs = 30_000

export class Committer {
  readonly #options: CommitterOptions
  #underWay: Commit | undefined
  #ended: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #isFailed = false
  #lastCommitMs: number
  /** From the cut to the end, smoothed. */
  #commitMs = 0
  #hasCaughtUp = false
  /** Of every commit until the next assignment or rollback: it may be set while no commit is under way. */
  #deadlineMs = Number.POSITIVE_INFINITY
  #warnedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#lastCommitMs = options.clock.now()
  }

  get isUnderWay(): boolean {
    return this.#underWay !== undefined
  }

  /** The interval begins anew, without a deadline: after an assignment or a rollback. */
  restartInterval(): void {
    this.#deadlineMs = Number.POSITIVE_INFINITY
    this.#lastCommitMs = this.#options.clock.now()
  }

  /**
   * Until the next cut. Who has caught up with its input cuts earlier by what a commit takes, so that results are visible
   * within one interval; who has not would only commit more often, and be later still.
   */
  get msToCommit(): number {
    const { clock, config } = this.#options
    const { commitIntervalMs } = config
    const earlierMs = this.#hasCaughtUp ? Math.min(untilVisible * this.#commitMs, commitIntervalMs / 2) : 0
    return Math.max(0, this.#lastCommitMs + commitIntervalMs - earlierMs - clock.now())
  }

  /** The thread had nothing to do for a moment. */
  noteCaughtUp(): void {
    this.#hasCaughtUp = true
  }

  /** A commit should be begun now. */
  get isDue(): boolean {
    if (this.#underWay !== undefined) return false
    const { collector, config } = this.#options
    const { running } = this.#options.tasks
    if (running.some(({ task }) => task.commitRequested || task.commitDue)) return true
    if (this.msToCommit > 0 && !this.#isOverBudget()) return false
    // Whoever wrote, as in `init`: an open transaction holds up all readers, and the broker ends it after a while.
    if (config.processingGuarantee === 'exactly_once' && collector.producer.inTransaction) return true
    const now = this.#options.clock.now()
    return running.some(
      ({ task, state, isUnwritten, markerRefreshMs }) =>
        task.commitNeeded ||
        isUnwritten ||
        this.#hasPassedControlRecords(task.inputPartitions) ||
        (task.hasStores && state.marker !== undefined && now - state.marker.committedAtMs >= markerRefreshMs),
    )
  }

  /** What is uncommitted, or committed and not on disk, has reached its limit: processing waits for a commit. */
  get mustWait(): boolean {
    const { tasks, config, collector } = this.#options
    if (this.#underWay === undefined && !tasks.running.some(({ isUnwritten }) => isUnwritten)) return false
    if (this.#underWay !== undefined && collector.isFull) return true
    let bytes = 0
    let isDue = false
    for (const { task } of tasks.running) {
      bytes += task.uncommittedBytes + task.frozenBytes
      isDue ||= task.commitDue
    }
    return isDue || bytes > config.uncommittedMaxBytes
  }

  /** Cuts, after the commit under way has ended. Resolves at the end of this one, or with overlap at its cut. */
  async commit(options: { readonly deadlineMs?: number; readonly toTheEnd?: boolean } = {}): Promise<void> {
    const { deadlineMs = Number.POSITIVE_INFINITY, toTheEnd = false } = options
    await this.settle(deadlineMs)
    const { client, collector, group, config, clock, fetcher, tasks } = this.#options
    const exactlyOnce = config.processingGuarantee === 'exactly_once'
    try {
      const commit = await Commit.begin({
        exactlyOnce,
        client,
        collector,
        group,
        clock,
        tasks: tasks.running,
        fetchPosition: (partition) => fetcher.position(partition),
        committed: tasks.committed,
        topicId: (topic) => tasks.topicId(topic),
        onEngineFailure: (taskId, error) => this.#onEngineFailure(taskId, error),
      })
      this.#lastCommitMs = clock.now()
      this.#hasCaughtUp = false
      this.#underWay = commit
      this.#ended = this.#finish(commit)
      this.limit(this.#deadlineMs)
    } catch (error) {
      this.#isFailed = true
      throw error
    }
    const overlaps = exactlyOnce && config.maxCommitsInFlight > 0 && !toTheEnd
    if (!overlaps) await this.settle()
  }

  /** Waits for the end of the commit under way, giving it up at the deadline while it can be; throws its failure. */
  async settle(deadlineMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    this.limit(deadlineMs)
    if (this.#underWay !== undefined) await this.#ended
    this.check()
  }

  /** For a rebalance that comes at any time, and for the commit that the thread makes or waits for by then. */
  limit(deadlineMs: number): void {
    this.#deadlineMs = Math.min(this.#deadlineMs, deadlineMs)
    const commit = this.#underWay
    if (commit === undefined || deadlineMs === Number.POSITIVE_INFINITY) return
    const { clock } = this.#options
    const timer = clock.setTimer(Math.max(0, deadlineMs - clock.now()), () => commit.abandon(commitDeadline()))
    void this.#ended?.then(() => timer.cancel())
  }

  /** For a membership that was lost: nothing of the commit under way may be asked for any more. */
  abandon(error: Error): void {
    this.#underWay?.abandon(error)
  }

  /** Throws what the last commit failed with, once. */
  check(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
  }

  /** Whether what was just caught comes from a commit: its records must run again, however passing its cause is. */
  takeFailed(): boolean {
    const isFailed = this.#isFailed
    this.#isFailed = false
    return isFailed
  }

  /** Never rejects. */
  async #finish(commit: Commit): Promise<void> {
    const { clock, onCommitted } = this.#options
    const beganMs = clock.now()
    try {
      if (await commit.finish()) {
        this.#commitMs += (clock.now() - beganMs - this.#commitMs) * smoothing
        onCommitted(commit.moved, commit.timing)
      }
    } catch (error) {
      this.#isFailed = true
      this.#failure = { error }
    }
    this.#underWay = undefined
    this.#options.onSettled()
  }

  /** The fetcher stands behind markers and aborted records: the position alone is worth a commit. */
  #hasPassedControlRecords(partitions: readonly TopicPartitionKey[]): boolean {
    const { fetcher, tasks } = this.#options
    return partitions.some(
      (key) => (fetcher.position(key) ?? 0) > (tasks.committed.get(key)?.offset ?? Number.POSITIVE_INFINITY),
    )
  }

  #isOverBudget(): boolean {
    const { tasks, config } = this.#options
    let cache = 0
    let uncommitted = 0
    for (const { task } of tasks.running) {
      cache += task.cacheBytes
      uncommitted += task.uncommittedBytes
    }
    return (config.cacheMaxBytes > 0 && cache > config.cacheMaxBytes) || uncommitted > config.uncommittedMaxBytes
  }

  #onEngineFailure(taskId: string, error: unknown): void {
    const { clock, logger, onRetried } = this.#options
    onRetried?.(error, taskId)
    if (clock.now() - this.#warnedAtMs < warnAgainMs) return
    this.#warnedAtMs = clock.now()
    logger.warn(
      { taskId, err: error },
      'the state of a committed transaction could not be written to disk; it is kept in memory and tried again with every commit, and processing pauses when uncommittedMaxBytes is reached. Make room, or mend the disk; nothing is lost, the changelog has it all',
    )
  }
}

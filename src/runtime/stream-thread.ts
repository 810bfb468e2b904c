/**
 * One member of the group with its tasks: the loop that fetches, processes, punctuates and commits.
 *
 *     CREATED ─► STARTING ─► REBALANCING ◄─► RUNNING
 *                   │             │             │
 *                   └─────────────┴──► STOPPING ┴─► DEAD
 *
 * Everything that changes tasks happens inside the loop: the group membership leaves its wishes in a mailbox, and the
 * loop answers between two steps. So there is never more than one of commit, rollback, reassignment under way.
 *
 * Between the commit that a rebalance asks for and the new assignment nothing is processed: those records could belong
 * to another member by the time they are committed.
 *
 * Every error ends in `#recover`, which acts on its reaction; there is no other place that decides.
 */
import { childLogger } from '../common/logger.ts'
import type { Logger } from '../common/logger.ts'
import type { Counter } from '../common/metrics.ts'
import { StateMachine } from '../common/state-machine.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import { reactionOf } from '../errors/streams-error.ts'
import type { Reaction } from '../errors/streams-error.ts'
import type { Fetcher, GroupMembership } from '../kafka/client/kafka-client.ts'
import { decodeAssignment } from './assignment/user-data.ts'
import { ChangelogReader } from './changelog-reader.ts'
import { commit } from './commit.ts'
import { Mailbox } from './mailbox.ts'
import type { Mail } from './mailbox.ts'
import { RecordCollector } from './record-collector.ts'
import { TaskManager } from './task-manager.ts'
import { assignmentRefused, groupHandler, newProducer, requireSourceTopics } from './thread-member.ts'
import type { Assigned, RebalanceEvent, ThreadOptions, ThreadState } from './thread-options.ts'
import type { StreamTask } from './task/stream-task.ts'
import { Wakeup } from './wakeup.ts'

/** The event loop gets its turn at least this often: heartbeats, sockets, timers. */
const sliceMs = 10
const idleWaitMs = 100
const backOffMaxMs = 10_000

export class StreamThread {
  readonly #options: ThreadOptions
  readonly #machine: StateMachine<ThreadState>
  readonly #logger: Logger
  readonly #mailbox: Mailbox<Assigned>
  readonly #stop = new AbortController()
  readonly #wake: Wakeup
  readonly #commits: Counter & Disposable
  readonly #processed: Counter & Disposable
  #fetcher!: Fetcher
  #reader!: ChangelogReader
  #collector!: RecordCollector
  #tasks!: TaskManager
  #group: GroupMembership | undefined
  #fatal: Error | undefined
  #awaitingAssignment = true
  #rebalanceBeganMs = 0
  #rebalanceReason = 'first join'
  #lastCommitMs = 0
  #failuresInRow = 0
  #lastFailureMs = 0
  /** A transaction that must be ended, and its tasks rolled back, before anything else is done. */
  #unresolved: Reaction | undefined
  #committing = false
  #paused = false
  #leaveGroup = true

  constructor(options: ThreadOptions) {
    this.#options = options
    this.#logger = childLogger(options.logger, { thread: options.threadId })
    this.#wake = new Wakeup(options.clock)
    this.#mailbox = new Mailbox(() => this.#wakeup())
    const tags = { 'thread-id': options.threadId }
    this.#commits = options.metrics.counter('stream-thread-metrics', 'commit-total', tags)
    this.#processed = options.metrics.counter('stream-thread-metrics', 'process-total', tags)
    this.#machine = new StateMachine<ThreadState>(
      `thread ${options.threadId}`,
      'CREATED',
      {
        CREATED: ['STARTING', 'DEAD'],
        STARTING: ['REBALANCING', 'STOPPING'],
        REBALANCING: ['RUNNING', 'STOPPING'],
        RUNNING: ['REBALANCING', 'STOPPING'],
        STOPPING: ['DEAD'],
        DEAD: [],
      },
      (from, to) => options.listener.onState(from, to),
    )
  }

  get state(): ThreadState {
    return this.#machine.state
  }

  /** It takes part in its group, and whatever it did is to be ended in order. */
  get isOpened(): boolean {
    return this.#group !== undefined
  }

  get taskIds(): readonly string[] {
    return this.#tasks?.taskIds ?? []
  }

  /** Stops taking records; membership, commits and restores go on. */
  setPaused(paused: boolean): void {
    this.#paused = paused
  }

  /** Runs until `stop`; resolves after a clean stop, rejects with the error that ended it. */
  async run(): Promise<void> {
    this.#machine.become('STARTING', 'run')
    try {
      await this.#open()
      this.#machine.become('REBALANCING', 'run')
      while (!this.#stop.signal.aborted) {
        // Not inside: whatever its reaction is, the membership has ended for good.
        if (this.#fatal !== undefined) throw this.#fatal
        await this.#guarded(() => this.#iterate())
      }
    } catch (error) {
      this.#fatal = error instanceof Error ? error : new Error(String(error))
    }
    this.#machine.become('STOPPING', 'run')
    await this.#shutDown()
    this.#machine.become('DEAD', 'run')
    if (this.#fatal !== undefined) throw this.#fatal
  }

  /** Asks the loop to commit, leave the group (unless told not to) and end. */
  stop(options: { readonly leaveGroup: boolean }): void {
    this.#leaveGroup = options.leaveGroup
    this.#stop.abort()
    this.#wakeup()
  }

  // --- start and end --------------------------------------------------------------------------------------------------

  async #open(): Promise<void> {
    const { client, config, listener, topology, names, clock } = this.#options
    const exactlyOnce = config.processingGuarantee === 'exactly_once'
    await requireSourceTopics(this.#options)
    const producer = newProducer(this.#options)
    await producer.init()
    this.#collector = new RecordCollector(client, producer)
    this.#fetcher = client.fetcher({ name: 'main', isolation: exactlyOnce ? 'read_committed' : 'read_uncommitted' })
    this.#reader = new ChangelogReader({
      client,
      groupId: config.applicationId,
      logger: this.#logger,
      onProgress: (progress) => listener.onRestore(progress),
    })
    const { engine, metrics } = this.#options
    const shared = { client, topology, names, config, clock, metrics, engine, logger: this.#logger }
    this.#tasks = new TaskManager({
      ...shared,
      fetcher: this.#fetcher,
      reader: this.#reader,
      collector: this.#collector,
    })
    this.#rebalanceBeganMs = clock.now()
    this.#group = client.group(
      {
        groupId: config.applicationId,
        instanceId: config.instanceId,
        protocolName: 'millrace',
        sessionTimeoutMs: config.sessionTimeoutMs,
        heartbeatIntervalMs: config.heartbeatIntervalMs,
        rebalanceTimeoutMs: config.rebalanceTimeoutMs,
      },
      groupHandler(this.#options, {
        mailbox: this.#mailbox,
        ownedTasks: () => this.#tasks.taskIds,
        onFatal: (error) => this.#fail(error),
      }),
    )
    // The first assignment arrives by mail; the loop must run to read it.
    this.#group.start().catch((error: unknown) => this.#fail(error))
  }

  async #shutDown(): Promise<void> {
    const group = this.#group
    if (group !== undefined) {
      if (this.#fatal === undefined) await this.#lastCommit()
      else await this.#collector.producer.abort().catch(() => undefined)
      this.#mailbox.close()
      await group.leave({ keepMembership: !this.#leaveGroup }).catch((error: unknown) => {
        this.#logger.warn({ err: error }, 'leaving the group failed; its session will time out')
      })
      await this.#tasks.discardAll().catch((error: unknown) => {
        this.#logger.warn({ err: error }, 'closing the tasks failed')
      })
    }
    this.#mailbox.close()
    await Promise.allSettled([this.#fetcher?.close(), this.#reader?.close(), this.#collector?.producer.close()])
    this.#commits[Symbol.dispose]()
    this.#processed[Symbol.dispose]()
  }

  /** A failing last commit is rolled back: whoever runs the tasks next starts at the commit before. */
  async #lastCommit(): Promise<void> {
    if (this.#awaitingAssignment && this.#unresolved === undefined) return
    try {
      if (this.#unresolved !== undefined) return void (await this.#endTransaction(this.#unresolved))
      await this.#commit(this.#options.clock.now() + this.#options.config.rebalanceTimeoutMs)
    } catch (error) {
      if (reactionOf(error) === 'fatal') this.#fatal = error instanceof Error ? error : new Error(String(error))
      this.#logger.warn(
        { err: error },
        'the last commit failed and was aborted; nothing is lost, its records will be processed again',
      )
      await this.#collector.producer.abort().catch(() => undefined)
    }
  }

  // --- the loop -------------------------------------------------------------------------------------------------------

  async #iterate(): Promise<void> {
    if (this.#unresolved !== undefined) await this.#resolve(this.#unresolved)
    const mail = this.#mailbox.take()
    if (mail !== undefined) return this.#answer(mail)
    if (this.#awaitingAssignment) return this.#wake.wait(idleWaitMs)
    if (!this.#reader.isIdle) await this.#reader.step()
    this.#tasks.activate()
    this.#updateState()
    const busy = await this.#work()
    const failure = this.#tasks.failure
    if (failure !== undefined || this.#isCommitDue()) await this.#commit(Number.POSITIVE_INFINITY)
    if (failure !== undefined) throw failure
    if (busy) await this.#options.clock.yieldTurn()
    else await this.#idle()
  }

  /** One slice of processing; false when there was nothing to do. */
  async #work(): Promise<boolean> {
    if (this.#paused) return this.#tasks.punctuate()
    const fetched = this.#tasks.addFetched()
    const processed = this.#tasks.process(sliceMs)
    this.#processed.value += processed
    const punctuated = this.#tasks.punctuate()
    this.#tasks.applyBackPressure()
    if (this.#collector.isFull) await this.#collector.drained()
    return fetched || processed > 0 || punctuated
  }

  async #idle(): Promise<void> {
    // Past the interval with nothing to commit there is nothing to be early for.
    const toCommitMs = this.#msToCommit()
    const waitMs = toCommitMs > 0 ? Math.min(idleWaitMs, toCommitMs) : idleWaitMs
    if (this.#paused) return this.#wake.wait(waitMs)
    if (this.#reader.isIdle) return this.#fetcher.wait(waitMs)
    await Promise.race([this.#reader.wait(waitMs), this.#fetcher.wait(waitMs)])
  }

  #isCommitDue(): boolean {
    const tasks = this.#tasks.running
    if (tasks.some(({ task }) => task.commitRequested || task.commitDue)) return true
    if (this.#msToCommit() > 0 && !this.#overBudget()) return false
    return tasks.some(({ task }) => task.commitNeeded || this.#hasPassedControlRecords(task))
  }

  /** The fetcher stands behind markers and aborted records: the position alone is worth a commit. */
  #hasPassedControlRecords(task: StreamTask): boolean {
    const { committed } = this.#tasks
    return task.inputPartitions.some(
      (key) => (this.#fetcher.position(key) ?? 0) > (committed.get(key)?.offset ?? Number.POSITIVE_INFINITY),
    )
  }

  #overBudget(): boolean {
    const { cacheMaxBytes, uncommittedMaxBytes } = this.#options.config
    let cache = 0
    let uncommitted = 0
    for (const { task } of this.#tasks.running) {
      cache += task.cacheBytes
      uncommitted += task.uncommittedBytes
    }
    return (cacheMaxBytes > 0 && cache > cacheMaxBytes) || uncommitted > uncommittedMaxBytes
  }

  #msToCommit(): number {
    return Math.max(0, this.#lastCommitMs + this.#options.config.commitIntervalMs - this.#options.clock.now())
  }

  async #commit(deadlineMs: number): Promise<void> {
    const { client, clock, config } = this.#options
    const group = this.#group
    if (group === undefined) return
    this.#committing = true
    const committed = await commit({
      exactlyOnce: config.processingGuarantee === 'exactly_once',
      client,
      collector: this.#collector,
      group,
      clock,
      tasks: this.#tasks.running,
      fetchPosition: (partition) => this.#fetcher.position(partition),
      committed: this.#tasks.committed,
      deadlineMs,
    })
    this.#committing = false
    this.#lastCommitMs = clock.now()
    this.#failuresInRow = 0
    if (committed) this.#commits.value++
  }

  #updateState(): void {
    const restoring = this.#tasks.isRestoring
    if (restoring && this.#machine.is('RUNNING')) this.#machine.become('REBALANCING', 'restore')
    if (!restoring && this.#machine.is('REBALANCING')) this.#machine.become('RUNNING', 'restore')
  }

  #wakeup(): void {
    this.#wake.wake()
    // A thread that could not be opened has none.
    this.#fetcher?.wakeup()
    this.#reader?.wakeup()
  }

  /** What ends while the thread stops, ends because of that. */
  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return
    this.#fatal ??= error instanceof Error ? error : new Error(String(error))
    this.#wakeup()
  }

  // --- the group ------------------------------------------------------------------------------------------------------

  async #answer(mail: Mail<Assigned>): Promise<void> {
    try {
      if (mail.kind === 'prepareJoin') await this.#prepareJoin(mail.deadlineMs)
      else if (mail.kind === 'lost') await this.#lost(mail.cause)
      else await this.#assigned(mail.assignment)
    } finally {
      mail.done.resolve()
    }
  }

  /** A rebalance waits for us: commit, then touch nothing until the new assignment is there. */
  async #prepareJoin(deadlineMs: number): Promise<void> {
    if (!this.#awaitingAssignment) {
      this.#rebalanceBeganMs = this.#options.clock.now()
      this.#rebalanceReason = 'the group rebalances'
      if (this.#machine.is('RUNNING')) this.#machine.become('REBALANCING', 'prepareJoin')
      await this.#guarded(() => this.#commit(deadlineMs))
      // An open transaction of ours would hold up whoever takes over; its end is worth waiting for.
      while (this.#unresolved !== undefined && !this.#stop.signal.aborted) {
        const reaction: Reaction = this.#unresolved
        await this.#guarded(() => this.#resolve(reaction))
      }
    }
    this.#awaitingAssignment = true
  }

  async #assigned({ partitions, userData }: Assigned): Promise<void> {
    const { clock, listener } = this.#options
    const info = decodeAssignment(userData)
    if (info?.error !== undefined) throw assignmentRefused(info.error)
    const before = this.#tasks.taskIds
    const wanted = info?.activeTasks ?? []
    await this.#untilDone(() => this.#tasks.reassign(wanted, partitions))
    this.#awaitingAssignment = false
    this.#lastCommitMs = clock.now()
    const event: RebalanceEvent = {
      reason: this.#rebalanceReason,
      assigned: wanted.filter((task) => !before.includes(task)),
      revoked: before.filter((task) => !wanted.includes(task)),
      durationMs: clock.now() - this.#rebalanceBeganMs,
    }
    this.#logger.info({ ...event, tasks: wanted }, 'tasks assigned')
    listener.onRebalance(event)
  }

  async #lost(cause: Error): Promise<void> {
    this.#rebalanceBeganMs = this.#options.clock.now()
    this.#rebalanceReason = cause.message
    this.#awaitingAssignment = true
    if (this.#machine.is('RUNNING')) this.#machine.become('REBALANCING', 'lost')
    this.#logger.warn(
      { err: cause, tasks: this.#tasks.taskIds },
      'membership lost; the tasks are given up and what they had not committed is discarded',
    )
    await this.#tasks.discardAll()
    this.#unresolved = 'abortable'
    await this.#guarded(() => this.#resolve('abortable'))
  }

  // --- failures -------------------------------------------------------------------------------------------------------

  async #guarded(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      await this.#recover(error)
    }
  }

  /** Acts on the reaction of `error`; throws what cannot be recovered from. */
  async #recover(error: unknown): Promise<void> {
    const reaction = reactionOf(error)
    const wasCommitting = this.#committing
    this.#committing = false
    if (!(error instanceof Error)) throw error
    if (reaction === 'fatal') {
      if (this.#stop.signal.aborted || !this.#tasks.haltBefore(error)) throw error
      // What was processed before the record that failed must not be lost with it.
      this.#logger.warn(
        { err: error },
        'a record failed; everything before it is processed again and committed, then the thread stops',
      )
      this.#unresolved = 'abortable'
      return
    }
    this.#logger.warn({ err: error, reaction }, 'recovering')
    this.#options.listener.onRecovered(error, reaction)
    if (reaction === 'offset-out-of-range' && (await this.#resetPosition(error))) return
    await this.#backOff()
    if (reaction === 'member-fenced') {
      await this.#lost(error)
      this.#group?.requestRejoin(error.message)
      return
    }
    // A request that may be repeated changed nothing, but a commit was cut by then: its records must run again.
    if (reaction === 'retriable' && !wasCommitting && this.#unresolved === undefined) return
    this.#unresolved = this.#unresolved === 'unknown-outcome' ? 'unknown-outcome' : reaction
  }

  /**
   * Ends the transaction, then rolls the tasks back. It is tried until it succeeds: were processing to go on before, the
   * records of the old transaction would be committed together with their repetition.
   */
  async #resolve(reaction: Reaction): Promise<void> {
    const outcome = await this.#endTransaction(reaction)
    // Without transactions there is no abort: what reached the changelog is there, and the stores must have it too.
    const atLeastOnce = this.#options.config.processingGuarantee === 'at_least_once'
    this.#tasks.rollback(atLeastOnce || outcome === 'unknown-outcome')
    this.#unresolved = undefined
    this.#lastCommitMs = this.#options.clock.now()
  }

  /** Aborts what is open, with a new producer where the old one is fenced or of no more use. */
  async #endTransaction(reaction: Reaction): Promise<Reaction> {
    const { producer } = this.#collector
    let outcome = reaction
    if (reaction !== 'producer-fenced') {
      try {
        await producer.abort()
        return outcome
      } catch (error) {
        if (reactionOf(error) === 'unknown-outcome') outcome = 'unknown-outcome'
        this.#logger.warn({ err: error }, 'the abort failed; a new producer resolves the transaction')
      }
    }
    await producer.close().catch(() => undefined)
    const next = newProducer(this.#options)
    await next.init()
    this.#collector.replaceProducer(next)
    return outcome
  }

  /** Repeats what only a passing fault can stop. */
  async #untilDone(step: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await step()
      } catch (error) {
        if (reactionOf(error) !== 'retriable' || this.#stop.signal.aborted) throw error
        this.#logger.warn({ err: error }, 'trying again')
        await this.#backOff()
      }
    }
  }

  async #resetPosition(error: Error): Promise<boolean> {
    if (!('topic' in error) || !('partition' in error)) return false
    try {
      return await this.#tasks.resetOutOfRange(topicPartitionKey(String(error.topic), Number(error.partition)))
    } catch (cause) {
      if (reactionOf(cause) !== 'retriable') throw cause
      // The fetcher will say it again.
      await this.#backOff()
      return true
    }
  }

  /** Nothing for a failure that comes alone; longer and longer for those that follow. Mail and `stop` end it. */
  async #backOff(): Promise<void> {
    const now = this.#options.clock.now()
    if (now - this.#lastFailureMs > 2 * backOffMaxMs) this.#failuresInRow = 0
    this.#lastFailureMs = now
    const delayMs = Math.min(backOffMaxMs, 50 * 2 ** this.#failuresInRow++)
    if (this.#failuresInRow > 1) await this.#wake.wait(delayMs)
  }
}

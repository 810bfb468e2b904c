/**
 * One member of the group with its tasks: the loop that fetches, processes, punctuates and commits.
 *
 *     CREATED ─► STARTING ─► REBALANCING ◄─► RUNNING
 *                   │             │             │
 *                   └─────────────┴──► STOPPING ┴─► DEAD
 *
 * Everything that changes tasks happens inside the loop: the group membership leaves its wishes in a mailbox, and the
 * loop answers between two steps. A commit may be under way while the loop processes; its end is looked at in the loop,
 * and before anything else that changes tasks it is waited for. So there is never more than one of commit, rollback,
 * reassignment under way.
 *
 * Between the commit that a rebalance asks for and the new assignment nothing is processed: those records could belong
 * to another member by the time they are committed.
 *
 * Every error ends in `#recover`, which acts on its reaction; there is no other place that decides.
 */
import { childLogger } from '../common/logger.ts'
import type { Logger } from '../common/logger.ts'
import { StateMachine } from '../common/state-machine.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import { reactionOf } from '../errors/streams-error.ts'
import type { Reaction } from '../errors/streams-error.ts'
import { decodeAssignment } from './assignment/user-data.ts'
import type { AssignmentInfo } from './assignment/user-data.ts'
import { BackOff } from './back-off.ts'
import { Conflicts } from './conflicts.ts'
import { Housekeeping } from './housekeeping.ts'
import type { CommitTiming } from './commit.ts'
import { ThreadMetrics } from './metrics/thread-metrics.ts'
import { Mailbox } from './mailbox.ts'
import type { Mail } from './mailbox.ts'
import { assignmentRefused, openProducer } from './thread-member.ts'
import type { Ownership } from './thread-member.ts'
import type { Assigned, RebalanceEvent, ThreadOptions, ThreadState, ThreadView } from './thread-options.ts'
import { closeParts, openParts } from './thread-parts.ts'
import type { ThreadParts } from './thread-parts.ts'
import { Wakeup } from './wakeup.ts'

/** The event loop gets its turn at least this often: heartbeats, sockets, timers. */
const sliceMs = 10
/** Arrivals, mail and the end of a commit wake the loop; this is for what only the clock tells. */
const idleWaitMs = 500
/** What cannot be recovered from is not held back for longer by a commit under way. */
const lastWaitMs = 2000

export class StreamThread {
  readonly #options: ThreadOptions
  readonly #machine: StateMachine<ThreadState>
  readonly #logger: Logger
  readonly #mailbox: Mailbox<Assigned>
  readonly #conflicts: Conflicts
  readonly #housekeeping: Housekeeping
  readonly #stop = new AbortController()
  readonly #wake: Wakeup
  readonly #backOff: BackOff
  readonly #metrics: ThreadMetrics
  #parts: ThreadParts | undefined
  #fatal: Error | undefined
  #awaitingAssignment = true
  #rebalanceBeganMs = 0
  #rebalanceReason = 'first join'
  #lostTasks: readonly string[] = []
  /** The newest that the leader told of the tasks' owners, passed on to the next leader. */
  #owners: Pick<Ownership, 'owners' | 'ownersVersion'>
  /** A transaction that must be ended, and its tasks rolled back, before anything else is done. */
  #unresolved: Reaction | undefined
  #paused = false
  #leaveGroup = true

  constructor(options: ThreadOptions) {
    this.#options = options
    this.#logger = childLogger(options.logger, { thread: options.threadId })
    this.#wake = new Wakeup(options.clock)
    const isInterrupted = (): boolean =>
      !this.#mailbox.isEmpty || this.#stop.signal.aborted || this.#fatal !== undefined
    this.#backOff = new BackOff(options.clock, this.#wake, isInterrupted)
    this.#mailbox = new Mailbox((mail) => this.#onMail(mail))
    this.#conflicts = new Conflicts(options, this.#logger)
    this.#housekeeping = new Housekeeping(options, this.#logger, this.#conflicts)
    const { version, tasks } = options.identity.knownOwners
    this.#owners = { owners: tasks, ownersVersion: version }
    const { metrics, clientId, threadId, clock } = options
    this.#metrics = new ThreadMetrics({
      registry: metrics,
      clientId,
      threadId: `${clientId}-StreamThread-${threadId}`,
      nowMs: clock.now(),
    })
    this.#metrics.show({
      inputs: () => this.#parts?.tasks.inputs ?? [],
      restores: () => this.#parts?.reader.figures ?? [],
    })
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
    return this.#parts !== undefined
  }

  get taskIds(): readonly string[] {
    return this.#parts?.tasks.taskIds ?? []
  }

  /** For status: what it works with, once it is open. */
  get view(): ThreadView {
    const { tasks, reader } = this.#parts ?? {}
    return {
      threadId: this.#metrics.threadId,
      state: this.state,
      lastCommitMs: this.#metrics.lastCommitMs,
      tasks: tasks?.all ?? [],
      inputs: tasks?.inputs ?? [],
      restores: reader?.figures ?? [],
    }
  }

  /** Stops taking records; membership, commits and restores go on. */
  setPaused(paused: boolean): void {
    this.#paused = paused
  }

  /** Runs until `stop`; resolves after a clean stop, rejects with the error that ended it. */
  async run(): Promise<void> {
    this.#machine.become('STARTING', 'run')
    try {
      const parts = await this.#open()
      this.#machine.become('REBALANCING', 'run')
      while (!this.#stop.signal.aborted) {
        // Not inside: whatever its reaction is, the membership has ended for good.
        if (this.#fatal !== undefined) throw this.#fatal
        await this.#guarded(() => this.#iterate(parts))
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

  /** While it stops: Kafka does not answer, and its client is closed. What that does not end by itself ends here. */
  giveUp(cause: Error): void {
    this.#parts?.committer.abandon(cause)
    this.#wakeup()
  }

  // --- start and end --------------------------------------------------------------------------------------------------

  async #open(): Promise<ThreadParts> {
    const parts = await openParts(this.#options, this.#logger, {
      mailbox: this.#mailbox,
      ownership: ({ taskIds }) => ({ tasks: taskIds, localTasks: this.#housekeeping.localTasks, ...this.#owners }),
      onFatal: (error) => this.#fail(error),
      wakeup: () => this.#wakeup(),
      onCommitted: (timing) => this.#onCommitted(timing),
      metrics: this.#metrics,
    })
    this.#parts = parts
    this.#rebalanceBeganMs = this.#options.clock.now()
    // The first assignment arrives by mail; the loop must run to read it.
    parts.group.start().catch((error: unknown) => this.#fail(error))
    return parts
  }

  async #shutDown(): Promise<void> {
    const parts = this.#parts
    if (parts !== undefined) {
      await this.#lastCommit(parts)
      this.#mailbox.close()
      await this.#leave(parts)
      await parts.tasks.discardAll().catch((error: unknown) => {
        this.#logger.warn({ err: error }, 'closing the tasks failed')
      })
      await closeParts(parts)
    }
    this.#mailbox.close()
    this.#metrics[Symbol.dispose]()
  }

  async #leave({ group }: ThreadParts): Promise<void> {
    const { identity, threadId } = this.#options
    try {
      await group.leave({ keepMembership: !this.#leaveGroup })
      if (this.#leaveGroup) identity.forgetMember(threadId)
    } catch (error) {
      this.#logger.warn({ err: error }, 'leaving the group failed; its session will time out')
    }
  }

  /** A failing last commit is rolled back: whoever runs the tasks next starts at the commit before. */
  async #lastCommit(parts: ThreadParts): Promise<void> {
    const { committer, collector } = parts
    const deadlineMs = this.#options.clock.now() + this.#options.config.rebalanceTimeoutMs
    try {
      await committer.settle(deadlineMs)
      if (this.#fatal !== undefined) await collector.producer.abort()
      else if (this.#unresolved !== undefined) await this.#endTransaction(parts, this.#unresolved)
      else if (!this.#awaitingAssignment) await committer.commit({ deadlineMs, toTheEnd: true })
    } catch (error) {
      if (reactionOf(error) === 'fatal') this.#fatal ??= error instanceof Error ? error : new Error(String(error))
      this.#logger.warn(
        { err: error },
        'the last commit failed and was aborted; nothing is lost, its records will be processed again',
      )
      await collector.producer.abort().catch(() => undefined)
    }
  }

  // --- the loop -------------------------------------------------------------------------------------------------------

  async #iterate(parts: ThreadParts): Promise<void> {
    const { committer, reader, tasks } = parts
    committer.check()
    if (this.#unresolved !== undefined) await this.#resolve(parts, this.#unresolved)
    const mail = this.#mailbox.take()
    if (mail !== undefined) return this.#answer(parts, mail)
    await this.#housekeeping.checkSlot()
    if (this.#awaitingAssignment) return this.#wake.wait(idleWaitMs)
    await this.#housekeeping.tidy(parts)
    this.#options.metrics.roll(this.#options.clock.now())
    if (!reader.isIdle) await reader.step()
    await tasks.activate()
    this.#updateState(parts)
    const busy = this.#work(parts)
    const { failure } = tasks
    if (failure !== undefined) await committer.commit({ toTheEnd: true })
    else if (committer.isDue) await this.#commit(parts)
    if (failure !== undefined) throw failure
    if (busy) await this.#options.clock.yieldTurn()
    else await this.#idle(parts)
  }

  /** One slice of processing; false when there was nothing to do. */
  #work({ tasks, collector, committer }: ThreadParts): boolean {
    if (this.#paused) return tasks.punctuate()
    const { clock } = this.#options
    const fetched = tasks.addFetched()
    this.#metrics.noteFetched(fetched)
    if (committer.mustWait || collector.isFull) {
      tasks.applyBackPressure()
      return false
    }
    const beganMs = clock.now()
    const processed = tasks.process(sliceMs)
    const processedMs = clock.now()
    this.#metrics.noteProcessed(processed, Math.max(0, processedMs - beganMs))
    const punctuated = tasks.punctuate()
    if (punctuated) this.#metrics.notePunctuated(Math.max(0, clock.now() - processedMs))
    tasks.applyBackPressure()
    return fetched > 0 || processed > 0 || punctuated
  }

  async #idle(parts: ThreadParts): Promise<void> {
    const { clock } = this.#options
    const isBlocked = parts.committer.mustWait || parts.collector.isFull
    const beganMs = clock.now()
    await this.#waitForWork(parts)
    const tookMs = Math.max(0, clock.now() - beganMs)
    if (isBlocked) this.#metrics.noteBlocked(tookMs)
    else this.#metrics.notePolled(tookMs)
  }

  async #waitForWork({ committer, collector, reader, fetcher, tasks }: ThreadParts): Promise<void> {
    committer.noteCaughtUp()
    // Past the interval with nothing to commit there is nothing to be early for.
    const toCommitMs = committer.msToCommit
    const waitMs = Math.min(toCommitMs > 0 ? toCommitMs : idleWaitMs, idleWaitMs, tasks.msToWallClock)
    if (this.#paused || committer.mustWait) return this.#wake.wait(waitMs)
    // Not for longer: a partition may have no leader for a while, and a rebalance would wait with us.
    if (collector.isFull) return Promise.race([collector.drained(), this.#wake.wait(waitMs)])
    if (reader.isIdle) return fetcher.wait(waitMs)
    await Promise.race([reader.wait(waitMs), fetcher.wait(waitMs)])
  }

  async #commit({ committer }: ThreadParts, deadlineMs?: number): Promise<void> {
    const { clock } = this.#options
    const beganMs = clock.now()
    try {
      if (deadlineMs === undefined) await committer.commit()
      else await committer.commit({ deadlineMs, toTheEnd: true })
    } finally {
      this.#metrics.noteCommitting(Math.max(0, clock.now() - beganMs))
    }
  }

  /** Not before: with overlap a cut succeeds however often commits fail. */
  #onCommitted(timing: Readonly<CommitTiming>): void {
    const { clock, config } = this.#options
    this.#metrics.noteCommitted(timing, config.processingGuarantee === 'exactly_once', clock.now())
    this.#backOff.reset()
  }

  #updateState({ tasks }: ThreadParts): void {
    const restoring = tasks.isRestoring
    if (restoring && this.#machine.is('RUNNING')) this.#machine.become('REBALANCING', 'restore')
    if (!restoring && this.#machine.is('REBALANCING')) this.#machine.become('RUNNING', 'restore')
  }

  /** The loop may be waiting for a commit: it must not miss the deadline of a rebalance for it. */
  #onMail(mail: Mail<Assigned>): void {
    if (mail.kind === 'prepareJoin') this.#parts?.committer.limit(mail.deadlineMs)
    else if (mail.kind === 'lost') this.#parts?.committer.abandon(mail.cause)
    this.#wakeup()
  }

  #wakeup(): void {
    this.#wake.wake()
    // A thread that could not be opened has none.
    this.#parts?.fetcher.wakeup()
    this.#parts?.reader.wakeup()
  }

  /** What ends while the thread stops, ends because of that. */
  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return
    this.#fatal ??= error instanceof Error ? error : new Error(String(error))
    this.#wakeup()
  }

  // --- the group ------------------------------------------------------------------------------------------------------

  async #answer(parts: ThreadParts, mail: Mail<Assigned>): Promise<void> {
    try {
      if (mail.kind === 'prepareJoin') await this.#prepareJoin(parts, mail.deadlineMs)
      else if (mail.kind === 'lost') await this.#lost(parts, mail.cause)
      else await this.#assigned(parts, mail.assignment)
    } catch (error) {
      // An assignment that was not taken is gone; without another one the thread would wait for ever.
      if (mail.kind === 'assigned') parts.group.requestRejoin('the assignment could not be taken')
      throw error
    } finally {
      mail.done.resolve()
    }
  }

  /** A rebalance waits for us: commit, then touch nothing until the new assignment is there. */
  async #prepareJoin(parts: ThreadParts, deadlineMs: number): Promise<void> {
    if (!this.#awaitingAssignment) {
      this.#rebalanceBeganMs = this.#options.clock.now()
      this.#rebalanceReason = 'the group rebalances'
      if (this.#machine.is('RUNNING')) this.#machine.become('REBALANCING', 'prepareJoin')
      await this.#guarded(() => this.#commit(parts, deadlineMs))
      // An open transaction of ours would hold up whoever takes over; its end is worth waiting for.
      while (this.#unresolved !== undefined && !this.#stop.signal.aborted) {
        const reaction: Reaction = this.#unresolved
        await this.#guarded(() => this.#resolve(parts, reaction))
      }
    }
    this.#awaitingAssignment = true
  }

  async #assigned(parts: ThreadParts, { partitions, userData, isLate }: Assigned): Promise<void> {
    const { clock, listener, identity } = this.#options
    const { tasks, committer, watch } = parts
    const info = decodeAssignment(userData)
    if (info?.error !== undefined) throw assignmentRefused(info.error)
    if (info !== undefined) await this.#learn(parts, info)
    // Named as a duplicate: until it is known who is alive there is nothing to run.
    if (info?.conflict !== undefined && info.activeTasks.length === 0) {
      // Others may have our tasks for as long as that takes.
      tasks.catchUp()
      return
    }
    if (isLate) tasks.catchUp()
    const before = tasks.taskIds
    const wanted = info?.activeTasks ?? []
    await this.#untilDone(() => tasks.reassign(wanted, partitions))
    this.#housekeeping.noteOpened(wanted)
    watch.watch(tasks.topics, tasks.outputTopics)
    this.#awaitingAssignment = false
    committer.restartInterval()
    const event: RebalanceEvent = {
      reason: this.#rebalanceReason,
      assigned: wanted.filter((task) => !before.includes(task)),
      revoked: [...before, ...this.#lostTasks].filter((task) => !wanted.includes(task)),
      durationMs: clock.now() - this.#rebalanceBeganMs,
    }
    this.#lostTasks = []
    this.#logger.info({ ...event, tasks: wanted }, 'tasks assigned')
    this.#metrics.noteRebalanced(event.durationMs, event.assigned.length, event.revoked.length)
    listener.onRebalance(event)
    await identity.settlePredecessors()
  }

  /** Before the new tasks are touched: open transactions of members that are gone would hold them up. */
  async #learn({ group }: ThreadParts, info: AssignmentInfo): Promise<void> {
    const { client, config, identity } = this.#options
    const { owners, ownersVersion, fence, conflict } = info
    if (ownersVersion >= this.#owners.ownersVersion) {
      this.#owners = { owners, ownersVersion }
      await identity.rememberOwners({ version: ownersVersion, tasks: owners })
    }
    if (conflict !== undefined && (await this.#conflicts.settle(conflict)))
      group.requestRejoin('a duplicate was removed')
    if (fence.length === 0) return
    this.#logger.info({ transactionalIds: fence }, 'ending the transactions of members that are gone')
    const { transactionTimeoutMs } = config
    await this.#untilDone(() => client.fenceProducers(fence, { transactionTimeoutMs }))
  }

  async #lost(parts: ThreadParts, cause: Error): Promise<void> {
    this.#rebalanceBeganMs = this.#options.clock.now()
    this.#rebalanceReason = cause.message
    this.#awaitingAssignment = true
    if (this.#machine.is('RUNNING')) this.#machine.become('REBALANCING', 'lost')
    this.#logger.warn(
      { err: cause, tasks: parts.tasks.taskIds },
      'membership lost; the tasks are given up and what they had not committed is discarded',
    )
    // A commit that was asked for may still succeed: its answer is waited for, so that nothing of it comes later.
    parts.committer.abandon(cause)
    await parts.committer.settle().catch((error: unknown) => {
      this.#logger.info({ err: error }, 'the commit under way has failed with the membership')
    })
    parts.committer.takeFailed()
    this.#metrics.noteFenced('member')
    this.#lostTasks = [...this.#lostTasks, ...parts.tasks.taskIds]
    await parts.tasks.discardAll()
    this.#unresolved = 'producer-fenced'
    await this.#guarded(() => this.#resolve(parts, 'producer-fenced'))
  }

  // --- failures -------------------------------------------------------------------------------------------------------

  /** A commit that is under way ends before its tasks are rolled back: what it says then counts as well. */
  async #guarded(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      const deadlineMs = reactionOf(error) === 'fatal' ? this.#options.clock.now() + lastWaitMs : undefined
      const other = await this.#parts?.committer.settle(deadlineMs).then(
        () => undefined,
        (failure: unknown) => ({ failure }),
      )
      const isOfCommit = this.#parts?.committer.takeFailed() === true
      if (isOfCommit) this.#metrics.noteCommitFailed()
      await this.#recover(error, isOfCommit)
      if (other !== undefined) await this.#recover(other.failure, isOfCommit)
    }
  }

  /** Acts on the reaction of `error`; throws what cannot be recovered from. `isOfCommit`: a commit has failed with it. */
  async #recover(error: unknown, isOfCommit: boolean): Promise<void> {
    const parts = this.#parts
    const reaction = reactionOf(error)
    if (!(error instanceof Error) || parts === undefined) throw error
    if (reaction === 'fatal') {
      if (this.#stop.signal.aborted || !parts.tasks.haltBefore(error)) throw error
      // What was processed before the record that failed must not be lost with it.
      this.#logger.warn(
        { err: error },
        'a record failed; everything before it is processed again and committed, then the thread stops',
      )
      this.#mustResolve('abortable')
      return
    }
    this.#logger.warn({ err: error, reaction }, 'recovering')
    this.#options.listener.onRecovered(error, reaction)
    this.#metrics.noteRecovered(reaction)
    if (reaction === 'producer-fenced') this.#metrics.noteFenced('producer')
    if (reaction === 'offset-out-of-range' && (await this.#resetPosition(parts, error))) return
    await this.#backOff.wait()
    if (reaction === 'member-fenced') {
      await this.#lost(parts, error)
      parts.group.requestRejoin(error.message)
      return
    }
    // A request that may be repeated changed nothing, but a commit was cut by then: its records must run again.
    if (reaction === 'retriable' && !isOfCommit && this.#unresolved === undefined) return
    this.#mustResolve(reaction)
  }

  /** What is worst stays: an unknown outcome asks for a replay, whatever else is found out about its transaction. */
  #mustResolve(reaction: Reaction): void {
    this.#unresolved = this.#unresolved === 'unknown-outcome' ? 'unknown-outcome' : reaction
  }

  /**
   * Ends the transaction, then rolls the tasks back. It is tried until it succeeds: were processing to go on before, the
   * records of the old transaction would be committed together with their repetition.
   */
  async #resolve(parts: ThreadParts, reaction: Reaction): Promise<void> {
    const outcome = await this.#endTransaction(parts, reaction)
    // Without transactions there is no abort: what reached the changelog is there, and the stores must have it too.
    const atLeastOnce = this.#options.config.processingGuarantee === 'at_least_once'
    parts.tasks.rollback(atLeastOnce || outcome === 'unknown-outcome')
    this.#unresolved = undefined
    parts.committer.restartInterval()
  }

  /** Aborts what is open, with a new producer where the old one is fenced or of no more use. */
  async #endTransaction({ collector }: ThreadParts, reaction: Reaction): Promise<Reaction> {
    const { producer } = collector
    let outcome = reaction
    if (producer.inTransaction) this.#metrics.noteAborted()
    // Closed: an earlier attempt found no broker that would have given it a successor.
    if (reaction !== 'producer-fenced' && !producer.isClosed) {
      try {
        await producer.abort()
        return outcome
      } catch (error) {
        if (reactionOf(error) === 'unknown-outcome') {
          outcome = 'unknown-outcome'
          // Also for the next attempt, should the new producer fail.
          this.#mustResolve(outcome)
        }
        this.#logger.warn({ err: error }, 'the abort failed; a new producer resolves the transaction')
      }
    }
    await producer.close().catch(() => undefined)
    collector.replaceProducer(await openProducer(this.#options))
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
        await this.#backOff.wait()
      }
    }
  }

  async #resetPosition({ tasks }: ThreadParts, error: Error): Promise<boolean> {
    if (!('topic' in error) || !('partition' in error)) return false
    try {
      return await tasks.resetOutOfRange(topicPartitionKey(String(error.topic), Number(error.partition)))
    } catch (cause) {
      if (reactionOf(cause) !== 'retriable') throw cause
      // The fetcher will say it again.
      await this.#backOff.wait()
      return true
    }
  }
}

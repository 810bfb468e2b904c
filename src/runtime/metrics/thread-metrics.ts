/**
 * The figures of one stream thread, and where they are shown. Noted once per slice, wait or commit, never per record; the
 * times are those that the loop has read anyway.
 */
import type { Histogram } from '../../common/histogram.ts'
import type { Counter, MetricsRegistry, Tags } from '../../common/metrics.ts'
import type { SampledStat } from '../../common/sampled-stat.ts'
import type { Reaction } from '../../errors/streams-error.ts'
import type { CommitTiming } from '../commit.ts'
import { inputMetrics, taskMetrics, threadMetrics } from './catalogue.ts'

export interface ThreadMetricsOptions {
  readonly registry: MetricsRegistry
  /** As it is shown, like Java's: `<client id>-StreamThread-1`. */
  readonly threadId: string
  readonly clientId: string
  readonly nowMs: number
}

/** An input partition as it is at the moment. */
export interface InputFigures {
  readonly taskId: string
  readonly topic: string
  readonly partition: number
  /** Up to where is processed; undefined while the task does not run. */
  readonly position: number | undefined
  readonly committed: number | undefined
  /** As the last fetch has seen them; undefined before the first. */
  readonly highWatermark: number | undefined
  readonly lastStableOffset: number | undefined
  readonly lag: number | undefined
  /** Enough is buffered. */
  readonly isPaused: boolean
  readonly pausedMs: number
}

/** A changelog that is being replayed. */
export interface RestoreFigures {
  readonly taskId: string
  readonly store: string
  readonly topic: string
  readonly partition: number
  readonly restored: number
  /** Offsets, of which markers and compacted records are no records. */
  readonly total: number
  readonly remaining: number
  readonly beganMs: number
}

export interface ThreadLook {
  readonly inputs: () => readonly InputFigures[]
  readonly restores: () => readonly RestoreFigures[]
}

export class ThreadMetrics implements Disposable {
  readonly threadId: string
  lastCommitMs: number
  readonly #registry: MetricsRegistry
  readonly #tags: Tags
  readonly #disposables: Disposable[] = []
  readonly #counters: Readonly<Record<CounterName, Counter>>
  readonly #byLabel = new Map<string, Counter>()
  readonly #processLatency: SampledStat
  readonly #processRecords: SampledStat
  readonly #pollLatency: SampledStat
  readonly #pollRecords: SampledStat
  readonly #punctuateLatency: SampledStat
  readonly #commitLatency: SampledStat
  readonly #slices: Histogram
  readonly #rebalances: Histogram
  readonly #restores: Histogram
  readonly #clientTags: Tags
  #processMs = 0
  #pollMs = 0
  #punctuateMs = 0
  #commitMs = 0
  #blockedMs = 0

  constructor({ registry, threadId, clientId, nowMs }: ThreadMetricsOptions) {
    const tags = { 'thread-id': threadId }
    this.threadId = threadId
    this.lastCommitMs = nowMs
    this.#registry = registry
    this.#tags = tags
    this.#clientTags = { 'client-id': clientId }
    const counter = (name: CounterName): Counter =>
      this.#own(registry.counter(threadMetrics[name], name === 'rebalance' ? this.#clientTags : tags))
    this.#counters = {
      process: counter('process'),
      poll: counter('poll'),
      punctuate: counter('punctuate'),
      commit: counter('commit'),
      taskCreated: counter('taskCreated'),
      taskClosed: counter('taskClosed'),
      transactions: counter('transactions'),
      aborts: counter('aborts'),
      commitFailures: counter('commitFailures'),
      rebalance: counter('rebalance'),
    }
    this.#processLatency = this.#own(registry.stat(threadMetrics.processLatency, tags))
    this.#processRecords = this.#own(registry.stat(threadMetrics.processRecords, tags))
    this.#pollLatency = this.#own(registry.stat(threadMetrics.pollLatency, tags))
    this.#pollRecords = this.#own(registry.stat(threadMetrics.pollRecords, tags))
    this.#punctuateLatency = this.#own(registry.stat(threadMetrics.punctuateLatency, tags))
    this.#commitLatency = this.#own(registry.stat(threadMetrics.commitLatency, tags))
    this.#slices = registry.histogram(threadMetrics.processSlice, tags)
    this.#rebalances = registry.histogram(threadMetrics.rebalanceDuration, tags)
    this.#restores = registry.histogram(threadMetrics.restoreDuration, tags)
    for (const phase of phases) this.#phase(phase)
    for (const kind of ['producer', 'member']) this.#labelled('fenced', 'kind', kind)
    this.#showTimes()
  }

  #showTimes(): void {
    const registry = this.#registry
    const tags = this.#tags
    this.#own(registry.ratio(threadMetrics.processRatio, tags, () => this.#processMs))
    this.#own(registry.ratio(threadMetrics.pollRatio, tags, () => this.#pollMs))
    this.#own(registry.ratio(threadMetrics.punctuateRatio, tags, () => this.#punctuateMs))
    this.#own(registry.ratio(threadMetrics.commitRatio, tags, () => this.#commitMs))
    this.#own(registry.observe(threadMetrics.blockedTime, tags, () => this.#blockedMs * 1e6))
    this.#own(registry.observe(threadMetrics.lastCommit, tags, () => this.lastCommitMs))
  }

  /** What the thread has at the moment; looked up when somebody reads. */
  show({ inputs, restores }: ThreadLook): void {
    const registry = this.#registry
    const each = (value: (input: InputFigures) => number | undefined) =>
      function* (this: void) {
        for (const input of inputs()) {
          const found = value(input)
          if (found !== undefined) yield { tags: tagsOf(input), value: found }
        }
      }
    const tagsOf = ({ taskId, topic, partition }: InputFigures): Tags => ({
      ...this.#clientTags,
      ...this.#tags,
      'task-id': taskId,
      topic,
      partition: String(partition),
    })
    this.#own(
      registry.observeAll(
        inputMetrics.lag,
        each(({ lag }) => lag),
      ),
    )
    this.#own(
      registry.observeAll(
        inputMetrics.position,
        each(({ position }) => position),
      ),
    )
    this.#own(
      registry.observeAll(
        inputMetrics.committed,
        each(({ committed }) => committed),
      ),
    )
    this.#own(
      registry.observeAll(
        inputMetrics.highWatermark,
        each(({ highWatermark }) => highWatermark),
      ),
    )
    this.#own(
      registry.observeAll(
        inputMetrics.lastStable,
        each(({ lastStableOffset }) => lastStableOffset),
      ),
    )
    this.#own(
      registry.observeAll(
        inputMetrics.paused,
        each(({ pausedMs }) => pausedMs),
      ),
    )
    const remaining = (): Iterable<{ tags: Tags; value: number }> => {
      const byTask = new Map<string, number>()
      for (const { taskId, remaining: left } of restores()) byTask.set(taskId, (byTask.get(taskId) ?? 0) + left)
      return [...byTask].map(([taskId, value]) => ({ tags: { ...this.#tags, 'task-id': taskId }, value }))
    }
    this.#own(registry.observeAll(taskMetrics.restoreRemaining, remaining))
  }

  // --- what the loop tells --------------------------------------------------------------------------------------------

  noteFetched(records: number): void {
    this.#counters.poll.value++
    if (records > 0) this.#pollRecords.record(records)
  }

  noteProcessed(records: number, tookMs: number): void {
    this.#counters.process.value += records
    if (records === 0) return
    this.#processMs += tookMs
    this.#processLatency.recordMany(records, tookMs, tookMs / records, tookMs / records)
    this.#processRecords.record(records)
    this.#slices.observe(tookMs / 1000)
  }

  notePunctuated(tookMs: number): void {
    this.#counters.punctuate.value++
    this.#punctuateMs += tookMs
    this.#punctuateLatency.record(tookMs)
  }

  /** It had nothing to do. */
  notePolled(tookMs: number): void {
    this.#pollMs += tookMs
    this.#pollLatency.record(tookMs)
  }

  /** There was something to do, and it had to wait. */
  noteBlocked(tookMs: number): void {
    this.#blockedMs += tookMs
  }

  /** The loop was in a commit, or waited for one. */
  noteCommitting(tookMs: number): void {
    this.#commitMs += tookMs
    this.#blockedMs += tookMs
  }

  noteCommitted(timing: CommitTiming, isTransaction: boolean, nowMs: number): void {
    const { cutMs, flushMs, transactionMs, engineMs } = timing
    const totalMs = cutMs + flushMs + transactionMs + engineMs
    this.lastCommitMs = nowMs
    this.#counters.commit.value++
    if (isTransaction) this.#counters.transactions.value++
    this.#commitLatency.record(totalMs)
    this.#phase('cut').observe(cutMs / 1000)
    this.#phase('flush').observe(flushMs / 1000)
    this.#phase('transaction').observe(transactionMs / 1000)
    this.#phase('engine').observe(engineMs / 1000)
    this.#phase('total').observe(totalMs / 1000)
  }

  noteCommitFailed(): void {
    this.#counters.commitFailures.value++
  }

  noteAborted(): void {
    this.#counters.aborts.value++
  }

  noteFenced(kind: 'producer' | 'member'): void {
    this.#labelled('fenced', 'kind', kind).value++
  }

  noteRecovered(reaction: Reaction): void {
    this.#labelled('recoveries', 'reaction', reaction).value++
  }

  noteRebalanced(tookMs: number, created: number, closed: number): void {
    this.#counters.rebalance.value++
    this.#counters.taskCreated.value += created
    this.#counters.taskClosed.value += closed
    this.#rebalances.observe(tookMs / 1000)
  }

  noteRestored(tookMs: number): void {
    this.#restores.observe(tookMs / 1000)
  }

  [Symbol.dispose](): void {
    for (const each of this.#disposables.splice(0)) each[Symbol.dispose]()
  }

  // --- registration ---------------------------------------------------------------------------------------------------

  #phase(phase: (typeof phases)[number]): Histogram {
    return this.#registry.histogram(threadMetrics.commitDuration, { ...this.#tags, phase })
  }

  #labelled(name: 'fenced' | 'recoveries', label: string, value: string): Counter {
    const key = `${name} ${value}`
    let counter = this.#byLabel.get(key)
    if (counter === undefined) {
      counter = this.#own(this.#registry.counter(threadMetrics[name], { ...this.#tags, [label]: value }))
      this.#byLabel.set(key, counter)
    }
    return counter
  }

  #own<D extends Disposable>(disposable: D): D {
    this.#disposables.push(disposable)
    return disposable
  }
}

const phases = ['cut', 'flush', 'transaction', 'engine', 'total'] as const

type CounterName =
  | 'process'
  | 'poll'
  | 'punctuate'
  | 'commit'
  | 'taskCreated'
  | 'taskClosed'
  | 'transactions'
  | 'aborts'
  | 'commitFailures'
  | 'rebalance'

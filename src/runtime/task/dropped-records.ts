import type { Clock } from '../../common/clock.ts'
import type { Logger } from '../../common/logger.ts'
import type { Counter, MetricsRegistry, Tags } from '../../common/metrics.ts'
import type { DropReason } from '../../processor/drop-reason.ts'
import type { RecordContext } from '../../processor/record-context.ts'
import { taskMetrics } from '../metrics/catalogue.ts'

interface Reason {
  readonly counter: Counter & Disposable
  lastLoggedMs: number
  unlogged: number
}

const logIntervalMs = 10_000

/**
 * Every record that a task drops is counted here, with its reason; the log says where, but not more often than every ten
 * seconds per reason. Never what was in the record.
 */
export class DroppedRecords implements Disposable {
  readonly #tags: Tags
  readonly #metrics: MetricsRegistry
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #total: Disposable
  readonly #reasons = new Map<DropReason, Reason>()

  /** `tags`: `task-id`, and what else tells where it runs. */
  constructor(tags: Tags, metrics: MetricsRegistry, clock: Clock, logger: Logger) {
    this.#tags = tags
    this.#metrics = metrics
    this.#clock = clock
    this.#logger = logger
    // There from the start, so that a reader sees 0 and not nothing.
    this.#total = metrics.counter(taskMetrics.dropped, { ...tags, reason: 'none' })
  }

  /** What a dead-letter topic has counts as dropped, too, as in Kafka Streams, and is told as what it is. */
  drop(
    reason: DropReason,
    node: string,
    { topic, partition, offset }: Pick<RecordContext, 'topic' | 'partition' | 'offset'>,
    isDeadLetter = false,
  ): void {
    const known = this.#reasons.get(reason) ?? this.#add(reason)
    known.counter.value++
    known.unlogged++
    const now = this.#clock.now()
    if (now - known.lastLoggedMs < logIntervalMs) return
    this.#logger.warn(
      { taskId: this.#tags['task-id'], node, topic, partition, offset, reason, count: known.unlogged },
      isDeadLetter ? 'sent a record to a dead-letter topic' : 'dropped a record',
    )
    known.lastLoggedMs = now
    known.unlogged = 0
  }

  [Symbol.dispose](): void {
    this.#total[Symbol.dispose]()
    for (const { counter } of this.#reasons.values()) counter[Symbol.dispose]()
    this.#reasons.clear()
  }

  #add(reason: DropReason): Reason {
    const counter = this.#metrics.counter(taskMetrics.dropped, { ...this.#tags, reason })
    const added: Reason = { counter, lastLoggedMs: -Infinity, unlogged: 0 }
    this.#reasons.set(reason, added)
    return added
  }
}

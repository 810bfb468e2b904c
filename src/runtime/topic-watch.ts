/**
 * Notices what happens to topics while tasks read them: deleted, made anew under the same name, given more partitions,
 * and, for sources with a pattern, added. Without it a deleted topic is silence, and a recreated one is read from offsets
 * that belonged to another.
 *
 * Every member looks after the topics of its own tasks. That there are more partitions or topics than planned is for the
 * leader of the group to see, who alone knows what it planned with: members whose tasks stayed would ask for rebalances
 * without end.
 *
 * Of topics that are only written to the partition counts matter, and that they are there at all: to one that is gone
 * nothing can ever be committed.
 *
 * It asks in the background, one question at a time, and must never change anything: what it found waits for `take`.
 * What would stop the application counts only when two answers in a row say it: see `topic-loss.ts`.
 */
import type { Clock } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import type { RuntimeError } from '../errors/runtime-error.ts'
import type { TopicMetadata } from '../kafka/client/kafka-client.ts'
import { confirmationMs, lossOf, lossOfRead, outputDeleted } from './topic-loss.ts'
import type { DescribesTopics, TopicLoss } from './topic-loss.ts'
import type { TopicKind } from './topology-plan.ts'

/**
 * `deleted` and `recreated` stop the thread with their error; `repartitioned` and `appeared` are a reason to rebalance;
 * `resized` is one that is written to.
 */
export type TopicChange =
  | { readonly kind: TopicLoss; readonly topic: string; readonly error: RuntimeError }
  | { readonly kind: 'resized'; readonly topic: string; readonly metadata: TopicMetadata }
  | { readonly kind: 'repartitioned' | 'appeared'; readonly topic: string; readonly partitionCount: number }

export interface TopicWatchOptions {
  readonly client: DescribesTopics
  readonly clock: Clock
  readonly logger: Logger
  /** Whether a source with a pattern reads a topic of that name; undefined: there is no such source. */
  readonly matchesPattern?: ((topic: string) => boolean) | undefined
  /** What records are partitioned with: the topics that were written to. */
  readonly written?: () => ReadonlyMap<string, TopicMetadata>
  /** Default: all of them are users' topics. */
  readonly kindOf?: (topic: string) => TopicKind
  /** Called when `take` has something. */
  readonly onChange?: () => void
}

const intervalMs = 30_000

export class TopicWatch {
  readonly #options: TopicWatchOptions
  /** As they were when their tasks were opened. */
  #topics: ReadonlyMap<string, TopicMetadata> = new Map()
  /** Those that they write to whatever comes, by name. */
  #outputs: ReadonlySet<string> = new Set()
  /** Of the leader: the inputs that it planned with, by their partition counts. Effective with the assignment. */
  #plan: ReadonlyMap<string, number> | undefined
  #nextPlan: ReadonlyMap<string, number> | undefined
  /** Told once until the next assignment. */
  readonly #told = new Set<string>()
  /** What the last answer said, yet to be confirmed. */
  #unconfirmed: ReadonlyMap<string, TopicLoss> = new Map()
  #changes: TopicChange[] = []
  #nextMs = Infinity
  #askedMs = -Infinity
  #isAsking = false
  /** An answer to a question from before the last `watch` or `close` is not looked at. */
  #round = 0

  constructor(options: TopicWatchOptions) {
    this.#options = options
  }

  /** This member leads the rebalance: all input topics that it planned tasks of, and their partition counts. */
  planned(topics: ReadonlyMap<string, number>): void {
    this.#nextPlan = topics
  }

  /**
   * An assignment: the topics that its tasks depend on, as they were when these were opened, and those that they write to
   * and cannot do without. Who did not plan it leads no longer.
   */
  watch(topics: ReadonlyMap<string, TopicMetadata>, outputs: readonly string[] = []): void {
    this.#topics = new Map(topics)
    this.#outputs = new Set(outputs)
    this.#plan = this.#nextPlan
    this.#nextPlan = undefined
    this.#told.clear()
    this.#unconfirmed = new Map()
    this.#changes = []
    this.#round++
    this.#nextMs = this.#options.clock.now() + intervalMs
  }

  /** A broker said that it does not know this topic, or knows another: the next question is due soon. */
  suspect(topic: string): void {
    if (this.#watches(topic)) this.#nextMs = Math.min(this.#nextMs, this.#askedMs + confirmationMs)
  }

  /** Asks when it is time to; returns at once. */
  check(nowMs: number): void {
    if (this.#isAsking || nowMs < this.#nextMs) return
    this.#askedMs = nowMs
    this.#nextMs = nowMs + intervalMs
    void this.#ask(this.#round)
  }

  /** What was found and not taken yet; what stops the application comes first. */
  take(): TopicChange | undefined {
    const fatal = this.#changes.findIndex((change) => 'error' in change)
    return this.#changes.splice(Math.max(0, fatal), 1)[0]
  }

  close(): void {
    this.#round++
    this.#topics = new Map()
    this.#outputs = new Set()
    this.#plan = undefined
    this.#changes = []
    this.#nextMs = Infinity
  }

  get #written(): ReadonlyMap<string, TopicMetadata> {
    return this.#options.written?.() ?? new Map<string, TopicMetadata>()
  }

  #kindOf(topic: string): TopicKind {
    return this.#options.kindOf?.(topic) ?? 'external'
  }

  #watches(topic: string): boolean {
    return this.#topics.has(topic) || this.#plan?.has(topic) === true
  }

  async #ask(round: number): Promise<void> {
    const { client, clock, logger, matchesPattern } = this.#options
    const isOfPattern = this.#plan !== undefined && matchesPattern !== undefined
    const names = new Set([...this.#topics.keys(), ...(this.#plan?.keys() ?? []), ...this.#written.keys()])
    if (names.size === 0 && !isOfPattern) return
    this.#isAsking = true
    try {
      const found = await client.describeTopics(isOfPattern ? 'all' : [...names])
      if (round === this.#round) this.#compare(found, clock.now())
    } catch (error) {
      if (round === this.#round) logger.info({ error }, 'looking after the topics failed; it is tried again')
    } finally {
      this.#isAsking = false
    }
  }

  #compare(found: ReadonlyMap<string, TopicMetadata>, nowMs: number): void {
    const before = this.#changes.length
    const unconfirmed = new Map<string, TopicLoss>()
    for (const [topic, { loss, error }] of this.#losses(found)) {
      if (this.#unconfirmed.get(topic) === loss) this.#tell({ kind: loss, topic, error })
      else unconfirmed.set(topic, loss)
    }
    this.#compareWithPlan(found)
    this.#compareCounts(found)
    this.#unconfirmed = unconfirmed
    if (unconfirmed.size > 0) this.#nextMs = nowMs + confirmationMs
    if (this.#changes.length > before) this.#options.onChange?.()
  }

  #losses(found: ReadonlyMap<string, TopicMetadata>): Map<string, { loss: TopicLoss; error: RuntimeError }> {
    const losses = new Map<string, { loss: TopicLoss; error: RuntimeError }>()
    for (const [topic, known] of this.#written) {
      if (!this.#outputs.has(topic) || found.has(topic)) continue
      losses.set(topic, { loss: 'deleted', error: outputDeleted(known, this.#kindOf(topic)) })
    }
    // Last: of one that is read as well there is more to say.
    for (const [topic, known] of this.#topics) {
      const now = found.get(topic)
      const loss = lossOf(known, now)
      if (loss !== undefined) losses.set(topic, { loss, error: lossOfRead(known, now, this.#kindOf(topic)) })
    }
    return losses
  }

  /** Of users' topics only: how many partitions an internal one must have is the plan's, and its leader refuses another. */
  #compareCounts(found: ReadonlyMap<string, TopicMetadata>): void {
    for (const [topic, known] of this.#written) {
      const now = found.get(topic)
      if (now === undefined || this.#kindOf(topic) !== 'external') continue
      const isAnother = lossOf(known, now) !== undefined
      if (isAnother || now.partitionCount > known.partitionCount)
        this.#changes.push({ kind: 'resized', topic, metadata: now })
    }
  }

  #compareWithPlan(found: ReadonlyMap<string, TopicMetadata>): void {
    if (this.#plan === undefined) return
    for (const [topic, { partitionCount }] of found) {
      const planned = this.#plan.get(topic)
      if (planned === undefined) {
        if (this.#options.matchesPattern?.(topic) === true) this.#tell({ kind: 'appeared', topic, partitionCount })
      } else if (partitionCount > planned) {
        this.#tell({ kind: 'repartitioned', topic, partitionCount })
      }
    }
  }

  #tell(change: TopicChange): void {
    if (this.#told.has(change.topic)) return
    this.#told.add(change.topic)
    this.#changes.push(change)
  }
}

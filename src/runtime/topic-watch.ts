/**
 * Notices what happens to topics while tasks read them: deleted, made anew under the same name, given more partitions,
 * and, for sources with a pattern, added. Without it a deleted topic is silence, and a recreated one is read from offsets
 * that belonged to another.
 *
 * Every member looks after the topics of its own tasks. That there are more partitions or topics than planned is for the
 * leader of the group to see, who alone knows what it planned with: members whose tasks stayed would ask for rebalances
 * without end.
 *
 * It asks in the background, one question at a time, and must never change anything: what it found waits for `take`.
 * Brokers learn of changes one after the other, and one that is behind answers as if it were the past. So what would stop
 * the application counts only when two answers in a row, at least a second apart, say it.
 */
import type { Clock } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import type { KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'

/** `deleted` and `recreated` stop the thread with their error; the others are a reason to rebalance. */
export type TopicChange =
  | { readonly kind: 'deleted' | 'recreated'; readonly topic: string; readonly error: RuntimeError }
  | { readonly kind: 'repartitioned' | 'appeared'; readonly topic: string; readonly partitionCount: number }

export interface TopicWatchOptions {
  readonly client: Pick<KafkaClient, 'describeTopics'>
  readonly clock: Clock
  readonly logger: Logger
  /** Whether a source with a pattern reads a topic of that name; undefined: there is no such source. */
  readonly matchesPattern?: ((topic: string) => boolean) | undefined
  /** Called when `take` has something. */
  readonly onChange?: () => void
}

const intervalMs = 30_000
/** Between two questions, whatever the reason; also between two answers that confirm each other. */
const confirmationMs = 1000
/** What brokers without topic ids answer (before 2.8). */
const noTopicId = '00000000-0000-0000-0000-000000000000'

type Finding = 'deleted' | 'recreated'

export class TopicWatch {
  readonly #options: TopicWatchOptions
  /** As they were when their tasks were opened. */
  #topics: ReadonlyMap<string, TopicMetadata> = new Map()
  /** Of the leader: the inputs that it planned with, by their partition counts. Effective with the assignment. */
  #plan: ReadonlyMap<string, number> | undefined
  #nextPlan: ReadonlyMap<string, number> | undefined
  /** Told once until the next assignment. */
  readonly #told = new Set<string>()
  /** What the last answer said, yet to be confirmed. */
  #unconfirmed: ReadonlyMap<string, Finding> = new Map()
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

  /** An assignment: the topics of the tasks, as they were when these were opened. Who did not plan it leads no longer. */
  watch(topics: ReadonlyMap<string, TopicMetadata>): void {
    this.#topics = new Map(topics)
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
    this.#plan = undefined
    this.#changes = []
    this.#nextMs = Infinity
  }

  #watches(topic: string): boolean {
    return this.#topics.has(topic) || this.#plan?.has(topic) === true
  }

  async #ask(round: number): Promise<void> {
    const { client, clock, logger, matchesPattern } = this.#options
    const isOfPattern = this.#plan !== undefined && matchesPattern !== undefined
    const names = new Set([...this.#topics.keys(), ...(this.#plan?.keys() ?? [])])
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
    const unconfirmed = new Map<string, Finding>()
    for (const [topic, known] of this.#topics) {
      const now = found.get(topic)
      const finding = findingOf(known, now)
      if (finding === undefined) continue
      if (this.#unconfirmed.get(topic) === finding) {
        this.#tell({ kind: finding, topic, error: finding === 'deleted' ? deleted(known) : recreated(known, now) })
      } else {
        unconfirmed.set(topic, finding)
      }
    }
    this.#compareWithPlan(found)
    this.#unconfirmed = unconfirmed
    if (unconfirmed.size > 0) this.#nextMs = nowMs + confirmationMs
    if (this.#changes.length > before) this.#options.onChange?.()
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

function findingOf(known: TopicMetadata, now: TopicMetadata | undefined): Finding | undefined {
  if (now === undefined) return 'deleted'
  if (hasId(known) && hasId(now)) return known.topicId === now.topicId ? undefined : 'recreated'
  // A topic never loses partitions: without ids this is the only sign. With them a smaller count is an old answer.
  return now.partitionCount < known.partitionCount ? 'recreated' : undefined
}

function hasId({ topicId }: TopicMetadata): boolean {
  return topicId !== '' && topicId !== noTopicId
}

function deleted({ name, partitionCount }: TopicMetadata): RuntimeError {
  return new RuntimeError(
    'MILLRACE_TOPIC_DELETED',
    `the topic '${name}' was deleted while the application reads it; stop all instances, and either create it again (it had ${partitionCount} partitions) and reset the group's offsets for it, or take it out of the topology`,
    { topic: name },
  )
}

function recreated(known: TopicMetadata, now: TopicMetadata | undefined): RuntimeError {
  const ids = hasId(known) && now !== undefined ? ` (its id was ${known.topicId} and is ${now.topicId})` : ''
  return new RuntimeError(
    'MILLRACE_TOPIC_RECREATED',
    `the topic '${known.name}' was deleted and made anew while the application reads it${ids}; the committed offsets and the state belong to the old one: stop all instances, reset the group's offsets for it, and start again (with a new application id if the state shall begin afresh, too)`,
    { topic: known.name },
  )
}

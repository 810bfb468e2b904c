/**
 * Sends letters again, each once. What is sent and which letters that were go into one transaction: a crash leaves both
 * or neither, and the next call goes on where the last commit was. Two calls for one topic share a transactional id: the
 * later one fences the earlier before it reads how far that was.
 */
import { systemClock } from '../../common/clock.ts'
import type { Headers } from '../../common/headers.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import { CliError } from '../../errors/cli-error.ts'
import type { KafkaClient, Producer } from '../../kafka/client/kafka-client.ts'
import { retriesHeader } from '../../processor/letter-headers.ts'
import { keyView, valueView } from '../../processor/record-set.ts'
import type { RecordCursor } from '../../processor/record-set.ts'
import { RecordCollector } from '../../runtime/record-collector.ts'
import { originalHeaders, provenanceOf } from './letter.ts'
import { letterRanges, letterSets } from './letter-reader.ts'
import type { Ranges } from './letter-reader.ts'
import { clipped, firstOpen, forgotten, noProgress, ProgressPass } from './progress.ts'
import type { Progress } from './progress.ts'
import { committedProgress, groupIdentity, offsetOf, retryGroup } from './retry-group.ts'
import { decide } from './retry-plan.ts'
import type { Decision, RetryRules, Targets } from './retry-plan.ts'
import { countSent, countStay, newTally } from './retry-text.ts'
import type { Tally } from './retry-text.ts'

/** Of a transaction: well within its time-out, and little to do again after a crash. */
const batchMaxLetters = 1000
const batchMaxBytes = 4 * 1024 * 1024
const batchMaxMs = 10_000
const transactionTimeoutMs = 60_000

interface Open {
  /** From the first letter that was not sent. */
  readonly ranges: Ranges
  /** Of each of these partitions. */
  readonly progress: ReadonlyMap<TopicPartitionKey, Progress>
}

export async function openRanges(
  client: KafkaClient,
  topic: string,
  { filter }: Pick<RetryRules, 'filter'>,
  { again, requireStable }: { readonly again: boolean; readonly requireStable: boolean },
): Promise<Open> {
  const all = await letterRanges(client, topic, filter)
  const committed = await committedProgress(client, topic, [...all.keys()], { requireStable })
  const ranges = new Map<TopicPartitionKey, { readonly start: number; readonly end: number }>()
  const progress = new Map<TopicPartitionKey, Progress>()
  for (const [key, { start, end }] of all) {
    const before = committed.get(key) ?? noProgress
    if (filter.offset === undefined && before.next > end && !again) throw recreated(topic, key, before.next, end)
    const kept = again ? (filter.offset === undefined ? noProgress : forgotten(before, filter.offset)) : before
    const known = filter.sinceMs === undefined && filter.offset === undefined ? clipped(kept, start) : kept
    progress.set(key, known)
    ranges.set(key, { start: Math.max(start, firstOpen(known)), end })
  }
  return { ranges, progress }
}

function recreated(topic: string, key: TopicPartitionKey, next: number, end: number): CliError {
  return new CliError(
    'MILLRACE_PRECONDITION',
    `letters of ${key} were sent up to offset ${next}, but it ends at ${end}: was the topic made anew? '--again' forgets what the group '${retryGroup(topic)}' knows`,
  )
}

/** Counts into `done` what is committed. */
export async function sendLetters(
  client: KafkaClient,
  topic: string,
  rules: RetryRules,
  targets: Targets,
  done: Tally,
  again: boolean,
  signal: AbortSignal,
): Promise<void> {
  const producer = client.producer({ transactionalId: retryGroup(topic), transactionTimeoutMs, lingerMs: 5 })
  try {
    await producer.init()
    if (again) await forget(client, producer, topic, rules)
    const open = await openRanges(client, topic, rules, { again: false, requireStable: true })
    await new Sending(client, producer, topic, rules, targets, done).run(open, signal)
  } finally {
    // Aborts what is open.
    await producer.close()
  }
}

/** In a transaction of its own: whoever is interrupted after it goes on without `--again`. */
async function forget(client: KafkaClient, producer: Producer, topic: string, rules: RetryRules): Promise<void> {
  const { progress } = await openRanges(client, topic, rules, { again: true, requireStable: true })
  const offsets = new Map([...progress].map(([key, known]) => [key, offsetOf(known)]))
  await producer.sendOffsets(offsets, groupIdentity(topic))
  await producer.commit()
}

class Sending {
  readonly #client: KafkaClient
  readonly #producer: Producer
  readonly #collector: RecordCollector
  readonly #topic: string
  readonly #rules: RetryRules
  readonly #targets: Targets
  readonly #done: Tally
  /** What the transaction has, which is open. */
  #batch = newTally()
  #batchBytes = 0
  #batchBeganMs = 0
  readonly #touched = new Map<TopicPartitionKey, ProgressPass>()

  constructor(
    client: KafkaClient,
    producer: Producer,
    topic: string,
    rules: RetryRules,
    targets: Targets,
    done: Tally,
  ) {
    this.#client = client
    this.#producer = producer
    this.#collector = new RecordCollector(client, producer)
    this.#topic = topic
    this.#rules = rules
    this.#targets = targets
    this.#done = done
  }

  async run({ ranges, progress }: Open, signal: AbortSignal): Promise<void> {
    await this.#collector.prepareTopics([...this.#targets.known.keys()])
    const passes = new Map<TopicPartitionKey, ProgressPass>()
    for (const [key, { start }] of ranges) passes.set(key, new ProgressPass(progress.get(key) ?? noProgress, start))
    const limit = this.#rules.max
    let count = 0
    for await (const { key, set, end, isLast } of letterSets(this.#client, ranges)) {
      const pass = passes.get(key)!
      const cursor = set.cursor()
      while (cursor.next() && cursor.offset < end) {
        if (signal.aborted || count >= limit) return this.#commit()
        const outcome = this.#take(key, pass, cursor)
        if (outcome === 'noRoom') {
          // What was sent until here is kept, or the next call would come no further.
          await this.#commit()
          throw new TooScattered(key)
        }
        if (outcome === 'sent') count++
        if (this.#collector.isFull) await this.#collector.drained()
        if (this.#isBatchFull) await this.#commit()
      }
      if (isLast) pass.finish(end)
    }
    await this.#commit()
  }

  /** `noRoom`: that it stays cannot be kept. */
  #take(key: TopicPartitionKey, pass: ProgressPass, cursor: RecordCursor): 'sent' | 'passed' | 'noRoom' {
    const { offset } = cursor
    if (pass.wasSent(offset)) {
      pass.sent(offset)
      return 'passed'
    }
    const headers = cursor.headers()
    const letter = provenanceOf(headers)
    const decision = this.#append(
      cursor,
      headers,
      letter.retries,
      decide(this.#rules, cursor, letter, this.#targets.known),
    )
    if (decision.kind === 'send') {
      countSent(this.#batch, this.#topic, decision.topic)
      pass.sent(offset)
      this.#touched.set(key, pass)
      return 'sent'
    }
    if (!pass.leave(offset)) return 'noRoom'
    countStay(this.#batch, decision.reason)
    return 'passed'
  }

  #append(cursor: RecordCursor, headers: Headers, retries: number, decision: Decision): Decision {
    if (decision.kind !== 'send') return decision
    const [key, value] = [keyView(cursor), valueView(cursor)]
    const sent = [...originalHeaders(headers), [retriesHeader, Buffer.from(String(retries + 1))] as const]
    try {
      this.#collector.append(decision.topic, decision.partition, key, value, cursor.timestamp, sent)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error) || error.code !== 'MILLRACE_RECORD_TOO_LARGE') throw error
      return { kind: 'stay', reason: 'tooLarge' }
    }
    if (this.#batch.sent === 0) this.#batchBeganMs = systemClock.now()
    this.#batchBytes += (key?.length ?? 0) + (value?.length ?? 0)
    return decision
  }

  get #isBatchFull(): boolean {
    const { sent } = this.#batch
    if (sent === 0) return false
    if (sent >= batchMaxLetters || this.#batchBytes >= batchMaxBytes) return true
    return systemClock.now() - this.#batchBeganMs >= batchMaxMs
  }

  async #commit(): Promise<void> {
    if (this.#touched.size > 0) {
      const offsets = new Map([...this.#touched].map(([key, pass]) => [key, offsetOf(pass.now())]))
      await this.#producer.sendOffsets(offsets, groupIdentity(this.#topic))
      await this.#producer.commit()
    }
    addTo(this.#done, this.#batch)
    this.#batch = newTally()
    this.#batchBytes = 0
    this.#touched.clear()
  }
}

/** There are too many gaps between the letters that are sent: which ones they are could not be kept. */
class TooScattered extends CliError {
  constructor(key: TopicPartitionKey) {
    super(
      'MILLRACE_PARTIAL',
      `${key}: the letters that stay lie in too many places between those that are sent for one offset to tell them all; retry with fewer conditions, or --offset for single letters`,
    )
  }
}

function addTo(sum: Tally, more: Tally): void {
  sum.sent += more.sent
  sum.notSelected += more.notSelected
  for (const [reason, letters] of more.stay) sum.stay.set(reason, (sum.stay.get(reason) ?? 0) + letters)
  for (const [id, { topic, to, letters }] of more.targets) {
    const target = sum.targets.get(id) ?? { topic, to, letters: 0 }
    target.letters += letters
    sum.targets.set(id, target)
  }
}

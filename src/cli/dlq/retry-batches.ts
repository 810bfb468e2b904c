/**
 * Letters of one dead-letter topic as transactions, one after the other. A letter that its broker refuses fails the
 * transaction that it is in: that one is taken back, and made again in halves until the letter is alone. So it is known
 * which one it is, it stays, and those behind it go on.
 */
import { systemClock } from '../../common/clock.ts'
import type { Headers } from '../../common/headers.ts'
import { parseTopicPartition, topicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import { CliError } from '../../errors/cli-error.ts'
import { KafkaError } from '../../errors/kafka-error.ts'
import { RuntimeError } from '../../errors/runtime-error.ts'
import type { KafkaClient, Producer } from '../../kafka/client/kafka-client.ts'
import { errorCodes } from '../../kafka/protocol/error-codes.ts'
import { retriesHeader } from '../../processor/letter-headers.ts'
import { keyView, valueView } from '../../processor/record-set.ts'
import type { RecordCursor } from '../../processor/record-set.ts'
import { RecordCollector } from '../../runtime/record-collector.ts'
import type { Patience } from '../patience.ts'
import { originalHeaders, provenanceOf } from './letter.ts'
import { letterSets } from './letter-reader.ts'
import type { LetterSet, Ranges } from './letter-reader.ts'
import { noProgress, ProgressPass } from './progress.ts'
import type { Progress } from './progress.ts'
import { groupIdentity, offsetOf } from './retry-group.ts'
import { decide } from './retry-plan.ts'
import type { RetryRules, Targets } from './retry-plan.ts'
import { addTo, countSent, countStay, countUnsendable, newTally } from './retry-text.ts'
import type { Tally, UnsendableLetter } from './retry-text.ts'

/** Of a transaction: well within its time-out, and little to do again after a crash. */
const batchMaxLetters = 1000
const batchMaxBytes = 4 * 1024 * 1024
const batchMaxMs = 10_000
/** In a row: each costs a transaction, and where there are so many it is the topic that is to be corrected. */
const refusalsMax = 100

export interface Sending {
  readonly client: KafkaClient
  readonly rules: RetryRules
  readonly targets: Targets
  /** Letters from here on have come after the plan, and are left to the next call. */
  readonly ends: ReadonlyMap<TopicPartitionKey, number>
  /** What is committed counts into it. */
  readonly done: Tally
  readonly again: boolean
  readonly patience: Patience
  /** Ends it at once: what is not committed by then is taken back. */
  readonly signal: AbortSignal
}

export interface OpenLetters {
  /** From the first letter that was not sent. */
  readonly ranges: Ranges
  /** Of each of these partitions. */
  readonly progress: ReadonlyMap<TopicPartitionKey, Progress>
}

/** Where a partition stood at the last commit. */
interface Mark {
  readonly progress: Progress
  readonly start: number
  readonly end: number
}

interface Letter {
  readonly key: TopicPartitionKey
  readonly offset: number
}

export class BatchSender {
  readonly #topic: string
  readonly #producer: Producer
  readonly #collector: RecordCollector
  readonly #sending: Sending
  readonly #rules: RetryRules
  readonly #marks = new Map<TopicPartitionKey, Mark>()
  #passes: ReadonlyMap<TopicPartitionKey, ProgressPass> = new Map()
  readonly #refused = new Map<string, UnsendableLetter>()
  #refusals = 0
  #committed = 0
  /** What the transaction has, which is open. */
  #batch = newTally()
  #batchBytes = 0
  #batchBeganMs = 0
  #batchMaxLetters = batchMaxLetters
  #last: Letter | undefined
  /** Partitions from which something is in it, and those that were looked at. */
  readonly #touched = new Set<TopicPartitionKey>()
  readonly #lookedAt = new Set<TopicPartitionKey>()
  #isEnding = false

  constructor(topic: string, producer: Producer, sending: Sending) {
    this.#topic = topic
    this.#producer = producer
    this.#collector = new RecordCollector(sending.client, producer)
    this.#sending = sending
    this.#rules = sending.rules
  }

  /** Letters of a transaction that was to be committed when the producer was closed, without an answer. */
  get inDoubt(): number {
    return this.#isEnding ? this.#batch.sent : 0
  }

  async run({ ranges, progress }: OpenLetters): Promise<void> {
    await this.#collector.prepareTopics([...this.#sending.targets.known.keys()])
    for (const [key, { start, end }] of ranges) {
      const planned = Math.min(end, this.#sending.ends.get(key) ?? end)
      this.#marks.set(key, { progress: progress.get(key) ?? noProgress, start, end: planned })
    }
    while (!(await this.#fromMarks()));
  }

  /** False: what was sent since the last commit was taken back, because a letter in it was refused. */
  async #fromMarks(): Promise<boolean> {
    this.#passes = new Map(
      [...this.#marks].map(([key, { progress, start }]) => [key, new ProgressPass(progress, start)]),
    )
    try {
      await this.#sendAll()
      return true
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code !== 'MILLRACE_RECORD_REFUSED') throw error
      this.#noteRefusal(error)
      await this.#takeBack()
      return false
    }
  }

  async #sendAll(): Promise<void> {
    const { client, patience, signal } = this.#sending
    for await (const set of letterSets(client, this.#marks, patience, signal)) {
      if (!(await this.#sendSet(set))) break
    }
    await this.#commit()
  }

  /** False where it is enough. */
  async #sendSet({ key, set, end, isLast }: LetterSet): Promise<boolean> {
    const pass = this.#passes.get(key)!
    // With --max the plan has not come to all of them, and they do not come in the same order again.
    await this.#collector.prepareTopics(await this.#sending.targets.ask(set, this.#rules.to))
    const cursor = set.cursor()
    this.#lookedAt.add(key)
    while (cursor.next() && cursor.offset < end) {
      if (this.#committed + this.#batch.sent >= this.#rules.max) return false
      if (!this.#take(key, pass, cursor)) {
        // What was sent until here is kept, or the next call would come no further.
        await this.#commit()
        throw tooScattered(key)
      }
      if (this.#collector.isFull) await this.#collector.drained()
      if (this.#isBatchFull) {
        await this.#commit()
        this.#lookedAt.add(key)
      }
    }
    if (isLast) pass.finish(end)
    return true
  }

  /** False: that it stays cannot be kept. */
  #take(key: TopicPartitionKey, pass: ProgressPass, cursor: RecordCursor): boolean {
    const { offset } = cursor
    if (pass.wasSent(offset)) {
      pass.sent(offset)
      return true
    }
    const headers = cursor.headers()
    const letter = provenanceOf(headers)
    const decision = decide(this.#rules, cursor, letter, this.#sending.targets.known)
    const unsendable =
      decision.kind === 'stay'
        ? undefined
        : (this.#refused.get(idOf({ key, offset })) ??
          this.#append({ key, offset }, cursor, headers, letter.retries + 1, decision))
    if (decision.kind === 'send' && unsendable === undefined) {
      countSent(this.#batch, this.#topic, decision.topic)
      pass.sent(offset)
      this.#touched.add(key)
      return true
    }
    if (!pass.leave(offset)) return false
    if (unsendable !== undefined) countUnsendable(this.#batch, unsendable)
    else if (decision.kind === 'stay') countStay(this.#batch, decision.reason)
    return true
  }

  /** Undefined: it is on its way. */
  #append(
    letter: Letter,
    cursor: RecordCursor,
    headers: Headers,
    retries: number,
    { topic, partition }: { readonly topic: string; readonly partition: number },
  ): UnsendableLetter | undefined {
    const [key, value] = [keyView(cursor), valueView(cursor)]
    const sent = [...originalHeaders(headers), [retriesHeader, Buffer.from(String(retries))] as const]
    try {
      this.#collector.append(topic, partition, key, value, cursor.timestamp, sent)
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== 'MILLRACE_RECORD_TOO_LARGE') throw error
      const bytes = this.#producer.recordBytes(key, value, sent).toLocaleString('en')
      const limit = this.#collector.maxMessageBytes(topic)?.toLocaleString('en') ?? 'less'
      const words = `its record has ${bytes} bytes, and '${topic}' admits ${limit} (max.message.bytes); raise that limit, or send it elsewhere with --to`
      return unsendableLetter(letter, 'tooLarge', words)
    }
    if (this.#batch.sent === 0) this.#batchBeganMs = systemClock.now()
    this.#batchBytes += (key?.length ?? 0) + (value?.length ?? 0)
    this.#last = letter
    return undefined
  }

  get #isBatchFull(): boolean {
    const { sent, unsendable } = this.#batch
    // Nothing to commit, but those that stay need not be looked at again after the next refusal.
    if (sent === 0) return unsendable.length > 0
    if (sent >= this.#batchMaxLetters || this.#batchBytes >= batchMaxBytes) return true
    return systemClock.now() - this.#batchBeganMs >= batchMaxMs
  }

  async #commit(): Promise<void> {
    this.#sending.signal.throwIfAborted()
    if (this.#touched.size > 0) {
      const offsets = new Map([...this.#touched].map((key) => [key, offsetOf(this.#passes.get(key)!.now())]))
      await this.#producer.sendOffsets(offsets, groupIdentity(this.#topic))
      this.#isEnding = true
      await this.#producer.commit()
      this.#sending.patience.renew()
      this.#refusals = 0
      this.#batchMaxLetters = Math.min(batchMaxLetters, this.#batchMaxLetters * 2)
    }
    this.#committed += this.#batch.sent
    addTo(this.#sending.done, this.#batch)
    for (const { topic, partition, offset } of this.#batch.unsendable) {
      this.#refused.delete(idOf({ key: topicPartitionKey(topic, partition), offset }))
    }
    for (const key of this.#lookedAt) {
      const pass = this.#passes.get(key)!
      this.#marks.set(key, { progress: pass.now(), start: pass.position, end: this.#marks.get(key)?.end ?? 0 })
    }
    this.#forgetBatch()
  }

  /** Of many letters one, which is found with half as many; a single one stays. */
  #noteRefusal(error: KafkaError): void {
    const { sent } = this.#batch
    if (this.#last === undefined) throw error
    if (sent > 1) {
      this.#batchMaxLetters = sent >> 1
      return
    }
    const reason = error.kafkaCode === errorCodes.MESSAGE_TOO_LARGE ? 'tooLarge' : 'refused'
    const letter = unsendableLetter(this.#last, reason, error.message)
    this.#refused.set(idOf(this.#last), letter)
    if (++this.#refusals < refusalsMax) return
    throw new CliError(
      'MILLRACE_PARTIAL',
      `${refusalsMax} letters in a row were refused, the last one ${letter.topic}-${letter.partition}@${letter.offset}: ${letter.message} Those behind it were not tried: correct that first, choose others (--partition, --node, --since, …), or send them elsewhere with --to`,
      { cause: error },
    )
  }

  async #takeBack(): Promise<void> {
    await this.#producer.abort()
    this.#collector.discard()
    this.#forgetBatch()
    this.#sending.patience.renew()
  }

  #forgetBatch(): void {
    this.#batch = newTally()
    this.#batchBytes = 0
    this.#last = undefined
    this.#isEnding = false
    this.#touched.clear()
    this.#lookedAt.clear()
  }
}

function idOf({ key, offset }: Letter): string {
  return `${key}@${offset}`
}

function unsendableLetter(
  { key, offset }: Letter,
  reason: UnsendableLetter['reason'],
  message: string,
): UnsendableLetter {
  return { ...parseTopicPartition(key), offset, reason, message }
}

/** There are too many gaps between the letters that are sent: which ones they are could not be kept. */
function tooScattered(key: TopicPartitionKey): CliError {
  return new CliError(
    'MILLRACE_PARTIAL',
    `${key}: the letters that stay lie in too many places between those that are sent for one offset to tell them all; retry with fewer conditions, or --offset for single letters`,
  )
}

/**
 * Sends letters again, each once. What is sent and which letters that were go into one transaction: a crash leaves both
 * or neither, and the next call goes on where the last commit was. Two calls for one topic share a transactional id: the
 * later one fences the earlier before it reads how far that was.
 */
import { systemClock } from '../../common/clock.ts'
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import { CliError } from '../../errors/cli-error.ts'
import type { KafkaClient, Producer } from '../../kafka/client/kafka-client.ts'
import { letterRanges } from './letter-reader.ts'
import { clipped, firstOpen, forgotten, noProgress } from './progress.ts'
import type { Progress } from './progress.ts'
import { BatchSender } from './retry-batches.ts'
import type { OpenLetters, Sending } from './retry-batches.ts'
import { committedProgress, groupIdentity, offsetOf, retryGroup } from './retry-group.ts'
import type { RetryRules } from './retry-plan.ts'

/** More than a batch takes. */
const transactionTimeoutMs = 60_000

export async function openRanges(
  client: KafkaClient,
  topic: string,
  { filter }: Pick<RetryRules, 'filter'>,
  { again, requireStable }: { readonly again: boolean; readonly requireStable: boolean },
): Promise<OpenLetters> {
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

/** All of one dead-letter topic, or as far as it comes before `signal`: then it resolves as well. */
export async function sendLetters(topic: string, sending: Sending): Promise<void> {
  const { client, done, signal } = sending
  if (signal.aborted) return
  const producer = client.producer({ transactionalId: retryGroup(topic), transactionTimeoutMs, lingerMs: 5 })
  const sender = new BatchSender(topic, producer, sending)
  const working = sendAll(topic, producer, sender, sending)
  // After `signal` it ends with whatever closing the producer makes of it.
  working.catch(() => undefined)
  try {
    await Promise.race([working, aborted(signal)])
  } finally {
    // Aborts what is open; a commit that has begun is waited for, and then counted in the same turn.
    await producer.close()
    await systemClock.yieldTurn()
    done.inDoubt += sender.inDoubt
  }
}

async function sendAll(topic: string, producer: Producer, sender: BatchSender, sending: Sending): Promise<void> {
  const { client, rules, again, signal } = sending
  await producer.init()
  if (again) await forget(client, producer, topic, rules)
  const open = await openRanges(client, topic, rules, { again: false, requireStable: true })
  signal.throwIfAborted()
  await sender.run(open)
}

/** In a transaction of its own: whoever is interrupted after it goes on without `--again`. */
async function forget(client: KafkaClient, producer: Producer, topic: string, rules: RetryRules): Promise<void> {
  const { progress } = await openRanges(client, topic, rules, { again: true, requireStable: true })
  const offsets = new Map([...progress].map(([key, known]) => [key, offsetOf(known)]))
  await producer.sendOffsets(offsets, groupIdentity(topic))
  await producer.commit()
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/**
 * `millrace dlq retry`: letters go to the topic that they are from, as their records were. First all letters are read
 * and the plan is told; then they are sent, in order within each partition of the dead-letter topic.
 */
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import { CliError } from '../../errors/cli-error.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import { counted } from '../../runtime/operations/counted.ts'
import { withClient } from '../connection.ts'
import type { ConnectionOptions } from '../connection.ts'
import { emit } from '../output.ts'
import type { OutputFormat } from '../output.ts'
import type { Patience } from '../patience.ts'
import { confirm } from '../prompt.ts'
import { onStopSignal } from '../stop-signals.ts'
import { say } from '../terminal.ts'
import { requireTopic } from '../topic-access.ts'
import { provenanceOf } from './letter.ts'
import { letterFilter } from './letter-filter.ts'
import type { FilterOptions } from './letter-filter.ts'
import { letterSets } from './letter-reader.ts'
import { letterTopics } from './letter-topics.ts'
import { ProgressPass } from './progress.ts'
import { decide, mayBeWritten, Targets } from './retry-plan.ts'
import type { RetryRules } from './retry-plan.ts'
import type { Sending } from './retry-batches.ts'
import { openRanges, sendLetters } from './retry-send.ts'
import {
  countSent,
  countStay,
  newTally,
  planText,
  stayCount,
  stayText,
  tallyDocument,
  unsendableText,
} from './retry-text.ts'
import type { Tally } from './retry-text.ts'

export interface RetryOptions extends ConnectionOptions, FilterOptions {
  readonly output: OutputFormat
  readonly to?: string
  readonly partitionBy?: 'source' | 'key'
  readonly maxRetries: number
  readonly max?: number
  readonly again?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
}

const nothing = 'nothing to send; what was sent before is not sent again (--again forgets that)\n'

export async function retryCommand(names: readonly string[], options: RetryOptions): Promise<void> {
  const rules = rulesOf(options)
  const topics = await letterTopics(names, options)
  await withClient('dlq', options, async (client, patience) => {
    await checkTarget(client, rules.to, topics)
    const targets = new Targets(client)
    const { plan, ends } = await planOf(client, topics, rules, targets, options.again === true, patience)
    if (options.dryRun === true) {
      const text = (): string => `${planText(plan)}${plan.sent === 0 ? nothing : ''}`
      await patience.excluding(() => emit(options.output, { document: { dryRun: true, ...tallyDocument(plan) }, text }))
      if (plan.sent > 0) say('nothing was sent (--dry-run)')
      return
    }
    say(`${planText(plan)}${plan.sent === 0 ? nothing : ''}`.trimEnd())
    if (plan.sent > 0) {
      const forgets = options.again === true ? ', and it is forgotten which ones were sent before' : ''
      const what = `${counted(plan.sent, 'letter')} will be sent again${forgets}`
      const given = options.yes === true ? 'yes' : undefined
      await patience.excluding(() => confirm({ what, expected: 'yes', given, flag: '--yes' }))
    }
    await send(topics, plan, { client, rules, targets, ends, patience }, options)
  })
}

/** Reads everything, changes nothing. What comes behind `ends` is not in the plan. */
async function planOf(
  client: KafkaClient,
  topics: readonly string[],
  rules: RetryRules,
  targets: Targets,
  again: boolean,
  patience: Patience,
): Promise<{ readonly plan: Tally; readonly ends: ReadonlyMap<TopicPartitionKey, number> }> {
  const plan = newTally()
  const ends = new Map<TopicPartitionKey, number>()
  for (const topic of topics) {
    if (plan.sent >= rules.max) break
    const { ranges, progress } = await openRanges(client, topic, rules, { again, requireStable: false })
    for (const [key, { end }] of ranges) ends.set(key, end)
    const passes = new Map(
      [...progress].map(([key, before]) => [key, new ProgressPass(before, ranges.get(key)?.start ?? 0)]),
    )
    for await (const { key, set, end } of letterSets(client, ranges, patience)) {
      await targets.ask(set, rules.to)
      const cursor = set.cursor()
      while (cursor.next() && cursor.offset < end && plan.sent < rules.max) {
        if (passes.get(key)?.wasSent(cursor.offset) === true) continue
        const decision = decide(rules, cursor, provenanceOf(cursor.headers()), targets.known)
        if (decision.kind === 'send') countSent(plan, topic, decision.topic)
        else countStay(plan, decision.reason)
      }
      if (plan.sent >= rules.max) break
    }
  }
  return { plan, ends }
}

/** With Ctrl-C it ends at once: what is committed by then is kept and told, what is not is taken back. */
async function send(
  topics: readonly string[],
  plan: Tally,
  parts: Pick<Sending, 'client' | 'rules' | 'targets' | 'ends' | 'patience'>,
  { output, again = false }: RetryOptions,
): Promise<void> {
  const interruption = new AbortController()
  const heedNoSignals = onStopSignal({
    first: () => {
      say('millrace: interrupted; what is not committed yet is taken back (once more to end at once)')
      interruption.abort()
    },
    again: () => process.exit(130),
  })
  const done = newTally()
  const { rules, patience } = parts
  const signal = AbortSignal.any([interruption.signal, patience.over])
  try {
    for (const topic of plan.sent === 0 || signal.aborted ? [] : topics) {
      const rest = { ...rules, max: rules.max - done.sent }
      await sendLetters(topic, { ...parts, rules: rest, done, again, signal })
    }
  } catch (error) {
    sayProgress(done, again)
    throw error
  } finally {
    heedNoSignals()
  }
  if (signal.aborted) sayProgress(done, again)
  if (patience.over.aborted) return
  await tell(plan.sent === 0 ? plan : done, output, patience, interruption.signal.aborted)
}

function sayProgress(done: Tally, again: boolean): void {
  const { sent, inDoubt, unsendable } = done
  if (unsendable.length > 0) say(unsendableText(done).trimEnd())
  if (inDoubt > 0)
    say(`millrace: whether ${counted(inDoubt, 'letter')} more were sent is not known here; no call sends them twice`)
  const how = again && sent > 0 ? 'call it again without --again' : 'call it again'
  say(`millrace: ${counted(sent, 'letter')} sent before this; ${how} to go on with the others`)
}

async function tell(result: Tally, output: OutputFormat, patience: Patience, isInterrupted: boolean): Promise<void> {
  if (!isInterrupted && result.unsendable.length > 0) say(unsendableText(result).trimEnd())
  await patience.excluding(() =>
    emit(output, {
      document: { dryRun: false, ...tallyDocument(result) },
      text: () => `sent ${counted(result.sent, 'letter')}\n`,
    }),
  )
  if (isInterrupted) process.exitCode = 130
  else if (stayCount(result) > 0) {
    const left = { ...result, notSelected: 0 }
    throw new CliError(
      'MILLRACE_PARTIAL',
      `${counted(result.sent, 'letter')} sent, but ${stayText(left).trim().replaceAll('\n', ', ')}`,
    )
  }
}

async function checkTarget(client: KafkaClient, to: string | undefined, topics: readonly string[]): Promise<void> {
  if (to === undefined) return
  if (!mayBeWritten(to)) throw new CliError('MILLRACE_USAGE', `--to takes the name of a topic, not '${to}'`)
  if (topics.includes(to)) {
    throw new CliError('MILLRACE_USAGE', `--to ${to}: letters are not sent to the topic that they are read from`)
  }
  await requireTopic(client, to)
}

function rulesOf(options: RetryOptions): RetryRules {
  const { to, maxRetries, max = Number.MAX_SAFE_INTEGER, again } = options
  const narrowed = (['node', 'code', 'exception', 'message', 'source', 'since'] as const).find(
    (name) => options[name] !== undefined,
  )
  if (again === true && narrowed !== undefined) {
    throw new CliError(
      'MILLRACE_USAGE',
      `--again forgets what was sent of whole topics, --partition or --offset; not with --${narrowed}`,
    )
  }
  const partitionBy = options.partitionBy ?? (to === undefined ? 'source' : 'key')
  return { filter: letterFilter(options), to, partitionBy, maxRetries, max }
}

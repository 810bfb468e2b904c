/**
 * `millrace dlq retry`: letters go to the topic that they are from, as their records were. First all letters are read
 * and the plan is told; then they are sent, in order within each partition of the dead-letter topic.
 */
import { CliError } from '../../errors/cli-error.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import { withClient } from '../connection.ts'
import type { ConnectionOptions } from '../connection.ts'
import { emit } from '../output.ts'
import type { OutputFormat } from '../output.ts'
import { confirm } from '../prompt.ts'
import { onStopSignal } from '../stop-signals.ts'
import { say } from '../terminal.ts'
import { requireTopic } from '../topic-access.ts'
import { provenanceOf } from './letter.ts'
import { letterFilter } from './letter-filter.ts'
import type { FilterOptions } from './letter-filter.ts'
import { letterSets } from './letter-reader.ts'
import { counted } from './letter-text.ts'
import { letterTopics } from './letter-topics.ts'
import { ProgressPass } from './progress.ts'
import { decide, mayBeWritten, Targets } from './retry-plan.ts'
import type { RetryRules } from './retry-plan.ts'
import { openRanges, sendLetters } from './retry-send.ts'
import { countSent, countStay, newTally, planText, stayCount, stayText, tallyDocument } from './retry-text.ts'
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
  await withClient('dlq', options, async (client) => {
    await checkTarget(client, rules.to, topics)
    const targets = new Targets(client)
    const plan = await planOf(client, topics, rules, targets, options.again === true)
    if (options.dryRun === true) {
      const text = (): string => `${planText(plan)}${plan.sent === 0 ? nothing : ''}`
      await emit(options.output, { document: { dryRun: true, ...tallyDocument(plan) }, text })
      if (plan.sent > 0) say('nothing was sent (--dry-run)')
      return
    }
    say(`${planText(plan)}${plan.sent === 0 ? nothing : ''}`.trimEnd())
    if (plan.sent > 0) {
      const forgets = options.again === true ? ', and it is forgotten which ones were sent before' : ''
      const what = `${counted(plan.sent, 'letter')} will be sent again${forgets}`
      await confirm({ what, expected: 'yes', given: options.yes === true ? 'yes' : undefined, flag: '--yes' })
    }
    await send(client, topics, rules, targets, plan, options)
  })
}

/** Reads everything, changes nothing. */
async function planOf(
  client: KafkaClient,
  topics: readonly string[],
  rules: RetryRules,
  targets: Targets,
  again: boolean,
): Promise<Tally> {
  const plan = newTally()
  for (const topic of topics) {
    if (plan.sent >= rules.max) break
    const { ranges, progress } = await openRanges(client, topic, rules, { again, requireStable: false })
    const passes = new Map(
      [...progress].map(([key, before]) => [key, new ProgressPass(before, ranges.get(key)?.start ?? 0)]),
    )
    for await (const { key, set, end } of letterSets(client, ranges)) {
      for (const cursor = set.cursor(); cursor.next();) targets.want(rules.to ?? provenanceOf(cursor.headers()).topic)
      await targets.ask()
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
  return plan
}

async function send(
  client: KafkaClient,
  topics: readonly string[],
  rules: RetryRules,
  targets: Targets,
  plan: Tally,
  { output, again = false }: RetryOptions,
): Promise<void> {
  const interruption = new AbortController()
  const heedNoSignals = onStopSignal({
    first: () => {
      say('millrace: interrupted; what is under way is committed (once more to end at once)')
      interruption.abort()
    },
    again: () => process.exit(130),
  })
  const done = newTally()
  try {
    for (const topic of plan.sent === 0 ? [] : topics) {
      await sendLetters(
        client,
        topic,
        { ...rules, max: rules.max - done.sent },
        targets,
        done,
        again,
        interruption.signal,
      )
      if (interruption.signal.aborted) break
    }
  } catch (error) {
    say(`millrace: ${counted(done.sent, 'letter')} sent before this; call it again to go on with the others`)
    throw error
  } finally {
    heedNoSignals()
  }
  const result = plan.sent === 0 ? plan : done
  await emit(output, {
    document: { dryRun: false, ...tallyDocument(result) },
    text: () => `sent ${counted(result.sent, 'letter')}\n`,
  })
  if (interruption.signal.aborted) process.exitCode = 130
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

/** What `npm start` runs: counts the words of standard input (or of a sample) on an embedded broker or on a Kafka. */
import { createReadStream, fstatSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { sleep, systemClock } from '../common/clock.ts'
import { systemRandom } from '../common/random.ts'
import { CliError } from '../errors/cli-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import type { KafkaConnection } from '../processor/streams-config.ts'
import { brokerList } from './values.ts'
import { describeFailure, exitCodeOf } from './failure.ts'
import { onStopSignal } from './stop-signals.ts'
import { endQuietlyOnClosedPipe, hideNodeWarnings, print, say } from './terminal.ts'
import { textLines } from './text-lines.ts'
import { countWords, demoTopics } from './word-count-demo.ts'

interface StartOptions {
  readonly brokers?: string
  readonly top: string
  readonly all?: boolean
  readonly keep?: boolean
  readonly verbose?: boolean
}

const inputNoticeMs = 2000

function program(): Command {
  return new Command('npm start --')
    .description('count the words of standard input, exactly once, on an embedded broker or on a Kafka')
    .option('-b, --brokers <host:port,…>', 'count on this Kafka instead of the embedded broker')
    .option('--top <n>', 'how many words to print', '20')
    .option('--all', 'print every word')
    .option('--keep', 'with --brokers: do not delete the topics afterwards')
    .option('-v, --verbose', 'stack traces')
    .addHelpText(
      'after',
      '\nExamples:\n  npm start\n  npm start < book.txt\n  npm start -- --all < book.txt\n  npm start -- --brokers localhost:9092 < book.txt',
    )
    .showHelpAfterError('(text comes from standard input: npm start < book.txt)')
    .exitOverride()
}

async function start(options: StartOptions): Promise<void> {
  const top = options.all === true ? Number.POSITIVE_INFINITY : topOf(options.top)
  const applicationId = `millrace-start-${systemRandom.uuid().slice(0, 8)}`
  const counts =
    options.brokers === undefined
      ? await onEmbeddedBroker(applicationId)
      : await onKafka({ brokers: brokerList(options.brokers) }, applicationId, options.keep === true)
  const sorted = [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, top)
  await print(sorted.map(([word, count]) => `${count}\t${word}\n`).join(''))
  say(
    `${counts.size} different words${sorted.length < counts.size ? `, the ${sorted.length} most frequent above (--all prints every one)` : ''}`,
  )
}

function topOf(text: string): number {
  const top = Number(text)
  if (Number.isSafeInteger(top) && top > 0) return top
  throw new CliError('MILLRACE_USAGE', `--top takes a number of at least 1, not '${text}'`)
}

async function onEmbeddedBroker(applicationId: string): Promise<Map<string, number>> {
  const { EmbeddedKafka } = await import('../testing/embedded-kafka.ts')
  await using kafka = await EmbeddedKafka.start()
  say('counting on the embedded broker (in memory); --brokers host:port does the same on a Kafka')
  return await countOn(kafka, applicationId)
}

async function onKafka(kafka: KafkaConnection, applicationId: string, keep: boolean): Promise<Map<string, number>> {
  const { connectKafka } = await import('../runtime/connect-kafka.ts')
  const cleaner = connectKafka({ kafka, applicationId: `${applicationId}-clean-up` })
  try {
    // Before anything is made there: where nobody answers there is nothing to clean up either.
    await cleaner.connect()
    try {
      return await countOn(kafka, applicationId)
    } finally {
      if (keep) say(`kept: application id and topic prefix '${applicationId}'`)
      else await cleanUp(cleaner, applicationId)
    }
  } finally {
    await cleaner.close()
  }
}

function countOn(kafka: KafkaConnection, applicationId: string): Promise<Map<string, number>> {
  const onProgress = (lines: number): void => {
    if (lines % 50_000 === 0) say(`${lines.toLocaleString('en')} lines read`)
  }
  return countWords({ kafka, applicationId, lines: textLines(input()), onProgress, signal: interruption() })
}

async function cleanUp(client: KafkaClient, applicationId: string): Promise<void> {
  try {
    await client.admin.deleteTopics(Object.values(demoTopics(applicationId)))
    await client.admin.deleteGroups([applicationId])
    say('its topics and group are deleted (--keep would leave them)')
  } catch (error) {
    say(`could not delete the topics '${applicationId}-…': ${error instanceof Error ? error.message : String(error)}`)
  }
}

class Interrupted extends Error {}

/** The first Ctrl-C ends the count and cleans up, the second ends at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  const first = (): void => {
    say('interrupted (once more to end at once)')
    controller.abort(new Interrupted())
  }
  onStopSignal({ first, again: () => process.exit(130) })
  return controller.signal
}

/** Standard input when something is connected to it, else the sample text. */
async function* input(): AsyncGenerator<Buffer> {
  const stdin = fstatSync(0)
  if (!stdin.isFile() && !stdin.isFIFO() && !stdin.isSocket()) {
    say('no input; counting a sample text (try: npm start < book.txt)')
    yield* createReadStream(new URL('../../topologies/sample-text.txt', import.meta.url)) as AsyncIterable<Buffer>
    return
  }
  const waiting = new AbortController()
  void sleep(systemClock, inputNoticeMs, waiting.signal).then(() => {
    if (!waiting.signal.aborted) say('waiting for text on standard input; end it with Ctrl-D')
  })
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    waiting.abort()
    yield chunk
  }
  waiting.abort()
}

async function main(): Promise<number> {
  endQuietlyOnClosedPipe()
  hideNodeWarnings()
  const command = program()
  // Timers of the runtime do not keep the process alive.
  const keepAlive = setInterval(() => undefined, 1 << 30)
  try {
    command.parse(process.argv.slice(2), { from: 'user' })
    await start(command.opts<StartOptions>())
    return 0
  } catch (error) {
    // Standard input may be open still; it would keep the process.
    if (error instanceof Interrupted) process.exit(130)
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    say(describeFailure(error, command.opts<{ verbose?: boolean }>().verbose === true))
    return exitCodeOf(error)
  } finally {
    clearInterval(keepAlive)
  }
}

process.exitCode = await main()

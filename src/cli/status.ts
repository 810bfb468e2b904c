/** `millrace status`: the instances of an application, once or again and again. */
import { sleep, systemClock } from '../common/clock.ts'
import { nearest } from '../common/nearest.ts'
import { CliError } from '../errors/cli-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { withClient } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { instancesAt, instancesOfGroup } from './instances.ts'
import type { FoundApplication } from './instances.ts'
import type { AskOptions } from './instance-http.ts'
import { emit } from './output.ts'
import type { OutputFormat } from './output.ts'
import { loadSettings } from './settings.ts'
import { loadOperand } from './shape.ts'
import type { Operand } from './shape.ts'
import { statusText } from './status-text.ts'
import { onStopSignal } from './stop-signals.ts'
import { clearScreen } from './terminal.ts'
import { brokerList } from './values.ts'

export interface StatusOptions extends ConnectionOptions {
  readonly output: OutputFormat
  readonly at?: string
  readonly watch?: boolean
  readonly interval: number
}

const askTimeoutMs = 2000

export async function statusCommand(file: string | undefined, options: StatusOptions): Promise<void> {
  if (options.watch === true && options.output === 'json') {
    throw new CliError(
      'MILLRACE_USAGE',
      '--watch prints one document after the other: give -o jsonl instead of -o json',
    )
  }
  if (options.at !== undefined) return withoutKafka(brokerList(options.at, '--at'), options)
  const operand = await loadOperand(file, options)
  const ask = askOptions(operand.settings.httpToken)
  // Whoever watches is not in a hurry.
  const connection = options.watch === true ? { ...options, timeout: undefined } : options
  const use = (client: KafkaClient): Promise<void> =>
    shown(options, async () => {
      const application = await instancesOfGroup(client, operand.applicationId, ask)
      if (application.groupState === 'Dead') await requireKnown(client, operand)
      return application
    })
  await (operand.kafka === undefined
    ? withClient('status', connection, use)
    : withClient('status', connection, use, operand.kafka))
}

async function withoutKafka(addresses: readonly string[], options: StatusOptions): Promise<void> {
  const ask = askOptions(loadSettings(options).config.httpToken)
  await shown(options, async () => {
    const instances = await instancesAt(addresses, ask)
    if (instances.every(({ status }) => status === null)) {
      const problems = instances.map(({ http, problem }) => `${http}: ${problem}`)
      throw new CliError('MILLRACE_INSTANCE_UNREACHABLE', `no instance answers; ${problems.join('; ')}`)
    }
    const applicationId = instances.find(({ status }) => status !== null)?.status?.applicationId ?? ''
    return { applicationId, groupState: 'not asked', instances }
  })
}

function askOptions(token: string | undefined): AskOptions {
  return { token, timeoutMs: askTimeoutMs }
}

async function shown(options: StatusOptions, look: () => Promise<FoundApplication>): Promise<void> {
  if (options.watch !== true) return show(await look(), options)
  const end = new AbortController()
  const heedNoSignals = onStopSignal({ first: () => end.abort(), again: () => process.exit(130) })
  try {
    while (!end.signal.aborted) {
      await show(await look(), options)
      await sleep(systemClock, options.interval, end.signal)
    }
  } finally {
    heedNoSignals()
  }
}

async function show(application: FoundApplication, { output, watch, verbose }: StatusOptions): Promise<void> {
  const isDrawn = watch === true && output === 'text' && process.stdout.isTTY
  if (isDrawn) await clearScreen()
  const rows = watch === true ? [application] : application.instances
  const text = (): string => statusText(application, systemClock.now(), verbose === true)
  await emit(output, { document: application, rows, text })
}

/** An id that nobody has is most likely a slip; an application that does not run is told as such. */
async function requireKnown(client: KafkaClient, { applicationId, application }: Operand): Promise<void> {
  if (application !== undefined) return
  const groups = (await client.admin.groups.list()).map(({ groupId }) => groupId)
  const near = nearest(applicationId, groups)
  const hint = near === undefined ? 'it has never run on this Kafka, or is forgotten' : `did you mean '${near}'?`
  throw new CliError('MILLRACE_PRECONDITION', `there is no group '${applicationId}': ${hint}`)
}

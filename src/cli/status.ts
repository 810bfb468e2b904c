/** `millrace status`: the instances of an application, once or again and again. */
import { systemClock } from '../common/clock.ts'
import { CliError } from '../errors/cli-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { instancesAt, instancesOfGroup } from './instances.ts'
import type { FoundApplication } from './instances.ts'
import type { AskOptions } from './instance-http.ts'
import { emit } from './output.ts'
import { loadSettings } from './settings.ts'
import { loadOperand } from './shape.ts'
import type { Operand } from './shape.ts'
import { statusText } from './status-text.ts'
import { clearScreen } from './terminal.ts'
import { brokerList } from './values.ts'
import { checkWatch, unknownGroup, untilInterrupted, withOperandClient } from './watching.ts'
import type { WatchOptions } from './watching.ts'

export interface StatusOptions extends WatchOptions {
  readonly at?: string
}

const askTimeoutMs = 2000

export async function statusCommand(file: string | undefined, options: StatusOptions): Promise<void> {
  checkWatch(options)
  if (options.at !== undefined) return withoutKafka(brokerList(options.at, '--at'), options)
  const operand = await loadOperand(file, options)
  const ask = askOptions(operand.settings.httpToken)
  await withOperandClient('status', operand, options, (client) =>
    shown(options, async () => {
      const application = await instancesOfGroup(client, operand.applicationId, ask)
      if (application.groupState === 'Dead') await requireKnown(client, operand)
      return application
    }),
  )
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
  await untilInterrupted(options.interval, async () => show(await look(), options))
}

async function show(application: FoundApplication, { output, watch, verbose }: StatusOptions): Promise<void> {
  const isDrawn = watch === true && output === 'text' && process.stdout.isTTY
  if (isDrawn) await clearScreen()
  const rows = watch === true ? [application] : application.instances
  const text = (): string => statusText(application, systemClock.now(), verbose === true)
  await emit(output, { document: application, rows, text })
}

/** An application that does not run is told as such. */
async function requireKnown(client: KafkaClient, { applicationId, application }: Operand): Promise<void> {
  if (application !== undefined) return
  throw await unknownGroup(client, applicationId, 'it has never run on this Kafka, or is forgotten')
}

/** A connected client for a command, and what ends the command: its work, its time limit, or Ctrl-C. */
import { keepProcessAlive, sleep, systemClock } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import { CliError } from '../errors/cli-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import type { KafkaConnection } from '../processor/streams-config.ts'
import { connectKafka } from '../runtime/connect-kafka.ts'
import { stderrLogger } from './log.ts'
import { Patience } from './patience.ts'
import { loadSettings } from './settings.ts'
import type { SettingsOptions } from './settings.ts'
import { say } from './terminal.ts'

export interface ConnectionOptions extends SettingsOptions {
  readonly verbose?: boolean
  /** Milliseconds, see {@link Patience}; undefined: no limit. */
  readonly timeout?: number | undefined
}

/** Somebody is waiting; an application has more patience. */
const connectTimeoutMs = 5000

/** Connects, and closes in any case. `command` is what brokers know the client as. */
export async function withClient(
  command: string,
  options: ConnectionOptions,
  use: (client: KafkaClient, patience: Patience) => Promise<void>,
  kafka: KafkaConnection = requireConnection(options),
): Promise<void> {
  const logger = stderrLogger(options.verbose === true ? 'debug' : 'warn')
  let isConnected = false
  const connected = async (client: KafkaClient, patience: Patience): Promise<void> => {
    await client.connect()
    isConnected = true
    await use(client, patience)
  }
  // What each attempt ends with is what the error will say.
  const warn: Logger['warn'] = (facts, message) =>
    isConnected || options.verbose === true
      ? logger.warn(facts, message)
      : say(`millrace: no connection yet; trying for ${connectTimeoutMs / 1000} s`)
  await withUnconnectedClient(command, options, connected, kafka, { ...logger, warn })
}

/** The same for a command to which a connection that fails is an answer. */
export async function withUnconnectedClient(
  command: string,
  options: Pick<ConnectionOptions, 'verbose' | 'timeout'>,
  use: (client: KafkaClient, patience: Patience) => Promise<void>,
  kafka: KafkaConnection,
  logger: Logger = stderrLogger(options.verbose === true ? 'debug' : 'warn'),
): Promise<void> {
  const client = connectKafka({ kafka, applicationId: `millrace-${command}` }, { logger, connectTimeoutMs })
  // Between two attempts to connect there is nothing open but a timer.
  const alive = keepProcessAlive()
  try {
    await withinTimeout(command, options.timeout, (patience) => use(client, patience))
  } finally {
    await client.close()
    alive.cancel()
  }
}

export function requireConnection(options: SettingsOptions): KafkaConnection {
  const { kafka } = loadSettings(options).config
  if (kafka !== undefined) return kafka
  throw new CliError(
    'MILLRACE_NO_BROKERS',
    `no brokers: give --brokers host:port (or set MILLRACE_BROKERS); without a Kafka, 'millrace broker' runs the embedded one`,
  )
}

/** More than a producer takes to give up an abort. */
const endingMs = 6000

/** What is under way when the time is over is given up by closing the client. */
async function withinTimeout(
  command: string,
  timeoutMs: number | undefined,
  work: (patience: Patience) => Promise<void>,
): Promise<void> {
  const end = new AbortController()
  const patience = new Patience(timeoutMs)
  const working = work(patience)
  // Whatever it ends with after the time-out is a consequence of that.
  working.catch(() => undefined)
  try {
    await Promise.race([working, patience.watch(command, end.signal).then(() => working)])
  } catch (error) {
    if (patience.isHeeded) await Promise.race([working.catch(() => undefined), sleep(systemClock, endingMs)])
    throw error
  } finally {
    end.abort()
  }
}

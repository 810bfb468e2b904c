/** `millrace broker`: the embedded broker on TCP, for development and tests. */
import { once } from 'node:events'
import { keepProcessAlive } from '../common/clock.ts'
import { CliError } from '../errors/cli-error.ts'
import { onStopSignal } from './stop-signals.ts'
import { print, say } from './terminal.ts'

export interface BrokerOptions {
  readonly port?: string
  readonly host?: string
}

export async function brokerCommand(options: BrokerOptions): Promise<void> {
  const port = portOf(options.port ?? '9092')
  const { EmbeddedKafka } = await import('../testing/embedded-kafka.ts')
  const kafka = await EmbeddedKafka.start({ listen: { port, host: options.host ?? '127.0.0.1' } })
  const stopped = new AbortController()
  // Before anybody is told that it listens, and may end it.
  const heedNoSignals = onStopSignal({ first: () => stopped.abort(), again: () => process.exit(130) })
  await print(`listening on ${kafka.brokers.join(',')}\n`)
  say('millrace: data is kept in memory only; topics are created on first use; end with Ctrl-C')
  const alive = keepProcessAlive()
  if (!stopped.signal.aborted) await once(stopped.signal, 'abort')
  await kafka.close()
  heedNoSignals()
  alive.cancel()
}

export function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new CliError('MILLRACE_USAGE', `--port takes a number from 0 (any free port) to 65535, not '${text}'`)
}

/** `millrace broker`: the embedded broker on TCP, for development and tests. */
import { CliError } from '../errors/cli-error.ts'
import { print, say } from './terminal.ts'

export interface BrokerOptions {
  readonly port?: string
  readonly host?: string
}

export async function brokerCommand(options: BrokerOptions): Promise<void> {
  const port = portOf(options.port ?? '9092')
  const { EmbeddedKafka } = await import('../testing/embedded-kafka.ts')
  const kafka = await EmbeddedKafka.start({ listen: { port, host: options.host ?? '127.0.0.1' } })
  await print(`listening on ${kafka.brokers.join(',')}\n`)
  say('millrace: data is kept in memory only; topics are created on first use; end with Ctrl-C')
  await signal()
  await kafka.close()
}

export function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new CliError('MILLRACE_USAGE', `--port takes a number from 0 (any free port) to 65535, not '${text}'`)
}

function signal(): Promise<void> {
  const keepAlive = setInterval(() => undefined, 1 << 30)
  return new Promise((resolve) => {
    const end = (): void => {
      clearInterval(keepAlive)
      resolve()
    }
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
  })
}

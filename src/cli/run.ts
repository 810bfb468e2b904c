/** `millrace run [module]`: one instance of an application, until SIGINT or SIGTERM. */
import type { KafkaStreams } from '../runtime/kafka-streams.ts'
import { loadApplication, requireKafka } from './application.ts'
import { commandLogger } from './log.ts'
import type { SettingsOptions } from './settings.ts'
import { onStopSignal } from './stop-signals.ts'
import { say } from './terminal.ts'

export interface RunCommandOptions extends SettingsOptions {
  readonly verbose?: boolean
  readonly logFormat?: 'text' | 'json'
}

export async function runCommand(named: string | undefined, options: RunCommandOptions): Promise<void> {
  const { file, module, config } = await loadApplication(named, options)
  const kafka = requireKafka(config, file)
  const { KafkaStreams } = await import('../server/serving-kafka-streams.ts')
  const logger = config.logger ?? commandLogger(options)
  const streams = new KafkaStreams(module.build(config), { ...config, kafka, logger })
  say(
    `millrace: running '${config.applicationId}' on ${'brokers' in kafka ? kafka.brokers.join(',') : 'the embedded broker'}`,
  )
  await runUntilSignal(streams)
}

/** One line per change of state; a signal drains, commits and leaves the group; a second one does not wait. */
export async function runUntilSignal(
  streams: KafkaStreams & { readonly httpAddress?: string | undefined },
): Promise<void> {
  streams.on('state', ({ from, to }) => {
    if (from === 'CREATED' && streams.httpAddress !== undefined) say(`millrace: http on ${streams.httpAddress}`)
    say(`millrace: ${from} -> ${to}`)
  })
  // The error that ends the application is printed by who ends the process.
  streams.on('error', ({ error }) => {
    if (streams.state !== 'PENDING_ERROR') say(`millrace: ${error.message}`)
  })
  streams.on('rebalance', ({ assigned, revoked, durationMs }) => {
    say(`millrace: tasks +[${assigned.join(' ')}] -[${revoked.join(' ')}] in ${Math.round(durationMs)} ms`)
  })
  let closing: Promise<void> | undefined
  const first = (signal: NodeJS.Signals): void => {
    say(`millrace: ${signal}; committing and leaving the group (once more to end at once)`)
    closing = streams.close()
    // How it ended is told at the end, unless that does not come.
    closing.catch((error: unknown) => {
      if (streams.state === 'PENDING_SHUTDOWN')
        say(`millrace: ${error instanceof Error ? error.message : String(error)}`)
    })
  }
  const again = (signal: NodeJS.Signals): void => {
    say(`millrace: ${signal} again; ending without waiting for the commit`)
    process.exit(130)
  }
  const heedNoSignals = onStopSignal({ first, again })
  // The runtime's timers do not keep the process alive; what we wait for does.
  const keepAlive = setInterval(() => undefined, 1 << 30)
  try {
    await streams.start().catch((error: unknown) => {
      if (closing === undefined) throw error
    })
    await ended(streams)
    await closing
  } finally {
    clearInterval(keepAlive)
    heedNoSignals()
  }
}

/** Resolves at NOT_RUNNING; rejects with what led to ERROR. */
function ended(streams: KafkaStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined
    streams.on('error', ({ error }) => (failure = error))
    const look = (): void => {
      if (streams.state === 'NOT_RUNNING') resolve()
      else if (streams.state === 'ERROR') reject(failure ?? new Error('the application failed'))
    }
    streams.on('state', look)
    look()
  })
}

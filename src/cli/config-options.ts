/** Turns command-line options and the environment into a configuration; the module's own comes last. */
import { CliError } from '../errors/cli-error.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { TopologyModule } from '../dsl/define-topology.ts'
import { checkPartialConfig } from '../runtime/streams-config.ts'

export interface RunOptions {
  readonly brokers?: string
  readonly applicationId?: string
  readonly stateDir?: string
  readonly guarantee?: string
  readonly threads?: string
  readonly http?: string
  readonly set?: readonly string[]
}

/** Flags before `-X`, before MILLRACE_BROKERS, before the module's config. */
export function configOf(
  module: TopologyModule,
  options: RunOptions,
): Partial<StreamsConfig> & { applicationId: string } {
  const given: Record<string, unknown> = { ...module.config }
  const brokers = options.brokers ?? process.env['MILLRACE_BROKERS']
  if (brokers !== undefined && brokers !== '') given['kafka'] = { brokers: brokerList(brokers) }
  for (const assignment of options.set ?? []) assign(given, assignment)
  if (options.stateDir !== undefined) given['stateDir'] = options.stateDir
  if (options.guarantee !== undefined) given['processingGuarantee'] = options.guarantee
  if (options.threads !== undefined) given['threads'] = Number(options.threads)
  if (options.http !== undefined) given['http'] = options.http
  const config = {
    ...given,
    applicationId: options.applicationId ?? (given['applicationId'] as string | undefined) ?? module.applicationId,
  }
  checkPartialConfig(config)
  return config
}

export function requireKafka(config: Partial<StreamsConfig>, module: string): StreamsConfig['kafka'] {
  if (config.kafka !== undefined) return config.kafka
  throw new CliError(
    'MILLRACE_NO_BROKERS',
    `no brokers: give --brokers host:port (or set MILLRACE_BROKERS); without a Kafka, 'millrace dev ${module}' runs on the embedded broker`,
  )
}

export function brokerList(text: string): string[] {
  const brokers = text
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '')
  const bad = brokers.find(
    (broker) => !/^[^/\s]+:\d{1,5}$/.test(broker) || Number(broker.slice(broker.lastIndexOf(':') + 1)) > 65_535,
  )
  if (bad !== undefined || brokers.length === 0) {
    throw new CliError('MILLRACE_USAGE', `--brokers takes host:port[,host:port…], not '${bad ?? text}'`)
  }
  return brokers
}

/** `-X commitIntervalMs=200`: JSON where it is JSON, else text. */
function assign(given: Record<string, unknown>, assignment: string): void {
  const equals = assignment.indexOf('=')
  if (equals <= 0) throw new CliError('MILLRACE_USAGE', `-X takes key=value, not '${assignment}'`)
  const text = assignment.slice(equals + 1)
  try {
    given[assignment.slice(0, equals)] = JSON.parse(text)
  } catch {
    given[assignment.slice(0, equals)] = text
  }
}

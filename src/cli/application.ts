/** An application as commands are given it: its module, and the configuration from everywhere. */
import { CliError } from '../errors/cli-error.ts'
import type { TopologyModule } from '../dsl/define-topology.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { loadTopologyModule } from './load-module.ts'
import { loadSettings, moduleFile } from './settings.ts'
import type { SettingsOptions } from './settings.ts'

export interface Application {
  /** As it was given, for messages. */
  readonly file: string
  readonly module: TopologyModule
  readonly config: Partial<StreamsConfig> & { readonly applicationId: string }
}

/** `file` undefined: the one that the project file or MILLRACE_MODULE names. */
export async function loadApplication(file: string | undefined, options: SettingsOptions): Promise<Application> {
  const named = file ?? moduleFile(loadSettings(options))
  if (named === undefined) {
    throw new CliError(
      'MILLRACE_USAGE',
      `no topology module: name its file, or write { "module": "src/topology.ts" } into millrace.json`,
    )
  }
  const module = await loadTopologyModule(named)
  const { config } = loadSettings(options, module.config)
  return { file: named, module, config: { ...config, applicationId: config.applicationId ?? module.applicationId } }
}

export function requireKafka(config: Partial<StreamsConfig>, file: string): StreamsConfig['kafka'] {
  if (config.kafka !== undefined) return config.kafka
  throw new CliError(
    'MILLRACE_NO_BROKERS',
    `no brokers: give --brokers host:port (or set MILLRACE_BROKERS); without a Kafka, 'millrace dev ${file}' runs on the embedded broker`,
  )
}

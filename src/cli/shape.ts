/** An application for operations: topology and complete configuration, as an instance would have them. */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { applicationShape } from '../runtime/operations/application-shape.ts'
import type { ApplicationShape } from '../runtime/operations/application-shape.ts'
import { asBuilt, completeConfig } from '../runtime/streams-config.ts'
import { loadApplication, requireKafka } from './application.ts'
import type { Application } from './application.ts'
import { CliError } from '../errors/cli-error.ts'
import { loadSettings, moduleFile } from './settings.ts'
import type { SettingsOptions } from './settings.ts'

export interface ShapedApplication {
  readonly file: string
  readonly shape: ApplicationShape
  readonly config: Readonly<StreamsConfig>
  /** Undefined: none was given, and the one in `config` is no more than a place-holder. */
  readonly kafka: StreamsConfig['kafka'] | undefined
}

export async function loadShape(
  file: string | undefined,
  options: SettingsOptions,
  { needsKafka = true }: { readonly needsKafka?: boolean } = {},
): Promise<ShapedApplication> {
  const application = await loadApplication(file, options)
  if (needsKafka) requireKafka(application.config, application.file)
  return shapeOf(application)
}

/** Of what operations work on: an application by its module, or a group by its id alone. */
export interface Operand {
  readonly applicationId: string
  readonly application: ShapedApplication | undefined
  readonly kafka: StreamsConfig['kafka'] | undefined
  readonly settings: Partial<StreamsConfig>
}

/** Throws where neither a module nor an id is known. */
export async function loadOperand(file: string | undefined, options: SettingsOptions): Promise<Operand> {
  const settings = loadSettings(options)
  if (file !== undefined) refuseId(file)
  if (file !== undefined || moduleFile(settings) !== undefined) {
    const application = await loadShape(file, options)
    const { applicationId, kafka } = application.config
    return { applicationId, application, kafka, settings: application.config }
  }
  const { applicationId, kafka } = settings.config
  if (applicationId !== undefined) return { applicationId, application: undefined, kafka, settings: settings.config }
  throw new CliError(
    'MILLRACE_USAGE',
    'no application: name its topology module, or give its id with --application-id; with the module there is more to say',
  )
}

/** Kafka's own tools take the id of a group in this place. */
function refuseId(file: string): void {
  if (!/^[\w-]+$/.test(file) || existsSync(file)) return
  throw new CliError(
    'MILLRACE_MODULE_NOT_FOUND',
    `there is no file '${file}'; if that is the id of the application, write: --application-id ${file}`,
  )
}

function shapeOf({ file, module, config }: Application): ShapedApplication {
  const { kafka = { brokers: ['localhost:9092'] } } = config
  const topology = module.build(config).compile(config)
  const complete = asBuilt(completeConfig({ ...config, kafka }, tmpdir()), topology)
  return { file, shape: applicationShape(topology, complete), config: complete, kafka: config.kafka }
}

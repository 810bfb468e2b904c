/**
 * Where configuration comes from, the stronger after the weaker:
 *
 *     the module < user file < project file < environment < -X < flags
 *
 * The user file is `$XDG_CONFIG_HOME/millrace/config.json`, the project file `millrace.json` in the working directory (or
 * `--config`); both are `{ module?, profile?, config?, profiles? }`. `config` and each profile are a StreamsConfig in JSON.
 * Keys are replaced as a whole, but for `kafka`, which is merged, so that brokers and credentials may come from different
 * places. Nothing here checks values but `completeSettings`, at the end, where the origin of each key is known.
 */
import path from 'node:path'
import { CliError } from '../errors/cli-error.ts'
import { ConfigError } from '../errors/config-error.ts'
import { nearest } from '../common/nearest.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { checkPartialConfig } from '../runtime/streams-config.ts'
import { environmentValues } from './environment.ts'
import type { Environment } from './environment.ts'
import { readSmallFile } from './small-file.ts'
import { assignPath, brokerList, isPlain, jsonOrText, parseJson } from './values.ts'
import type { Values } from './values.ts'

/** What commander gives of the options in `options.ts`. */
export interface SettingsOptions {
  readonly brokers?: string
  readonly applicationId?: string
  readonly stateDir?: string
  readonly guarantee?: string
  readonly threads?: string
  readonly http?: string
  readonly set?: readonly string[]
  readonly config?: string
  readonly profile?: string
}

interface Layer {
  /** As people are told: `the environment`, `millrace.json (profile 'prod')`. */
  readonly origin: string
  readonly values: Values
}

export interface Settings {
  readonly config: Partial<StreamsConfig>
  /** Top-level key to where its value is from. */
  readonly origins: ReadonlyMap<string, string>
  /** The module that the project file or the environment names. */
  readonly module: string | undefined
}

export interface Surroundings {
  readonly environment: Environment
  readonly directory: string
}

const here = (): Surroundings => ({ environment: process.env, directory: process.cwd() })

/** Throws a CliError or a ConfigError that says which place is wrong. */
export function loadSettings(
  options: SettingsOptions,
  moduleConfig: Partial<StreamsConfig> = {},
  { environment, directory }: Surroundings = here(),
): Settings {
  const files = configFiles(options, environment, directory)
  const profile = profileOf(options, environment, files)
  const layers: Layer[] = [
    { origin: 'the module', values: { ...moduleConfig } },
    ...files.flatMap((file) => layersOf(file, profile)),
    { origin: 'the environment', values: environmentValues(environment) },
    { origin: '-X', values: assignments(options.set ?? []) },
    { origin: 'the command line', values: flagValues(options, environment) },
  ]
  const config: Values = {}
  const origins = new Map<string, string>()
  for (const { origin, values } of layers) {
    for (const [key, value] of Object.entries(readFiles(values, origin))) {
      if (value === undefined) continue
      config[key] = key === 'kafka' ? mergedConnection(config[key], value) : value
      origins.set(key, key === 'kafka' && origins.has(key) ? `${origins.get(key)}, ${origin}` : origin)
    }
  }
  check(config, origins)
  const module = environment['MILLRACE_MODULE'] || files.findLast((file) => file.module !== undefined)?.module
  return { config, origins, module }
}

/** The module to load where none was named, relative to the working directory where it is below it. */
export function moduleFile({ module }: Settings): string | undefined {
  if (module === undefined) return undefined
  const relative = path.relative(process.cwd(), module)
  return relative.startsWith('..') ? module : relative
}

function check(config: Values, origins: ReadonlyMap<string, string>): void {
  try {
    checkPartialConfig(config)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const origin = origins.get(error.key)
    if (origin === undefined || origin === 'the module') throw error
    throw new ConfigError(error.code, error.key, `${error.message} (from ${origin})`)
  }
}

// --- files ----------------------------------------------------------------------------------------------------------

interface ConfigFile {
  /** As people are told. */
  readonly name: string
  readonly module: string | undefined
  readonly profile: string | undefined
  readonly config: Values
  readonly profiles: Readonly<Record<string, Values>>
}

const fileKeys = ['$schema', 'module', 'profile', 'config', 'profiles']

function configFiles(options: SettingsOptions, environment: Environment, directory: string): ConfigFile[] {
  const userFolder = environment['XDG_CONFIG_HOME'] ?? path.join(environment['HOME'] ?? '/', '.config')
  const user = path.join(userFolder, 'millrace', 'config.json')
  const given = options.config ?? environment['MILLRACE_CONFIG']
  const project = path.resolve(directory, given ?? 'millrace.json')
  const files = [
    readConfigFile(user, user, false),
    readConfigFile(project, given ?? 'millrace.json', given !== undefined),
  ]
  if (given !== undefined && files[1] === undefined) {
    throw new CliError('MILLRACE_CONFIG_FILE', `there is no configuration file '${given}' (looked for ${project})`)
  }
  return files.filter((file) => file !== undefined)
}

/** Undefined: there is none. */
function readConfigFile(file: string, name: string, takesPipe: boolean): ConfigFile | undefined {
  let text: string
  try {
    text = readSmallFile(file, { takesPipe })
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw new CliError('MILLRACE_CONFIG_FILE', `${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  const content = parsedFile(text, name)
  const unknown = Object.keys(content).find((key) => !fileKeys.includes(key))
  if (unknown !== undefined) {
    const near = nearest(unknown, fileKeys)
    const hint = near === undefined ? `it holds ${fileKeys.slice(1).join(', ')}` : `did you mean '${near}'?`
    throw new CliError('MILLRACE_CONFIG_FILE', `${name}: unknown key '${unknown}'; ${hint}`)
  }
  const module = textOf(content['module'], 'module', name)
  return {
    name,
    module: module === undefined ? undefined : path.resolve(path.dirname(file), module),
    profile: textOf(content['profile'], 'profile', name),
    config: objectOf(content['config'], 'config', name),
    profiles: objectOf(content['profiles'], 'profiles', name) as Record<string, Values>,
  }
}

function parsedFile(text: string, name: string): Values {
  let content: unknown
  try {
    content = parseJson(text)
  } catch (error) {
    const what = error instanceof CliError ? '' : ' is not JSON'
    throw new CliError('MILLRACE_CONFIG_FILE', `${name}${what}: ${(error as Error).message}`)
  }
  return objectOf(content ?? 'null', undefined, name)
}

function objectOf(value: unknown, key: string | undefined, name: string): Values {
  if (value === undefined) return {}
  if (isPlain(value)) return value
  throw new CliError(
    'MILLRACE_CONFIG_FILE',
    `${name}: ${key === undefined ? 'the file' : `'${key}'`} must be an object`,
  )
}

function textOf(value: unknown, key: string, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw new CliError('MILLRACE_CONFIG_FILE', `${name}: '${key}' must be a string`)
}

function profileOf(
  options: SettingsOptions,
  environment: Environment,
  files: readonly ConfigFile[],
): string | undefined {
  const wanted = options.profile ?? environment['MILLRACE_PROFILE'] ?? files.findLast(({ profile }) => profile)?.profile
  if (wanted === undefined) return undefined
  const known = files.flatMap(({ profiles }) => Object.keys(profiles))
  if (known.includes(wanted)) return wanted
  throw new CliError(
    'MILLRACE_CONFIG_FILE',
    `there is no profile '${wanted}'; ${known.length === 0 ? "no configuration file has 'profiles'" : `there are: ${known.join(', ')}`}`,
  )
}

function layersOf(file: ConfigFile, profile: string | undefined): Layer[] {
  const layers = [{ origin: file.name, values: file.config }]
  if (profile === undefined || !Object.hasOwn(file.profiles, profile)) return layers
  const values = objectOf(file.profiles[profile], `profiles.${profile}`, file.name)
  return [...layers, { origin: `${file.name} (profile '${profile}')`, values }]
}

// --- flags ----------------------------------------------------------------------------------------------------------

function flagValues(options: SettingsOptions, environment: Environment): Values {
  // An empty variable is an unset one: compose files and CI write them.
  const brokers = options.brokers ?? (environment['MILLRACE_BROKERS'] || undefined)
  return {
    kafka: brokers === undefined ? undefined : { brokers: brokerList(brokers) },
    applicationId: options.applicationId,
    stateDir: options.stateDir,
    processingGuarantee: options.guarantee,
    threads: options.threads === undefined ? undefined : Number(options.threads),
    http: options.http,
  }
}

/** `-X commitIntervalMs=200`, `-X kafka.ssl=true`: JSON where it is JSON, else text. */
function assignments(set: readonly string[]): Values {
  const values: Values = {}
  for (const assignment of set) {
    const equals = assignment.indexOf('=')
    if (equals <= 0) throw new CliError('MILLRACE_USAGE', `-X takes key=value, not '${assignment}'`)
    assignPath(values, assignment.slice(0, equals).split('.'), jsonOrText(assignment.slice(equals + 1)))
  }
  return values
}

// --- the connection ---------------------------------------------------------------------------------------------------

/** An embedded Kafka is one thing; addresses and credentials of a real one come together from several places. */
function mergedConnection(before: unknown, value: unknown): unknown {
  if (!isPlain(before) || !isPlain(value) || '~kafka' in before || '~kafka' in value) return value
  const merged: Values = { ...before }
  for (const [key, item] of Object.entries(value)) {
    const old = merged[key]
    merged[key] = isPlain(old) && isPlain(item) ? { ...old, ...item } : item
  }
  return merged
}

/** `passwordFile`, `caFile`, `httpTokenFile` … are read: secrets are mounted as files. */
function readFiles(values: Values, origin: string): Values {
  const connection = values['kafka']
  const result: Values = withFileContents(values, ['httpToken'], origin)
  if (!isPlain(connection) || '~kafka' in connection) return result
  const kafka: Values = { ...connection }
  for (const part of ['ssl', 'sasl']) {
    if (isPlain(kafka[part])) kafka[part] = withFileContents(kafka[part], undefined, origin)
  }
  return { ...result, kafka }
}

function withFileContents(values: Values, only: readonly string[] | undefined, origin: string): Values {
  const result: Values = {}
  for (const [key, value] of Object.entries(values)) {
    const target = key.endsWith('File') ? key.slice(0, -4) : undefined
    if (target === undefined || typeof value !== 'string' || only?.includes(target) === false) result[key] = value
    else result[target] = contentOf(value, key, origin)
  }
  return result
}

function contentOf(file: string, key: string, origin: string): string {
  try {
    return readSmallFile(file, { takesPipe: true }).replace(/\r?\n$/, '')
  } catch (error) {
    throw new CliError(
      'MILLRACE_CONFIG_FILE',
      `'${key}' (from ${origin}) names a file that cannot be read: ${(error as Error).message}`,
    )
  }
}

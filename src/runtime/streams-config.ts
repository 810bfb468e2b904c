/**
 * The configuration of an application: defaults, ranges, and errors that name the nearest known key. The type with its
 * meaning is in `src/processor/streams-config.ts`; `docs/configuration.md` is its page for users.
 */
import { availableMemoryBytes } from '../common/memory.ts'
import { isLoopback, parseHttpAddress } from '../common/http-address.ts'
import { silentLogger } from '../common/logger.ts'
import { nearest } from '../common/nearest.ts'
import { isSecretKey, redact, redacted } from '../common/redact.ts'
import { ConfigError } from '../errors/config-error.ts'
import { errorPolicyForm, isErrorPolicy } from '../processor/error-policy.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { CompiledTopology } from '../topology/topology-node.ts'
import { timestampExtractors } from '../processor/timestamp-extractors.ts'
import { javaConfigHint } from './java-config.ts'

type Required2 = Pick<StreamsConfig, 'applicationId' | 'kafka'>

/** How one key is checked: undefined when `value` is good, else what it should be. */
type Check = (value: unknown) => string | undefined

const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value) ? undefined : `one of ${values.map((v) => `'${String(v)}'`).join(', ')}`

const integer =
  (min: number, max: number = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `an integer of at least ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${max}`}`

const text: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty')
const optionalText: Check = (value) => (value === undefined ? undefined : text(value))
const func: Check = (value) => (typeof value === 'function' ? undefined : 'a function')

const errorPolicy: Check = (value) => (isErrorPolicy(value) ? undefined : errorPolicyForm)

const logger: Check = (value) =>
  typeof value === 'object' && value !== null && ['debug', 'info', 'warn', 'error'].every((name) => name in value)
    ? undefined
    : 'an object with debug, info, warn and error (pino and console fit)'

const http: Check = (value) => {
  if (value === undefined) return undefined
  const isAddress = typeof value === 'string' && parseHttpAddress(value) !== undefined
  return isAddress
    ? undefined
    : "host:port, such as '127.0.0.1:8080' ('[::1]:8080' with IPv6; port 0 takes any free one)"
}

const httpAdvertised: Check = (value) => {
  const port = typeof value === 'string' ? parseHttpAddress(value)?.port : undefined
  return value === undefined || (port !== undefined && port > 0) ? undefined : "host:port, such as '10.0.0.7:8080'"
}

const httpToken: Check = (value) =>
  value === undefined || (typeof value === 'string' && /^[\x21-\x7e]{16,1024}$/.test(value))
    ? undefined
    : 'a token of 16 to 1024 visible ASCII characters without spaces, such as `openssl rand -hex 32` prints'

const wrapperMethods = ['wrapProcessorSupplier', 'wrapFixedKeyProcessorSupplier'] as const

const processorWrapper: Check = (value) => {
  if (value === undefined) return undefined
  const found = typeof value === 'object' && value !== null ? (value as Partial<Record<string, unknown>>) : {}
  const methods = wrapperMethods.filter((name) => found[name] !== undefined)
  const fits = methods.length > 0 && methods.every((name) => typeof found[name] === 'function')
  return fits ? undefined : `an object with the functions ${wrapperMethods.join(' or ')}`
}

const kafka: Check = (value) => {
  if (typeof value !== 'object' || value === null) return '{ brokers: [host:port, …] } or an EmbeddedKafka'
  if ('~kafka' in value) return undefined
  const brokers = 'brokers' in value ? value.brokers : undefined
  if (!Array.isArray(brokers) || brokers.length === 0) return '{ brokers: [host:port, …] } with at least one broker'
  const bad: unknown = brokers.find((broker) => typeof broker !== 'string' || !/^.+:\d{1,5}$/.test(broker))
  return bad === undefined ? undefined : `host:port in brokers, but one is '${String(redact(String(bad)))}'`
}

// Kafka's rule for names of topics and groups; the id is a prefix of both (Topic.java).
const applicationId: Check = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9._-]{1,200}$/.test(value) && value !== '.' && value !== '..'
    ? undefined
    : "up to 200 of the characters A-Z, a-z, 0-9, '.', '_' and '-'"

const checks: Readonly<Record<keyof StreamsConfig, Check>> = {
  applicationId,
  kafka,
  processingGuarantee: oneOf('exactly_once', 'at_least_once'),
  commitIntervalMs: integer(1),
  maxCommitsInFlight: oneOf(0, 1),
  threads: integer(1, 1024),
  stateDir: text,
  store: oneOf('persistent', 'memory'),
  cacheMaxBytes: integer(0),
  uncommittedMaxBytes: integer(1),
  bufferedRecordsPerPartition: integer(1),
  inputBufferMaxBytes: integer(1),
  maxTaskIdleMs: integer(-1),
  numStandbyReplicas: integer(0),
  acceptableRecoveryLag: integer(0),
  maxWarmupReplicas: integer(1),
  probingRebalanceIntervalMs: integer(60_000),
  replicationFactor: (value) =>
    value === -1 ? undefined : integer(1, 32_767)(value) && 'at least 1, or -1 for the broker’s default',
  sessionTimeoutMs: integer(1),
  heartbeatIntervalMs: integer(1),
  rebalanceTimeoutMs: integer(1),
  transactionTimeoutMs: integer(1),
  instanceId: optionalText,
  offsetReset: oneOf('earliest', 'latest', 'none'),
  timestampExtractor: func,
  onDeserializationError: errorPolicy,
  onProcessingError: errorPolicy,
  onProductionError: errorPolicy,
  onUncaughtError: oneOf('replaceThread', 'shutdownClient', 'shutdownApplication'),
  topologyOptimization: (value) =>
    typeof value === 'boolean' || Array.isArray(value) ? undefined : 'a boolean or a list of optimisations',
  naming: oneOf('generated', 'explicit'),
  processorWrapper,
  compatibility: oneOf('none', 'java'),
  emitIntervalMs: integer(0),
  stateMaxBytes: integer(1),
  http,
  httpToken,
  httpAdvertised,
  repartitionPurgeIntervalMs: integer(1),
  compression: oneOf('none', 'gzip', 'snappy', 'lz4', 'zstd'),
  logger,
}

export const configKeys: readonly (keyof StreamsConfig)[] = Object.keys(checks) as (keyof StreamsConfig)[]

/** What a value of `key` has to be, in words: `an integer of at least 1`. */
export function expectedForm(key: keyof StreamsConfig): string {
  // No check takes a symbol.
  return checks[key](Symbol(key)) ?? 'anything'
}

/** Every default; two depend on others and on the machine. */
export function configDefaults(
  guarantee: StreamsConfig['processingGuarantee'],
  temporaryDirectory: string,
): Omit<StreamsConfig, keyof Required2> {
  return {
    processingGuarantee: 'exactly_once',
    commitIntervalMs: guarantee === 'exactly_once' ? 100 : 30_000,
    maxCommitsInFlight: 1,
    threads: 1,
    stateDir: `${temporaryDirectory}/millrace`,
    store: 'persistent',
    cacheMaxBytes: 10 * 1024 * 1024,
    uncommittedMaxBytes: 64 * 1024 * 1024,
    bufferedRecordsPerPartition: 1000,
    inputBufferMaxBytes: 64 * 1024 * 1024,
    maxTaskIdleMs: 0,
    numStandbyReplicas: 0,
    acceptableRecoveryLag: 10_000,
    maxWarmupReplicas: 2,
    probingRebalanceIntervalMs: 600_000,
    replicationFactor: -1,
    sessionTimeoutMs: 45_000,
    heartbeatIntervalMs: 500,
    rebalanceTimeoutMs: 60_000,
    transactionTimeoutMs: 10_000,
    instanceId: undefined,
    offsetReset: 'earliest',
    timestampExtractor: timestampExtractors.failOnInvalid,
    onDeserializationError: 'fail',
    onProcessingError: 'fail',
    onProductionError: 'fail',
    onUncaughtError: 'shutdownClient',
    topologyOptimization: false,
    naming: 'generated',
    processorWrapper: undefined,
    compatibility: 'none',
    emitIntervalMs: 0,
    stateMaxBytes: Math.floor(availableMemoryBytes() / 2),
    http: undefined,
    httpToken: undefined,
    httpAdvertised: undefined,
    repartitionPurgeIntervalMs: 30_000,
    compression: 'none',
    logger: silentLogger,
  }
}

/** Checks every key and fills in the defaults. Throws a {@link ConfigError} at the first thing that is wrong. */
export function completeConfig(
  given: Required2 & Partial<StreamsConfig>,
  temporaryDirectory: string,
): Readonly<StreamsConfig> {
  checkPartialConfig(given)
  const defaults = configDefaults(given.processingGuarantee ?? 'exactly_once', temporaryDirectory)
  const config = { ...defaults, ...ofConnection(given), ...withoutUndefined(given) } as StreamsConfig
  for (const key of ['applicationId', 'kafka'] as const) {
    if (config[key] === undefined) {
      throw new ConfigError(
        'MILLRACE_CONFIG_MISSING',
        key,
        `configuration: '${key}' is missing; it has no default - give it`,
      )
    }
  }
  checkTogether(config)
  checkAvailable(config)
  return config
}

/** What was fixed when the topology was built counts for those who run it, too. */
export function asBuilt<C extends Pick<StreamsConfig, 'compatibility'>>(
  config: C,
  { compatibility = config.compatibility }: Pick<CompiledTopology, 'compatibility'>,
): C {
  return { ...config, compatibility }
}

/** A broker in this process is gone with it: state on disk would belong to no changelog at the next start. */
function ofConnection({ kafka: connection, stateDir }: Partial<StreamsConfig>): Partial<StreamsConfig> {
  const isInProcess = typeof connection === 'object' && '~kafka' in connection
  return isInProcess && stateDir === undefined ? { store: 'memory' } : {}
}

/** Values that the contract has and this version does not: refused, because ignoring them would be a silent lie. */
const unavailable: readonly (readonly [keyof StreamsConfig, (config: StreamsConfig) => boolean, string])[] = [
  ['threads', (config) => config.threads > 1, 'run more instances of the application instead'],
  ['numStandbyReplicas', (config) => config.numStandbyReplicas > 0, 'leave it at 0'],
  ['onUncaughtError', (config) => config.onUncaughtError === 'shutdownApplication', "use 'shutdownClient'"],
]

function checkAvailable(config: StreamsConfig): void {
  for (const [key, isSet, instead] of unavailable) {
    if (!isSet(config)) continue
    throw new ConfigError(
      'MILLRACE_CONFIG_UNAVAILABLE',
      key,
      `configuration: ${key} = ${show(config[key])} is not available in this version; ${instead}`,
    )
  }
}

/** Checks only the keys that are there; for module configs and command-line overrides. */
export function checkPartialConfig(given: Partial<StreamsConfig>): void {
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(checks, key)) {
      throw new ConfigError(
        'MILLRACE_CONFIG_UNKNOWN_KEY',
        key,
        `configuration: unknown key '${key}'${hint(key)} (all keys: docs/configuration.md)`,
      )
    }
    if (value === undefined) continue
    const expected = checks[key as keyof StreamsConfig](value)
    if (expected !== undefined) {
      throw new ConfigError(
        'MILLRACE_CONFIG_INVALID_VALUE',
        key,
        `configuration: '${key}' must be ${expected}, not ${isSecretKey(key) ? redacted : show(value)}`,
      )
    }
  }
}

function hint(key: string): string {
  const javas = javaConfigHint(key, configKeys)
  if (javas !== undefined) return `; ${javas}`
  const near = nearest(key, configKeys)
  return near === undefined ? '' : `; did you mean '${near}'?`
}

function checkTogether(config: StreamsConfig): void {
  if (config.processingGuarantee === 'exactly_once' && config.commitIntervalMs >= config.transactionTimeoutMs) {
    throw new ConfigError(
      'MILLRACE_CONFIG_CONFLICT',
      'commitIntervalMs',
      `configuration: commitIntervalMs (${config.commitIntervalMs}) must be less than transactionTimeoutMs (${config.transactionTimeoutMs}), or every transaction times out before its commit - lower the first or raise the second`,
    )
  }
  if (config.heartbeatIntervalMs * 3 > config.sessionTimeoutMs) {
    throw new ConfigError(
      'MILLRACE_CONFIG_CONFLICT',
      'heartbeatIntervalMs',
      `configuration: heartbeatIntervalMs (${config.heartbeatIntervalMs}) must be at most a third of sessionTimeoutMs (${config.sessionTimeoutMs}), so that one lost heartbeat does not end the session`,
    )
  }
  checkHttp(config)
}

/** Whoever reaches the server learns what the application does; beyond this machine that takes a token. */
function checkHttp({ http: address, httpToken: token }: StreamsConfig): void {
  const host = address === undefined ? undefined : parseHttpAddress(address)?.host
  if (host === undefined || isLoopback(host) || token !== undefined) return
  throw new ConfigError(
    'MILLRACE_CONFIG_CONFLICT',
    'http',
    `configuration: http = '${address}' can be reached from other machines, and there is no httpToken - give one (16 characters or more, sent as 'Authorization: Bearer …'; /livez and /readyz answer without it), or listen on 127.0.0.1`,
  )
}

function withoutUndefined(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function show(value: unknown): string {
  const safe = redact(value)
  return typeof safe === 'string' ? `'${safe}'` : typeof safe === 'object' ? JSON.stringify(safe) : String(value)
}

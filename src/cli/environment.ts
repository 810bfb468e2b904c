/**
 * Configuration from environment variables: `MILLRACE_COMMIT_INTERVAL_MS=200` is `commitIntervalMs`, two underscores lead
 * inside: `MILLRACE_KAFKA__SASL__PASSWORD`. With `_FILE` at the end the value stands in that file.
 */
import { nearest } from '../common/nearest.ts'
import { CliError } from '../errors/cli-error.ts'
import { checkPartialConfig, configKeys } from '../runtime/streams-config.ts'
import { assignPath, brokerList, jsonOrText } from './values.ts'
import type { Values } from './values.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that are not keys of the configuration. */
const others = new Set(['BROKERS', 'CONFIG', 'PROFILE', 'MODULE', 'NO_COLOR', 'NO_INPUT', 'LOG_FORMAT', 'LOG_LEVEL'])
/** Of our tests and tools. */
const otherPrefixes = ['TEST_', 'CI_', 'KAFKA_VERSION', 'KAFKA_CACHE', 'CRASH_']
const prefix = 'MILLRACE_'

export function environmentValues(environment: Environment): Values {
  const values: Values = {}
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || text === undefined || text === '') continue
    const name = variable.slice(prefix.length)
    if (others.has(name) || otherPrefixes.some((other) => name.startsWith(other))) continue
    const keys = name.split('__').map(camelCase)
    const [first = ''] = keys
    if (!isKey(first)) refuseIfNear(variable, first)
    else assignPath(values, keys, valueOf(keys, text))
  }
  return values
}

function camelCase(part: string): string {
  return part.toLowerCase().replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function isKey(key: string): boolean {
  return (configKeys as readonly string[]).includes(key) || key === 'httpTokenFile'
}

/** A variable of somebody else's is left alone; a misspelt one must not be. */
function refuseIfNear(variable: string, key: string): void {
  const near = nearest(key, configKeys)
  if (near === undefined) return
  const spelt = near.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
  throw new CliError('MILLRACE_USAGE', `the environment has ${variable}; did you mean ${prefix}${spelt}?`)
}

/** Credentials are text, whatever they look like; elsewhere JSON where the key takes that. */
function valueOf(keys: readonly string[], text: string): unknown {
  const [first = '', second] = keys
  if (first === 'kafka' && second === 'brokers') return brokerList(text)
  if (first === 'kafka' && keys.length > 2 && !/^(?:true|false)$/.test(text)) return text
  const parsed = jsonOrText(text)
  return keys.length > 1 || fits(first, parsed) || !fits(first, text) ? parsed : text
}

function fits(key: string, value: unknown): boolean {
  try {
    checkPartialConfig({ [key]: value })
    return true
  } catch {
    return false
  }
}

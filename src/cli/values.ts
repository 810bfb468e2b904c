/** Pieces of configuration as people write them: brokers, JSON or text, paths into objects. */
import { CliError } from '../errors/cli-error.ts'

export type Values = Record<string, unknown>

/** `option` is what the error names. */
export function brokerList(text: string, option = '--brokers'): string[] {
  const brokers = text
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '')
  const bad = brokers.find(
    (broker) => !/^[^/\s]+:\d{1,5}$/.test(broker) || Number(broker.slice(broker.lastIndexOf(':') + 1)) > 65_535,
  )
  if (bad !== undefined || brokers.length === 0) {
    throw new CliError('MILLRACE_USAGE', `${option} takes host:port[,host:port…], not '${bad ?? text}'`)
  }
  return brokers
}

/** Never of use to who configures, and dangerous to what merges objects. */
const reservedKeys = new Set(['__proto__', 'constructor', 'prototype'])

/** Throws a CliError where a key is one that objects have anyway, and a SyntaxError for what is no JSON. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) => {
    refuseReserved(key)
    return value
  })
}

function refuseReserved(key: string): void {
  if (reservedKeys.has(key)) throw new CliError('MILLRACE_USAGE', `the key '${key}' is not taken`)
}

export function jsonOrText(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof CliError) throw error
    return text
  }
}

/** `['kafka', 'sasl', 'username']`; what stands in the way and is no object is replaced. */
export function assignPath(values: Values, keys: readonly string[], value: unknown): void {
  const [key = '', ...rest] = keys
  refuseReserved(key)
  if (rest.length === 0) values[key] = value
  else {
    const inner = isPlain(values[key]) ? values[key] : {}
    values[key] = inner
    assignPath(inner, rest, value)
  }
}

export function isPlain(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** JSON is read however deep it is; written again, it can be more than the stack holds. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; depth < levels && level.length > 0; depth++) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
  return level.length > 0
}

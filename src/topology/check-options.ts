/**
 * Options as they really come: from JavaScript, from a spread, from an object made elsewhere, where no compiler sees a
 * slip of the pen. An option that an operator does not have is refused and never ignored.
 */
import { nearest } from '../common/nearest.ts'
import { TopologyError } from '../errors/topology-error.ts'
import { errorPolicyForm, isErrorPolicy } from '../processor/error-policy.ts'
import type { Consumed, Named, Processed, Produced } from './options.ts'

/** Every option of `O`: the compiler finds one that is missing here. */
export type OptionNames<O> = Readonly<Record<keyof O, true>>

export const namedOptions: OptionNames<Named> = { name: true, onProcessingError: true }

export const consumedOptions: OptionNames<Consumed<unknown, unknown>> = {
  ...namedOptions,
  key: true,
  value: true,
  timestampExtractor: true,
  offsetReset: true,
  onDeserializationError: true,
}

export const producedOptions: OptionNames<Produced<unknown, unknown>> = {
  ...namedOptions,
  key: true,
  value: true,
  partitioner: true,
  onProductionError: true,
  topicLabel: true,
}

export const processedOptions: OptionNames<Processed> = { ...namedOptions, stores: true }

const policies = new Set(['onDeserializationError', 'onProcessingError', 'onProductionError'])
const serdeOptions = new Set(['key', 'value', 'otherValue'])
const functions = new Set([
  'partitioner',
  'otherPartitioner',
  'timestampExtractor',
  'to',
  'format',
  'withFunction',
  'withConsumer',
])

/** Returns `options`. `operator` as its user writes it: `count()`. */
export function checkOptions<O extends object>(operator: string, options: O, known: object): O {
  const found: unknown = options
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    refuse(
      `${operator}: its options are an object such as { name: '…' }, found ${JSON.stringify(found) ?? typeof found}`,
    )
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) refuseName(operator, name, Object.keys(known))
    if (value !== undefined) checkValue(operator, name, value)
  }
  return options
}

function checkValue(operator: string, name: string, value: unknown): void {
  const found = JSON.stringify(value) ?? typeof value
  if (policies.has(name) && !isErrorPolicy(value)) refuse(`${operator}: ${name} is ${errorPolicyForm}, found ${found}`)
  if (serdeOptions.has(name) && !isSerde(value)) {
    refuse(`${operator}: ${name} is a serde such as serdes.string, found ${found}`)
  }
  if (functions.has(name)) checkFunction(operator, `option '${name}'`, value)
}

function isSerde(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { serialize, deserialize } = value as { readonly serialize?: unknown; readonly deserialize?: unknown }
  return typeof serialize === 'function' && typeof deserialize === 'function'
}

/** Returns `found`. `what` is what the messages of its failures call it: `joiner`. */
export function checkFunction<F>(operator: string, what: string, found: F): F {
  if (typeof found === 'function') return found
  return refuse(`${operator}: the ${what} must be a function, found ${found === null ? 'null' : typeof found}`)
}

function refuseName(operator: string, name: string, known: readonly string[]): never {
  const near = nearest(name, known)
  const meant = near === undefined ? '' : `; did you mean '${near}'?`
  refuse(`${operator} has no option '${name}'${meant} (it has: ${known.join(', ')})`)
}

function refuse(message: string): never {
  throw new TopologyError('MILLRACE_OPTION_INVALID', message)
}

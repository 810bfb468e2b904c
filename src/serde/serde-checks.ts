/** How serdes refuse: one wording for all of them. */
import { SerdeError } from '../errors/serde-error.ts'

/** `string`, `null`, `array`, `Date`: what a value is, for messages that must not show its contents. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value !== 'object') return typeof value
  const name = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'object'
}

export function refuseValue(serde: string, topic: string, expected: string, value: unknown): never {
  const advice =
    value === null || value === undefined
      ? `null is admitted only by a nullable serde: nullable(serdes.${serde})`
      : 'give the operator a serde for this type, or convert the value before it'
  refuse(serde, topic, `a value of type ${typeName(value)}`, expected, advice)
}

/** Where a number is what the serde takes, but not this one. */
export function refuseInteger(serde: string, topic: string, max: number, value: unknown): never {
  const expected = `an integer from ${-max - 1} to ${max}`
  if (typeof value !== 'number') refuseValue(serde, topic, expected, value)
  if (Number.isInteger(value)) refuse(serde, topic, 'an integer out of its range', expected, widerThan(value))
  refuseFraction(serde, topic, expected, value)
}

export function refuseFraction(serde: string, topic: string, expected: string, value: number): never {
  const isFinite = Number.isFinite(value)
  const found = isFinite ? 'a number with a fraction' : 'a number that is infinite or NaN'
  refuse(serde, topic, found, expected, `use serdes.float64${isFinite ? ', or round the number before it' : ''}`)
}

/** Of the serdes that can write this integer the smallest. */
function widerThan(value: number): string {
  if (value >= -(2 ** 31) && value < 2 ** 31) return 'use serdes.int32'
  if (Number.isSafeInteger(value)) return 'use serdes.int64'
  return 'use serdes.bigint64 with a bigint; a number would not be exact'
}

export function refuse(serde: string, topic: string, found: string, expected: string, advice: string): never {
  throw new SerdeError(
    'MILLRACE_SERDE_INVALID_VALUE',
    serde,
    topic,
    `serde ${serde} cannot write ${found} for topic ${topic}: it takes ${expected}; ${advice}`,
  )
}

export function refuseSize(serde: string, topic: string, expected: number, found: number): never {
  throw new SerdeError(
    'MILLRACE_SERDE_INVALID_BYTES',
    serde,
    topic,
    `serde ${serde} cannot read ${found} bytes from topic ${topic}: it expects exactly ${expected}; check that the topic was written with the same serde`,
  )
}

export function refuseBytes(serde: string, topic: string, reason: string, cause?: unknown): never {
  throw new SerdeError(
    'MILLRACE_SERDE_INVALID_BYTES',
    serde,
    topic,
    `serde ${serde} cannot read the bytes from topic ${topic}: ${reason}; check that the topic was written with the same serde`,
    { cause },
  )
}

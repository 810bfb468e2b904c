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
  const hint =
    value === null || value === undefined
      ? `; null is admitted only by a nullable serde: nullable(serdes.${serde})`
      : '; give the operator a serde for this type, or convert the value before it'
  throw new SerdeError(
    'MILLRACE_SERDE_INVALID_VALUE',
    serde,
    topic,
    `serde ${serde} cannot write a value of type ${typeName(value)} for topic ${topic}: it takes ${expected}${hint}`,
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

/** What users of the random topologies gave to the operators: the same as in java/Callbacks.java. */
import type { RecordMetadata } from '../../src/processor/record.ts'
import type { StreamPartitioner } from '../../src/processor/stream-partitioner.ts'
import type { TimestampExtractor } from '../../src/processor/timestamp-extractor.ts'
import type { Windowed } from '../../src/serde/windowed.ts'

export function text(o: unknown): string {
  if (Array.isArray(o)) return `[${o.map(text).join('|')}]`
  if (typeof o !== 'object' || o === null) return String(o)
  const { key, window } = o as Windowed<unknown>
  return `${text(key)}@${window.start}`
}

export function orNull(o: unknown): string | null {
  return o === null ? null : text(o)
}

export function first(o: unknown): string | null {
  return o === null ? null : text(o).slice(0, 1)
}

export function fits(value: unknown): boolean {
  return value !== null && text(value).length % 2 === 0
}

export function last(s: string, length: number): string {
  return s.length > length ? s.slice(s.length - length) : s
}

export function shorter(s: string, limit: number): string | null {
  return s.length > limit ? null : s
}

export function someToNull(value: unknown): string | null {
  if (value === null) return 'was'
  return text(value).startsWith('n') ? null : last(`${text(value)}t`, 6)
}

export function joined(one: unknown, two: unknown): string | null {
  return text(one).startsWith('y') ? null : `${last(text(one), 6)}+${last(text(two), 6)}`
}

export function pairs(value: unknown, key: unknown): (readonly [string | null, string | null])[] {
  if (value === null) return []
  return [
    [orNull(key), text(value)],
    [text(value), orNull(key)],
  ]
}

export function parts(value: unknown): string[] {
  return value === null ? [] : [text(value), last(`${text(value)}f`, 6)]
}

export function numberOf(value: unknown): number | null {
  return value === null ? null : text(value).length
}

export function listOf(value: unknown): string[] | null {
  return value === null ? null : text(value).slice(0, 3).split('')
}

/** Of a call whose callback fails for some values. */
export function mayFail(fails: true | undefined, value: unknown): void {
  if (fails === true && text(value).startsWith('z')) throw new Error('as it was told')
}

/** Of a sink that chooses its topic. */
export const topicOf = {
  length: (value: unknown): string => `chosen${text(value).length % 2}`,
  topic: (_value: unknown, _key: unknown, { topic }: RecordMetadata): string => `chosen-${topic}`,
} as const

export const partitioners: Readonly<Record<'drops' | 'zero', StreamPartitioner<unknown, unknown>>> = {
  drops: (value) => (text(value).startsWith('n') ? [] : null),
  zero: () => [0],
}

/** Tells the time of the value: none where there is no value, a negative one of some. */
export const timeOfValue: TimestampExtractor = ({ value }, partitionTime) => {
  if (value === null) return partitionTime
  return text(value).startsWith('n') ? -1 : text(value).length * 7
}

/**
 * Which values may stand for their bytes. Stores keep such values instead of bytes until a commit, and a record's key
 * bytes are used again for an unchanged key. A wrong answer here is silent corruption, so only serdes that this package
 * brings are listed, by the identity of their functions (`nullable` keeps those); a user's serde always makes bytes.
 */
import { booleanSerde } from './basic-serdes.ts'
import { bigint64Serde, int16Serde, int32Serde, int64Serde } from './number-serdes.ts'
import { stringSerde, utf8StrictSerde } from './string-serde.ts'
import type { AnySerde } from './serde.ts'

/** True: the value is what its bytes would be read as, and no other value has these bytes. */
type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string' && value.isWellFormed()

const checks: ReadonlyMap<unknown, Check> = new Map<unknown, Check>([
  [stringSerde.serialize, isText],
  [utf8StrictSerde.serialize, isText],
  [booleanSerde.serialize, (value) => typeof value === 'boolean'],
  [int16Serde.serialize, (value) => typeof value === 'number' && (value << 16) >> 16 === value && !isMinusZero(value)],
  [int32Serde.serialize, (value) => typeof value === 'number' && (value | 0) === value && !isMinusZero(value)],
  [int64Serde.serialize, (value) => Number.isSafeInteger(value) && !isMinusZero(value)],
  [bigint64Serde.serialize, (value) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value],
])

/** Whether values of this serde may stand for their bytes once {@link canonical} has had them. */
export function standsForBytes(serde: AnySerde): boolean {
  return serde.immutable === true && serde.injective === true && checks.has(serde.serialize)
}

/**
 * A function that gives the value as it would be read back: the value itself but for a string with a lone surrogate or a
 * minus zero. Throws the serde's own error for a value that does not fit.
 */
export function canonical(serde: AnySerde, topic: string): (value: unknown) => unknown {
  const check = checks.get(serde.serialize)
  const roundTrip = (value: unknown): unknown =>
    serde.deserialize(serde.serialize(value as never, topic, []), topic, [])
  return check === undefined ? roundTrip : (value) => (check(value) ? value : roundTrip(value))
}

/** Whether `value`, just read from bytes, would be written as the same bytes (malformed text would not). */
export function keepsItsBytes(value: unknown): boolean {
  return typeof value !== 'string' || isShortAscii(value) || !value.includes('\uFFFD')
}

/** For keys of the usual length a loop is much cheaper than a search. */
function isShortAscii(text: string): boolean {
  if (text.length > 32) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

function isMinusZero(value: unknown): boolean {
  return value === 0 && Object.is(value, -0)
}

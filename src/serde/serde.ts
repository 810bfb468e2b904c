import type { Headers } from '../common/headers.ts'
import { oncePer } from './once-per.ts'

/**
 * Turns values into bytes and back. Never called with null. The `bytes` given to `deserialize` are valid only during the
 * call: copy what is kept.
 */
export interface Serde<T> {
  readonly name: string
  // Properties, not methods, so that they are checked contravariantly.
  readonly serialize: (value: T, topic: string, headers: Headers) => Uint8Array
  readonly deserialize: (bytes: Uint8Array, topic: string, headers: Headers) => T
  /** Values can be shared because nobody can change them (strings, numbers, booleans, bigints). */
  readonly immutable?: boolean
  /** Equal values have equal bytes and unequal values unequal bytes (integers, booleans, uuid; well-formed strings). */
  readonly injective?: boolean
  /** What must be awaited before these bytes can be deserialised synchronously, or undefined. */
  readonly pending?: (bytes: Uint8Array, topic: string, headers: Headers) => Promise<void> | undefined
}

/** A serde of any type, for places that keep serdes without knowing what of. */
export interface AnySerde {
  readonly name: string
  readonly serialize: (value: never, topic: string, headers: Headers) => Uint8Array
  readonly deserialize: (bytes: Uint8Array, topic: string, headers: Headers) => unknown
  readonly immutable?: boolean
  readonly injective?: boolean
  readonly pending?: (bytes: Uint8Array, topic: string, headers: Headers) => Promise<void> | undefined
}

/**
 * What a serde writes and reads, so that the type need not be said twice; of a nullable one null, too.
 *
 * @example
 * const order = serdes.json(orderSchema)
 * const cents = ({ total }: SerdeType<typeof order>): number => Math.round(total * 100)
 */
export type SerdeType<S extends AnySerde> = ReturnType<S['deserialize']>

/** A serde that admits null; made by `nullable`. */
export interface NullableSerde<T> extends Serde<T | null> {
  readonly nullable: true
}

/**
 * Admits null: `stream('t', { value: nullable(serdes.string) })` is a `KStream<…, string | null>`. Null never reaches
 * the inner serde: null bytes become null and back without a call.
 */
export function nullable<T>(serde: Serde<T>): NullableSerde<T> {
  if (isNullable(serde)) return serde as unknown as NullableSerde<T>
  // The casts are sound because null never gets here.
  return oncePer(nullables, serde, () => ({ ...(serde as unknown as Serde<T | null>), nullable: true }))
}

const nullables = new WeakMap<object, unknown>()

export function isNullable(serde: AnySerde): boolean {
  return 'nullable' in serde && serde.nullable === true
}

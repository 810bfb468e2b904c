/** The serdes that come with millrace; their bytes are those of Java's. */
import type { Duration } from '../common/duration.ts'
import { booleanSerde, bytesSerde, uuidSerde } from './basic-serdes.ts'
import { jsonSerde } from './json-serde.ts'
import { listSerde } from './list-serde.ts'
import { bigint64Serde, float32Serde, float64Serde, int16Serde, int32Serde, int64Serde } from './number-serdes.ts'
import type { Serde } from './serde.ts'
import type { StandardSchema } from './standard-schema.ts'
import { stringSerde, utf8StrictSerde } from './string-serde.ts'
import { sessionWindowedSerde, timeWindowedSerde } from './windowed-serdes.ts'
import type { Windowed } from './windowed.ts'

/** The serdes that come with millrace. Their bytes are those of `org.apache.kafka.common.serialization`. */
export const serdes: {
  /** UTF-8; malformed input becomes U+FFFD. */
  readonly string: Serde<string>
  /** UTF-8; malformed input is an error. */
  readonly utf8Strict: Serde<string>
  /** As they are. */
  readonly bytes: Serde<Uint8Array>
  /** One byte, 0 or 1. */
  readonly boolean: Serde<boolean>
  /** 2 bytes, signed. */
  readonly int16: Serde<number>
  /** 4 bytes, signed. */
  readonly int32: Serde<number>
  /** 8 bytes; beyond 2^53 an error that names `bigint64`. */
  readonly int64: Serde<number>
  /** 8 bytes, signed: what `int64` cannot hold. */
  readonly bigint64: Serde<bigint>
  /** 4 bytes. */
  readonly float32: Serde<number>
  /** 8 bytes: any number. */
  readonly float64: Serde<number>
  /** 36 characters in lower case. */
  readonly uuid: Serde<string>
  /** JSON, checked when it is read against a Standard Schema if one is given (synchronous ones only). */
  json<T>(schema?: StandardSchema<T>): Serde<T>
  /** In the layout of Java's ListSerde. */
  list<T>(inner: Serde<T>): Serde<T[]>
  /** Keys of time windows; `size` because only the start is written. */
  timeWindowed<K>(inner: Serde<K>, size: Duration): Serde<Windowed<K>>
  /** Keys of sessions. */
  sessionWindowed<K>(inner: Serde<K>): Serde<Windowed<K>>
} = {
  string: stringSerde,
  utf8Strict: utf8StrictSerde,
  bytes: bytesSerde,
  boolean: booleanSerde,
  int16: int16Serde,
  int32: int32Serde,
  int64: int64Serde,
  bigint64: bigint64Serde,
  float32: float32Serde,
  float64: float64Serde,
  uuid: uuidSerde,
  json: jsonSerde,
  list: listSerde,
  timeWindowed: timeWindowedSerde,
  sessionWindowed: sessionWindowedSerde,
}

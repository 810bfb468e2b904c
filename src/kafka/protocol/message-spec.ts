/**
 * The shape of the generated field tables (`messages/*.ts`): Kafka's own message definitions as data. Version ranges are
 * written as there: `3+`, `0-12`, `7`, `none`.
 */
export type VersionRange = string

export type ScalarType =
  'bool' | 'int8' | 'int16' | 'uint16' | 'int32' | 'int64' | 'string' | 'uuid' | 'bytes' | 'records'

export interface FieldSpec {
  readonly name: string
  readonly type: ScalarType | `[]${ScalarType}` | 'struct' | '[]struct'
  readonly versions: VersionRange
  readonly nullable?: VersionRange
  /** In these versions the field is a tagged one (KIP-482): absent when it has its default. */
  readonly tagged?: VersionRange
  readonly tag?: number
  /** Differs from the message's only for the client id in the request header. */
  readonly flexible?: VersionRange
  /** Absent: the zero of the type. */
  readonly default?: number | string | boolean | null
  /** A value given for a version without the field is dropped; without this mark it is an error. */
  readonly ignorable?: boolean
  /** Of `struct` and `[]struct`. */
  readonly fields?: readonly FieldSpec[]
}

/** `T` is the decoded message: every field present, those the version lacks with their defaults. */
export interface MessageSpec<T> {
  readonly name: string
  readonly apiKey?: number
  readonly versions: VersionRange
  readonly flexible: VersionRange
  readonly fields: readonly FieldSpec[]
  /** Only for the type checker; never set. */
  readonly '~message'?: T
}

/** What is given to encode a `T`: any field may be left out and then has its default. */
export type MessageInput<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer Element)[]
    ? readonly MessageInput<Element>[]
    : T extends object
      ? { readonly [Name in keyof T]?: MessageInput<T[Name]> | undefined }
      : T

export interface VersionBounds {
  readonly min: number
  /** Infinity for `3+`. */
  readonly max: number
}

export function parseVersions(range: VersionRange): VersionBounds {
  if (range === 'none') return { min: 0, max: -1 }
  if (range.endsWith('+')) return { min: Number.parseInt(range, 10), max: Infinity }
  const [min, max] = range.split('-').map(Number)
  return { min: min ?? 0, max: max ?? min ?? 0 }
}

export function hasVersion(range: VersionRange | undefined, version: number): boolean {
  if (range === undefined) return false
  const { min, max } = parseVersions(range)
  return version >= min && version <= max
}

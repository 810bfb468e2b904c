import { hasVersion } from './message-spec.ts'
import type { FieldSpec, ScalarType } from './message-spec.ts'
import { WireFault } from './wire-fault.ts'
import type { WireReader } from './wire-reader.ts'
import { WireWriter, describe } from './wire-writer.ts'

type Values = Readonly<Record<string, unknown>>

export interface StructCodec {
  read(reader: WireReader): Values
  write(writer: WireWriter, values: Values): void
  /** The fewest bytes it can have: bounds how many elements an array of it can announce. */
  readonly minBytes: number
}

/** How values of one type and encoding are read and written. */
interface TypeCodec {
  read(reader: WireReader): unknown
  write(writer: WireWriter, value: unknown): void
  readonly minBytes: number
}

interface FieldCodec {
  readonly name: string
  /** Path for messages: `FetchResponse.responses.partitions.records`. */
  readonly path: string
  readonly type: TypeCodec
  readonly tag: number
  readonly defaultValue: () => unknown
  readonly isDefault: (value: unknown) => boolean
}

export function compileStruct(
  specs: readonly FieldSpec[],
  version: number,
  flexible: boolean,
  path: string,
): StructCodec {
  const plain: FieldCodec[] = []
  const tagged: FieldCodec[] = []
  const absent: FieldCodec[] = []
  const dropped: FieldCodec[] = []
  for (const spec of specs) {
    const field = compileField(spec, version, flexible, `${path}.${spec.name}`)
    if (!hasVersion(spec.versions, version)) (spec.ignorable === true ? dropped : absent).push(field)
    else if (hasVersion(spec.tagged, version)) tagged.push(field)
    else plain.push(field)
  }
  tagged.sort((one, two) => one.tag - two.tag)
  const withoutBytes = [...absent, ...dropped]

  return {
    minBytes: plain.reduce((sum, field) => sum + field.type.minBytes, flexible ? 1 : 0),
    read(reader) {
      const values: Record<string, unknown> = {}
      for (const field of plain) {
        reader.field = field.path
        values[field.name] = field.type.read(reader)
      }
      for (const field of tagged) values[field.name] = field.defaultValue()
      for (const field of withoutBytes) values[field.name] = field.defaultValue()
      if (flexible) readTags(reader, tagged, values, path)
      return values
    },
    write(writer, values) {
      if (typeof values !== 'object' || values === null)
        throw new WireFault(`expected an object, found ${describe(values)}`)
      for (const field of absent) refuseValue(writer, field, values[field.name])
      for (const field of plain) {
        const value = values[field.name]
        writer.field = field.path
        field.type.write(writer, value === undefined ? field.defaultValue() : value)
      }
      if (flexible) writeTags(writer, tagged, values)
    },
  }
}

function refuseValue(writer: WireWriter, field: FieldCodec, value: unknown): void {
  if (value === undefined || field.isDefault(value)) return
  writer.field = field.path
  throw new WireFault(
    'this version has no such field, and it must not be dropped silently; leave it out or use another version',
  )
}

// --- tagged fields (KIP-482) ----------------------------------------------------------------------------------------

function readTags(
  reader: WireReader,
  tagged: readonly FieldCodec[],
  values: Record<string, unknown>,
  path: string,
): void {
  reader.field = `${path} (tagged fields)`
  const count = reader.uvarint()
  for (let index = 0; index < count; index++) {
    const tag = reader.uvarint()
    const length = reader.uvarint()
    const field = tagged.find((candidate) => candidate.tag === tag)
    if (field === undefined) {
      reader.skip(length)
      continue
    }
    reader.field = field.path
    const end = reader.position + length
    values[field.name] = field.type.read(reader)
    if (reader.position !== end) {
      throw new WireFault(`the tagged field ${tag} announces ${length} bytes and has ${reader.position - end + length}`)
    }
  }
}

function writeTags(writer: WireWriter, tagged: readonly FieldCodec[], values: Values): void {
  const present = tagged.filter((field) => {
    const value = values[field.name]
    return value !== undefined && !field.isDefault(value)
  })
  writer.uvarint(present.length)
  for (const field of present) {
    writer.field = field.path
    const content = new WireWriter(64)
    content.field = field.path
    field.type.write(content, values[field.name])
    writer.uvarint(field.tag)
    writer.uvarint(content.length)
    writer.bytes(content.written())
  }
}

// --- fields ---------------------------------------------------------------------------------------------------------

function compileField(spec: FieldSpec, version: number, messageFlexible: boolean, path: string): FieldCodec {
  const flexible = messageFlexible && spec.flexible !== 'none'
  const type = compileType(spec, version, flexible, hasVersion(spec.nullable, version), path)
  const { defaultValue, isDefault } = defaultsOf(spec)
  return { name: spec.name, path, type, tag: spec.tag ?? -1, defaultValue, isDefault }
}

function compileType(spec: FieldSpec, version: number, flexible: boolean, nullable: boolean, path: string): TypeCodec {
  const isArray = spec.type.startsWith('[]')
  const element = (isArray ? spec.type.slice(2) : spec.type) as ScalarType | 'struct'
  if (element === 'struct') {
    const struct = compileStruct(spec.fields ?? [], version, flexible, path)
    const type: TypeCodec = { ...struct, write: (writer, value) => struct.write(writer, value as Values) }
    return isArray ? arrayOf(type, flexible, nullable, path) : type
  }
  return isArray
    ? arrayOf(scalar(element, flexible, false), flexible, nullable, path)
    : scalar(element, flexible, nullable)
}

function scalar(type: ScalarType, flexible: boolean, nullable: boolean): TypeCodec {
  switch (type) {
    case 'bool':
      return { minBytes: 1, read: (reader) => reader.bool(), write: (writer, value) => writer.bool(value) }
    case 'int8':
      return { minBytes: 1, read: (reader) => reader.int8(), write: (writer, value) => writer.int8(value) }
    case 'int16':
      return { minBytes: 2, read: (reader) => reader.int16(), write: (writer, value) => writer.int16(value) }
    case 'uint16':
      return { minBytes: 2, read: (reader) => reader.uint16(), write: (writer, value) => writer.uint16(value) }
    case 'int32':
      return { minBytes: 4, read: (reader) => reader.int32(), write: (writer, value) => writer.int32(value) }
    case 'int64':
      return { minBytes: 8, read: (reader) => reader.int64(), write: (writer, value) => writer.int64(value) }
    case 'uuid':
      return { minBytes: 16, read: (reader) => reader.uuid(), write: (writer, value) => writer.uuid(value) }
    case 'string':
      return strings(flexible, nullable)
    case 'bytes':
    case 'records':
      return byteStrings(flexible, nullable)
  }
}

/** Java refuses longer strings in the compact encoding too. */
const maxStringBytes = 0x7fff

function strings(flexible: boolean, nullable: boolean): TypeCodec {
  return {
    minBytes: flexible ? 1 : 2,
    read(reader) {
      const length = flexible ? reader.uvarint() - 1 : reader.int16()
      return length < 0 ? readNull(nullable, length) : reader.string(length)
    },
    write(writer, value) {
      if (value === null && nullable) {
        if (flexible) writer.uvarint(0)
        else writer.int16(-1)
        return
      }
      if (typeof value !== 'string') throw new WireFault(`expected a string, found ${describe(value)}`)
      const length = Buffer.byteLength(value)
      if (length > maxStringBytes) throw new WireFault(`a string of ${length} bytes is longer than ${maxStringBytes}`)
      if (flexible) writer.uvarint(length + 1)
      else writer.int16(length)
      writer.string(value, length)
    },
  }
}

function byteStrings(flexible: boolean, nullable: boolean): TypeCodec {
  return {
    minBytes: flexible ? 1 : 4,
    read(reader) {
      const length = flexible ? reader.uvarint() - 1 : reader.int32()
      return length < 0 ? readNull(nullable, length) : reader.bytes(length)
    },
    write(writer, value) {
      if (value === null && nullable) return writeLength(writer, flexible, -1)
      if (!(value instanceof Uint8Array)) throw new WireFault(`expected bytes, found ${describe(value)}`)
      writeLength(writer, flexible, value.byteLength)
      writer.bytes(value)
    },
  }
}

function arrayOf(element: TypeCodec, flexible: boolean, nullable: boolean, path: string): TypeCodec {
  return {
    minBytes: flexible ? 1 : 4,
    read(reader) {
      const count = flexible ? reader.uvarint() - 1 : reader.int32()
      if (count < 0) return readNull(nullable, count)
      if (count * element.minBytes > reader.remaining) {
        throw new WireFault(`${count} elements are announced where ${reader.remaining} bytes are left`)
      }
      const values: unknown[] = []
      for (let index = 0; index < count; index++) values.push(element.read(reader))
      return values
    },
    write(writer, value) {
      if (value === null && nullable) return writeLength(writer, flexible, -1)
      if (!Array.isArray(value)) throw new WireFault(`expected an array, found ${describe(value)}`)
      writeLength(writer, flexible, value.length)
      for (const one of value as unknown[]) {
        writer.field = path
        element.write(writer, one)
      }
    },
  }
}

function writeLength(writer: WireWriter, flexible: boolean, length: number): void {
  if (flexible) writer.uvarint(length + 1)
  else writer.int32(length)
}

function readNull(nullable: boolean, length: number): null {
  if (nullable && length === -1) return null
  throw new WireFault(length === -1 ? 'null is not admitted here' : `the length ${length} is negative`)
}

// --- defaults -------------------------------------------------------------------------------------------------------

const noBytes = Buffer.alloc(0)
const zeroUuid = '00000000-0000-0000-0000-000000000000'

type Defaults = Pick<FieldCodec, 'defaultValue' | 'isDefault'>

function defaultsOf(spec: FieldSpec): Defaults {
  if (spec.default === null) return constant(null)
  if (spec.type.startsWith('[]')) {
    return { defaultValue: () => [], isDefault: (value) => Array.isArray(value) && value.length === 0 }
  }
  switch (spec.type) {
    case 'struct':
      return structDefaults(spec.fields ?? [])
    case 'bytes':
    case 'records':
      return {
        defaultValue: () => noBytes,
        isDefault: (value) => value instanceof Uint8Array && value.byteLength === 0,
      }
    case 'string':
      return constant(spec.default ?? '')
    case 'uuid':
      return constant(zeroUuid)
    case 'bool':
      return constant(spec.default ?? false)
    default:
      return constant(spec.default ?? 0)
  }
}

function constant(value: unknown): Defaults {
  return { defaultValue: () => value, isDefault: (other) => other === value }
}

function structDefaults(specs: readonly FieldSpec[]): Defaults {
  const fields = specs.map((spec) => ({ name: spec.name, ...defaultsOf(spec) }))
  return {
    defaultValue: () => Object.fromEntries(fields.map((field) => [field.name, field.defaultValue()])),
    isDefault: (value) => {
      const values = value as Values
      return fields.every((field) => values[field.name] === undefined || field.isDefault(values[field.name]))
    },
  }
}

import fc from 'fast-check'
import type { FieldSpec, MessageSpec } from '../../src/kafka/protocol/message-spec.ts'
import { hasVersion } from '../../src/kafka/protocol/message-spec.ts'

/** Any message of this kind in this version: the fields it has, with any values they can have; some left out. */
export function arbitraryMessage(spec: MessageSpec<unknown>, version: number): fc.Arbitrary<object> {
  return struct(spec.fields, version)
}

function struct(fields: readonly FieldSpec[], version: number): fc.Arbitrary<object> {
  const present = fields.filter((field) => hasVersion(field.versions, version))
  const model = Object.fromEntries(present.map((field) => [field.name, valueOf(field, version)]))
  // A default of null is no value where null is not admitted.
  const required = present.filter((field) => field.default === null).map((field) => field.name)
  return fc.record(model, { requiredKeys: required })
}

function valueOf(field: FieldSpec, version: number): fc.Arbitrary<unknown> {
  const value = field.type.startsWith('[]')
    ? fc.array(scalarOrStruct(field.type.slice(2), field, version), { maxLength: 3 })
    : scalarOrStruct(field.type, field, version)
  return hasVersion(field.nullable, version) ? fc.option(value, { freq: 4 }) : value
}

function scalarOrStruct(type: string, field: FieldSpec, version: number): fc.Arbitrary<unknown> {
  switch (type) {
    case 'struct':
      return struct(field.fields ?? [], version)
    case 'bool':
      return fc.boolean()
    case 'int8':
      return fc.integer({ min: -0x80, max: 0x7f })
    case 'int16':
      return fc.integer({ min: -0x8000, max: 0x7fff })
    case 'uint16':
      return fc.integer({ min: 0, max: 0xffff })
    case 'int32':
      return fc.integer()
    case 'int64':
      return fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 63, -(2 ** 63)))
    case 'string':
      return fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x'.repeat(200)))
    case 'uuid':
      return fc.uuid()
    default:
      return fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  }
}

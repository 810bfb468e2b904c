import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noHeaders } from '../../../src/common/headers.ts'
import { SerdeError } from '../../../src/errors/serde-error.ts'
import { isNullable, nullable, type Serde } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { StandardSchema } from '../../../src/serde/standard-schema.ts'

function write<T>(serde: Serde<T>, value: T): Buffer {
  return Buffer.from(serde.serialize(value, 'topic', noHeaders))
}

function read<T>(serde: Serde<T>, bytes: Uint8Array): T {
  return serde.deserialize(bytes, 'topic', noHeaders)
}

const errorOf = (action: () => unknown): SerdeError => {
  try {
    action()
  } catch (error) {
    if (error instanceof SerdeError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('what is written is read again', () => {
  const roundTrips = <T>(serde: Serde<T>, values: fc.Arbitrary<T>): void => {
    fc.assert(
      fc.property(values, (value) => {
        expect(read(serde, write(serde, value))).toEqual(value)
      }),
    )
  }
  const text = fc.string({ unit: 'binary' })

  test('string', () => roundTrips(serdes.string, text))
  test('utf8Strict', () => roundTrips(serdes.utf8Strict, text))
  test('bytes', () =>
    roundTrips(
      serdes.bytes,
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    ))
  test('int16', () => roundTrips(serdes.int16, fc.integer({ min: -32768, max: 32767 })))
  test('int32', () => roundTrips(serdes.int32, fc.integer()))
  test('int64', () => roundTrips(serdes.int64, fc.maxSafeInteger()))
  test('bigint64', () => roundTrips(serdes.bigint64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })))
  test('float32', () => roundTrips(serdes.float32, fc.float()))
  test('float64', () => roundTrips(serdes.float64, fc.double()))
  test('uuid', () => roundTrips(serdes.uuid, fc.uuid()))
  test('json', () =>
    roundTrips(
      serdes.json(),
      fc.jsonValue({ noUnicodeString: false }).map((v) => JSON.parse(JSON.stringify(v)) as unknown),
    ))
  test('list', () => roundTrips(serdes.list(serdes.list(serdes.string)), fc.array(fc.array(text))))
  test('list of nullable', () => roundTrips(serdes.list(nullable(serdes.int32)), fc.array(fc.option(fc.integer()))))
})

describe('numbers', () => {
  test.each([
    ['int32', serdes.int32, '1'],
    ['int32', serdes.int32, 1n],
    ['float64', serdes.float64, '1'],
    ['int64', serdes.int64, 1n],
    ['bigint64', serdes.bigint64, 1],
  ])('%s refuses what is of another type: %s', (name, serde, value) => {
    const error = errorOf(() => write(serde as Serde<unknown>, value))
    expect(error).toMatchObject({ code: 'MILLRACE_SERDE_INVALID_VALUE', serde: name, topic: 'topic' })
    expect(error.message).toContain(`value of type ${typeof value} for topic topic`)
  })

  test.each([
    ['int16', 32768, 'an integer out of its range', 'takes an integer from -32768 to 32767; use serdes.int32'],
    ['int16', -(2 ** 31) - 1, 'an integer out of its range', 'use serdes.int64'],
    ['int32', 2 ** 31, 'an integer out of its range', 'from -2147483648 to 2147483647; use serdes.int64'],
    ['int32', -(2 ** 60), 'an integer out of its range', 'use serdes.bigint64 with a bigint'],
    ['int32', 1.5, 'a number with a fraction', 'use serdes.float64, or round the number'],
    ['int64', 1.5, 'a number with a fraction', 'it takes an integer; use serdes.float64, or round the number'],
    ['int64', Number.NaN, 'a number that is infinite or NaN', 'use serdes.float64'],
    ['int32', Infinity, 'a number that is infinite or NaN', 'use serdes.float64'],
    [
      'bigint64',
      2n ** 63n,
      'a bigint out of its range',
      'from -2^63 to 2^63 - 1; a longer integer can be written as text',
    ],
  ] as const)('%s refuses %s with what is wrong with it, and the serde that fits', (name, value, found, advice) => {
    const error = errorOf(() => write(serdes[name] as Serde<unknown>, value))
    expect(error).toMatchObject({ code: 'MILLRACE_SERDE_INVALID_VALUE', serde: name, topic: 'topic' })
    expect(error.message).toContain(`serde ${name} cannot write ${found} for topic topic: it takes`)
    expect(error.message).toContain(advice)
  })

  test('beyond 2^53 int64 names bigint64, both ways', () => {
    expect(errorOf(() => write(serdes.int64, 2 ** 53)).message).toContain('serdes.bigint64')
    const bytes = write(serdes.bigint64, 2n ** 53n)
    expect(errorOf(() => read(serdes.int64, bytes))).toMatchObject({ code: 'MILLRACE_SERDE_UNSAFE_INTEGER' })
    expect(read(serdes.int64, write(serdes.bigint64, 2n ** 53n - 1n))).toBe(Number.MAX_SAFE_INTEGER)
  })

  test.each([
    [serdes.int16, 2],
    [serdes.int32, 4],
    [serdes.int64, 8],
    [serdes.float32, 4],
    [serdes.float64, 8],
    [serdes.bigint64 as unknown as Serde<number>, 8],
    [serdes.boolean as unknown as Serde<number>, 1],
    [serdes.uuid as unknown as Serde<number>, 36],
  ])('of another size name the sizes found and expected', (serde, size) => {
    const error = errorOf(() => read(serde, Buffer.alloc(3)))
    expect(error).toMatchObject({ code: 'MILLRACE_SERDE_INVALID_BYTES', serde: serde.name })
    expect(error.message).toContain(`cannot read 3 bytes from topic topic: it expects exactly ${size}`)
  })
})

test('null is refused with a hint at nullable', () => {
  expect(errorOf(() => write(serdes.string, null as never)).message).toContain('nullable(serdes.string)')
})

test('nullable is marked, keeps its name, and is not wrapped twice', () => {
  const once = nullable(serdes.string)
  expect(isNullable(once)).toBe(true)
  expect(once.name).toBe('string')
  expect(nullable(once)).toBe(once)
})

describe('text', () => {
  test('utf8Strict refuses malformed bytes and lone surrogates, and keeps a byte order mark', () => {
    expect(errorOf(() => read(serdes.utf8Strict, Buffer.from([0xff])))).toMatchObject({
      code: 'MILLRACE_SERDE_INVALID_BYTES',
    })
    expect(errorOf(() => write(serdes.utf8Strict, '\ud800'))).toMatchObject({ code: 'MILLRACE_SERDE_INVALID_VALUE' })
    expect(read(serdes.utf8Strict, Buffer.from('\ufeffa'))).toBe('\ufeffa')
    expect(read(serdes.string, Buffer.from('\ufeffa'))).toBe('\ufeffa')
  })

  test('a Uint8Array over a part of a buffer is read as that part', () => {
    expect(read(serdes.string, new Uint8Array(Buffer.from('xabcx')).subarray(1, 4))).toBe('abc')
  })
})

test('bytes are copied when they are read, because the view ends with the call', () => {
  const bytes = Buffer.from('abc')
  const value = read(serdes.bytes, bytes)
  bytes.fill(0)
  expect(Buffer.from(value).toString()).toBe('abc')
})

test('a boolean is one byte, 0 or 1', () => {
  expect(errorOf(() => read(serdes.boolean, Buffer.from([2]))).message).toContain('2 is neither 0 nor 1')
})

test('a UUID is read in any case and written in lower case only', () => {
  const id = '00112233-4455-6677-8899-aabbccddeeff'
  expect(read(serdes.uuid, Buffer.from(id.toUpperCase()))).toBe(id)
  expect(errorOf(() => write(serdes.uuid, id.toUpperCase())).message).toContain('lower case')
})

describe('json', () => {
  const schema = <T>(validate: (value: unknown) => unknown): StandardSchema<T> => ({
    '~standard': { version: 1, vendor: 'test', validate },
  })
  const bytes = Buffer.from('{"n":1}')

  test('gives what its schema makes of the value', () => {
    const serde = serdes.json(schema<{ n: string }>((value) => ({ value: { n: String((value as { n: number }).n) } })))
    expect(read(serde, bytes)).toEqual({ n: '1' })
  })

  test('names the issues of a value that does not fit, without showing it', () => {
    const issues = [
      { message: 'too small', path: ['n', { key: 0 }] },
      { message: 'odd' },
      ...Array.from({ length: 5 }, () => ({ message: 'more' })),
    ]
    const error = errorOf(() => read(serdes.json(schema(() => ({ issues }))), bytes))
    expect(error.code).toBe('MILLRACE_SERDE_SCHEMA_MISMATCH')
    expect(error.message).toMatch(
      /test schema: n\.0: too small; the value: odd; the value: more; .*; and 2 more; correct .* or let onDeserializationError/,
    )
  })

  test('names issues that are in an array of the schema’s own kind, and long ones not in full', () => {
    class Issues extends Array<unknown> {
      constructor(reason: string) {
        super()
        if (typeof reason !== 'string') throw new TypeError('made by the schema only')
      }
    }
    const issues = new Issues('because')
    issues.push({ message: 'x'.repeat(10_000), path: ['y'.repeat(10_000)] })
    const error = errorOf(() => read(serdes.json(schema(() => ({ issues }))), bytes))
    expect(error.code).toBe('MILLRACE_SERDE_SCHEMA_MISMATCH')
    expect(error.message).toMatch(/schema: y{300}…: x{300}…; correct/)
  })

  test('refuses a schema that validates asynchronously', () => {
    const serde = serdes.json(schema(() => Promise.reject(new Error('never seen'))))
    expect(errorOf(() => read(serde, bytes))).toMatchObject({ code: 'MILLRACE_SERDE_SCHEMA_ASYNC' })
  })

  test('refuses what is not JSON, both ways', () => {
    expect(errorOf(() => read(serdes.json(), Buffer.from('{'))).code).toBe('MILLRACE_SERDE_INVALID_BYTES')
    expect(errorOf(() => write(serdes.json<unknown>(), undefined)).code).toBe('MILLRACE_SERDE_INVALID_VALUE')
    expect(errorOf(() => write(serdes.json<unknown>(), 1n)).code).toBe('MILLRACE_SERDE_INVALID_VALUE')
  })
})

test('a list that is damaged is refused at every place', () => {
  const bytes = write(serdes.list(serdes.string), ['a', 'bc'])
  for (let length = 0; length < bytes.length; length++) {
    expect(errorOf(() => read(serdes.list(serdes.string), bytes.subarray(0, length))).code).toBe(
      'MILLRACE_SERDE_INVALID_BYTES',
    )
  }
  const hostile = Buffer.from('017fffffff', 'hex')
  expect(errorOf(() => read(serdes.list(serdes.string), hostile)).message).toContain('do not fit')
})

describe('windowed keys', () => {
  test('need the size of their windows', () => {
    expect(errorOf(() => serdes.timeWindowed(serdes.string, 0)).message).toContain('positive duration')
    expect(read(serdes.timeWindowed(serdes.string, '10s'), Buffer.from('610000000000000014', 'hex'))).toEqual({
      key: 'a',
      window: { start: 20, end: 10_020 },
    })
  })

  test('refuse bytes that are too few, and values that are none', () => {
    expect(errorOf(() => read(serdes.sessionWindowed(serdes.string), Buffer.alloc(15))).message).toContain('fewer')
    expect(errorOf(() => write(serdes.sessionWindowed(serdes.string), 'k' as never)).message).toContain('windowed key')
  })
})

test('serdes that are made alike are one object, so that merged streams know theirs', () => {
  const schema: StandardSchema<string> = { '~standard': { version: 1, vendor: 'v', validate: (value) => ({ value }) } }
  const made = (inner: Serde<string>): unknown[] => [
    nullable(inner),
    serdes.timeWindowed(inner, '10s'),
    serdes.timeWindowed(nullable(inner), 10_000),
    serdes.sessionWindowed(inner),
    serdes.list(nullable(inner)),
    serdes.json(),
    serdes.json(schema),
  ]
  for (const [index, serde] of made(serdes.string).entries()) expect(made(serdes.string)[index]).toBe(serde)
  expect(new Set([...made(serdes.string), ...made(serdes.utf8Strict)]).size).toBe(12)
  expect(serdes.timeWindowed(serdes.string, 10)).not.toBe(serdes.timeWindowed(serdes.string, 20))
})

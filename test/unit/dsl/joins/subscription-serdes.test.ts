import { describe, expect, test } from 'vitest'
import type { Headers } from '../../../../src/common/headers.ts'
import {
  CombinedKeys,
  instructions,
  newSubscription,
  primaryKeyTopic,
  subscriptionResponseSerde,
  subscriptionSerde,
} from '../../../../src/dsl/joins/subscription-serdes.ts'
import { SerdeError } from '../../../../src/errors/serde-error.ts'
import type { Serde } from '../../../../src/serde/serde.ts'
import { serdes } from '../../../../src/serde/serdes.ts'

const hash = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const subscriptions = subscriptionSerde(serdes.string, primaryKeyTopic)
const responses = subscriptionResponseSerde(serdes.string)

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

describe('A subscription', () => {
  test('has the bytes of Java’s version 1, with and without a hash', () => {
    const some = newSubscription(hash, instructions.propagateIfPresent, 'k', 7)
    expect(hex(subscriptions.serialize(some, 't', []))).toBe(`0103${hash.toString('hex')}6b00000007`)
    const none = newSubscription(null, instructions.deleteAndPropagate, 'q', 0)
    expect(hex(subscriptions.serialize(none, 't', []))).toBe('81017100000000')
  })

  test('is read as it was written', () => {
    for (const value of [
      newSubscription(hash, instructions.propagateAlways, 'key', 300),
      newSubscription(null, instructions.deleteSilently, '', 0),
    ]) {
      expect(subscriptions.deserialize(subscriptions.serialize(value, 't', []), 't', [])).toEqual(value)
    }
  })

  test('of version 0 is read without a partition, and written as it was', () => {
    const bytes = Buffer.from(`0002${hash.toString('hex')}6b`, 'hex')
    const value = subscriptions.deserialize(bytes, 't', [])
    expect(value).toEqual({ version: 0, hash, instruction: 2, primaryKey: 'k', primaryPartition: null })
    expect(hex(subscriptions.serialize(value, 't', []))).toBe(hex(bytes))
  })

  test.each([
    ['', 'there are none'],
    ['0203', 'version 2 is newer than version 1'],
    ['8104', 'instruction 4 is unknown'],
    ['810100', '3 bytes are too few'],
  ])('of the bytes %j is refused', (bytes, reason) => {
    const read = (): unknown => subscriptions.deserialize(Buffer.from(bytes, 'hex'), 'topic', [])
    expect(read).toThrow(SerdeError)
    expect(read).toThrow(reason)
  })

  test('waits for what the serde of the primary key waits for', () => {
    const key: string[] = []
    const promise = Promise.resolve()
    const pending = (bytes: Uint8Array, topic: string): Promise<void> => (key.push(`${hex(bytes)} ${topic}`), promise)
    const serde = subscriptionSerde({ ...serdes.string, pending }, primaryKeyTopic)
    const bytes = serde.serialize(newSubscription(hash, 0, 'k', 0), 't', [])
    expect(serde.pending?.(bytes, 't', [])).toBe(promise)
    expect(key).toEqual(['6b t-pk'])
    expect(subscriptions.pending).toBeUndefined()
  })

  test('tells the serde of the primary key the topic that Java tells it', () => {
    const topics: string[] = []
    const spy: Serde<string> = {
      name: 'spy',
      serialize: (value, topic) => (topics.push(topic), serdes.string.serialize(value, topic, [])),
      deserialize: (bytes, topic) => (topics.push(topic), serdes.string.deserialize(bytes, topic, [])),
    }
    const serde = subscriptionSerde(spy, primaryKeyTopic)
    serde.deserialize(serde.serialize(newSubscription(null, 0, 'k', 0), 'app-fk-topic', []), 'app-fk-topic', [])
    serde.serialize(newSubscription(null, 0, 'k', 0), 'other-fk-topic', [])
    expect(topics).toEqual(['app-fk-topic-pk', 'app-fk-topic-pk', 'other-fk-topic-pk'])
  })
})

describe('An answer', () => {
  test('has Java’s bytes: hash and value, either of which may be missing', () => {
    const bytesOf = (of: Uint8Array | null, foreignValue: string | null): string =>
      hex(responses.serialize({ hash: of, foreignValue, primaryPartition: 3 }, 't', []))
    expect(bytesOf(hash, 'foo')).toBe(`00${hash.toString('hex')}666f6f`)
    expect(bytesOf(hash, null)).toBe(`00${hash.toString('hex')}`)
    expect(bytesOf(null, null)).toBe('80')
  })

  test('with a value of no bytes is read as one without a value, as in Java', () => {
    const bytes = responses.serialize({ hash, foreignValue: '', primaryPartition: null }, 't', [])
    expect(responses.deserialize(bytes, 't', [])).toEqual({ hash, foreignValue: null, primaryPartition: null })
  })

  test('waits for what the serde of the value waits for, where there is one', () => {
    const promise = Promise.resolve()
    const serde = subscriptionResponseSerde({ ...serdes.string, pending: () => promise })
    const bytesOf = (foreignValue: string | null): Uint8Array =>
      serde.serialize({ hash, foreignValue, primaryPartition: 0 }, 't', [])
    expect(serde.pending?.(bytesOf('x'), 't', [])).toBe(promise)
    expect(serde.pending?.(bytesOf(null), 't', [])).toBeUndefined()
  })

  test('with a part of a hash is refused', () => {
    expect(() => responses.deserialize(Buffer.of(0, 1), 't', [])).toThrow('the hash is not complete')
  })

  test('of a newer version is refused', () => {
    expect(() => responses.deserialize(Buffer.of(1), 't', [])).toThrow('version 1 is newer than version 0')
  })
})

describe('The key of a stored subscription', () => {
  const keys = new CombinedKeys(serdes.string, serdes.int32, 'app-fk-topic')
  const headers: Headers = []

  test('is the length of the foreign key, the foreign key and the primary key', () => {
    expect(hex(keys.key('ab', 1, headers))).toBe('00000002616200000001')
    expect(keys.primaryKeyOf(keys.key('ab', -5, headers), headers)).toBe(-5)
  })

  test('begins with the prefix of its foreign key, and of no longer one', () => {
    const prefix = hex(keys.prefix('a', headers))
    expect(hex(keys.key('a', 1, headers)).startsWith(prefix)).toBe(true)
    expect(hex(keys.key('ab', 1, headers)).startsWith(prefix)).toBe(false)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../../src/errors/protocol-error.ts'
import {
  apiOfKey,
  apis,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../../../src/kafka/protocol/apis.ts'
import { decodeMessage, encodeMessage } from '../../../../src/kafka/protocol/codec.ts'
import type { MessageSpec } from '../../../../src/kafka/protocol/message-spec.ts'
import { arbitraryMessage } from '../../../support/arbitrary-message.ts'
import { messageSpecs, versionsOf } from '../../../support/kafka-messages.ts'

/** Every field of every struct set to something, so that each kind of field is in the bytes. */
function sample(spec: MessageSpec<unknown>, version: number): Buffer {
  const [message = {}] = fc.sample(arbitraryMessage(spec, version), { numRuns: 1, seed: version + 1 })
  return encodeMessage(spec, version, message)
}

function failure(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('every message in every version', () => {
  for (const spec of messageSpecs) {
    it(`${spec.name} is read as it was written`, () => {
      for (const version of versionsOf(spec)) {
        fc.assert(
          fc.property(arbitraryMessage(spec, version), (message) => {
            const decoded = decodeMessage(spec, version, encodeMessage(spec, version, message))
            expect(decoded).toMatchObject(message)
            expect(decodeMessage(spec, version, encodeMessage(spec, version, decoded as object))).toEqual(decoded)
          }),
          { numRuns: 20 },
        )
      }
    })

    it(`${spec.name} cut off at any byte is a named error`, () => {
      for (const version of versionsOf(spec)) {
        const whole = sample(spec, version)
        for (let length = 0; length < whole.length; length++) {
          const error = failure(() => decodeMessage(spec, version, whole.subarray(0, length)))
          expect(error, `v${version}, ${length} of ${whole.length} bytes`).toBeInstanceOf(ProtocolError)
        }
      }
    })

    it(`${spec.name} with any four bytes changed is read or is a named error`, () => {
      for (const version of versionsOf(spec)) {
        const whole = sample(spec, version)
        for (let at = 0; at + 4 <= whole.length; at++) {
          for (const word of [0x7fffffff, 0xffffffff, 0x80000000]) {
            const changed = Buffer.from(whole)
            changed.writeUInt32BE(word, at)
            const error = failure(() => decodeMessage(spec, version, changed))
            if (error !== undefined) expect(error).toBeInstanceOf(ProtocolError)
          }
        }
      }
    })
  }
})

describe('the codec', () => {
  it('gives fields that the version lacks their defaults', () => {
    const body = encodeRequest(apis.Fetch, 4, { maxWaitMs: 5 })
    expect(decodeRequest(apis.Fetch, 4, body)).toEqual({
      replicaId: -1,
      maxWaitMs: 5,
      minBytes: 0,
      maxBytes: 0x7fffffff,
      isolationLevel: 0,
      topics: [],
      sessionId: 0,
      sessionEpoch: -1,
      forgottenTopicsData: [],
      rackId: '',
      clusterId: null,
      replicaState: { replicaId: -1, replicaEpoch: -1 },
    })
  })

  it('refuses a value for a field that the version lacks and drops one that may be ignored', () => {
    const partition = { partition: 0, fetchOffset: 0, lastFetchedEpoch: 3 }
    expect(() => encodeRequest(apis.Fetch, 11, { topics: [{ topic: 't', partitions: [partition] }] })).toThrow(
      /FetchRequest\.topics\.partitions\.lastFetchedEpoch v11: .*no such field/,
    )
    expect(decodeRequest(apis.Fetch, 4, encodeRequest(apis.Fetch, 4, { sessionEpoch: 7 }))).toMatchObject({
      sessionEpoch: -1,
    })
  })

  it('refuses null, strings, numbers and shapes that do not fit their field', () => {
    const { Heartbeat, DeleteTopics, Metadata, InitProducerId, SyncGroup } = apis
    const bad: readonly (readonly [spec: MessageSpec<unknown>, version: number, message: object, expected: RegExp])[] =
      [
        [Heartbeat.request, 4, { groupId: null }, /HeartbeatRequest\.groupId v4: expected a string, found null/],
        [Heartbeat.request, 4, { groupId: 'x'.repeat(40_000) }, /a string of 40000 bytes/],
        [Heartbeat.request, 4, { generationId: 2 ** 31 }, /generationId v4: expected an integer from -2147483648 to/],
        [Heartbeat.request, 4, { generationId: 1.5 }, /found 1.5/],
        [Heartbeat.request, 4, { generationId: 'seven' }, /found the string "seven"/],
        [DeleteTopics.request, 6, { topics: {} }, /DeleteTopicsRequest\.topics v6: expected an array/],
        [DeleteTopics.request, 6, { topics: [null] }, /DeleteTopicsRequest\.topics v6: expected an object, found null/],
        [Metadata.request, 12, { topics: [{ topicId: 'x' }] }, /expected a UUID/],
        [InitProducerId.request, 4, { producerId: 2 ** 54 }, /producerId v4: expected an integer/],
        [SyncGroup.response, 5, { assignment: 'x' }, /expected bytes/],
      ]
    for (const [spec, version, message, expected] of bad) {
      expect(() => encodeMessage(spec, version, message)).toThrow(expected)
    }
  })

  it('refuses versions without a definition', () => {
    expect(() => encodeRequest(apis.Produce, 2, {})).toThrow(/versions 3-13; version 2 is not defined/)
    expect(() => decodeResponse(apis.Fetch, 19, Buffer.alloc(0))).toThrow(
      expect.objectContaining({ code: 'MILLRACE_MESSAGE_VERSION' }),
    )
  })

  it('skips tagged fields it does not know', () => {
    const known = encodeResponse(apis.Heartbeat, 4, { errorCode: 27 })
    // Instead of no tagged field (the last byte): number 9 with two bytes.
    const withUnknown = Buffer.concat([known.subarray(0, -1), Buffer.from([1, 9, 2, 0xaa, 0xbb])])
    expect(decodeResponse(apis.Heartbeat, 4, withUnknown)).toEqual({ throttleTimeMs: 0, errorCode: 27 })
  })

  it('refuses a tagged field that is longer or shorter than it announces', () => {
    const epoch = 1
    const body = encodeResponse(apis.ApiVersions, 3, { finalizedFeaturesEpoch: 5 })
    const at = body.lastIndexOf(Buffer.from([epoch, 8])) + 1
    for (const length of [7, 9]) {
      const changed = Buffer.concat([body, Buffer.alloc(1)])
      changed[at] = length
      expect(() => decodeResponse(apis.ApiVersions, 3, changed)).toThrow(/announces . bytes and has 8/)
    }
  })

  it('refuses null where the version does not admit it, and other negative lengths', () => {
    const flexible = encodeRequest(apis.Heartbeat, 4, { groupId: '' })
    flexible[0] = 0
    expect(() => decodeRequest(apis.Heartbeat, 4, flexible)).toThrow(/groupId v4, .*null is not admitted/)
    const plain = encodeRequest(apis.Heartbeat, 0, { groupId: '' })
    plain.writeInt16BE(-2, 0)
    expect(() => decodeRequest(apis.Heartbeat, 0, plain)).toThrow(/the length -2 is negative/)
  })

  it('refuses 64-bit numbers that are no Number, except the two that are signs', () => {
    const body = encodeResponse(apis.InitProducerId, 0, { producerId: 1 })
    const withId = (hex: string): Buffer =>
      Buffer.concat([body.subarray(0, 6), Buffer.from(hex, 'hex'), body.subarray(14)])
    const idOf = (hex: string): number => decodeResponse(apis.InitProducerId, 0, withId(hex)).producerId
    expect(() => idOf('0020000000000000')).toThrow(/the 64-bit number 9007199254740992 is beyond/)
    expect(() => idOf('7ffffffffffffffe')).toThrow(/9223372036854775806 is beyond/)
    expect(() => idOf('8000000000000001')).toThrow(/-9223372036854775807 is beyond/)
    expect([idOf('7fffffffffffffff'), idOf('8000000000000000')]).toEqual([2 ** 63, -(2 ** 63)])
    expect(idOf('001fffffffffffff')).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('refuses variable-length numbers of more than 32 bits', () => {
    const tail = Buffer.alloc(20)
    for (const hex of ['ffffffff1f', 'ffffffffff01']) {
      const body = Buffer.concat([Buffer.from(hex, 'hex'), tail])
      expect(() => decodeRequest(apis.Heartbeat, 4, body)).toThrow(/more than 32 bits/)
    }
  })

  it('refuses bytes behind the message', () => {
    const body = Buffer.concat([encodeRequest(apis.Heartbeat, 3, {}), Buffer.from([0])])
    expect(() => decodeRequest(apis.Heartbeat, 3, body)).toThrow(/1 of .* bytes are left over/)
  })

  it('does not allocate for an announced length', () => {
    const partitions = Buffer.alloc(20)
    partitions.writeInt32BE(1, 0)
    partitions.writeInt16BE(0, 4)
    partitions.writeInt32BE(0x7ffffff0, 6)
    const body = Buffer.concat([encodeRequest(apis.Fetch, 4, {}).subarray(0, -4), partitions])
    expect(() => decodeRequest(apis.Fetch, 4, body)).toThrow(
      /2147483632 elements are announced where 10 bytes are left/,
    )
  })

  it('keeps byte fields as views of the frame', () => {
    const body = encodeResponse(apis.SyncGroup, 3, { assignment: Buffer.from('abc') })
    const { assignment } = decodeResponse(apis.SyncGroup, 3, body)
    body.fill(0x7a, body.length - 3)
    expect(Buffer.from(assignment).toString()).toBe('zzz')
  })

  it('grows for large records without changing what stands in front of them', () => {
    const records = Buffer.alloc(3_000_000, 7)
    const topicData = [{ name: 't', partitionData: [{ index: 5, records }] }]
    const { topicData: decoded } = decodeRequest(
      apis.Produce,
      9,
      encodeRequest(apis.Produce, 9, { acks: -1, topicData }),
    )
    expect(decoded[0]?.partitionData[0]?.index).toBe(5)
    expect(records.equals(decoded[0]?.partitionData[0]?.records ?? Buffer.alloc(0))).toBe(true)
  })
})

describe('apis', () => {
  it('are found by their key', () => {
    expect(apiOfKey(18)).toBe(apis.ApiVersions)
    expect(apiOfKey(999)).toBeUndefined()
  })

  it('have headers by version, the answer to ApiVersions always the oldest', () => {
    expect([apis.Fetch.requestHeaderVersion(11), apis.Fetch.responseHeaderVersion(11)]).toEqual([1, 0])
    expect([apis.Fetch.requestHeaderVersion(12), apis.Fetch.responseHeaderVersion(12)]).toEqual([2, 1])
    expect([apis.ApiVersions.requestHeaderVersion(3), apis.ApiVersions.responseHeaderVersion(3)]).toEqual([2, 0])
    expect([apis.SaslHandshake.requestHeaderVersion(1), apis.SaslHandshake.responseHeaderVersion(1)]).toEqual([1, 0])
  })
})

import { describe, expect, it } from 'vitest'
import { apis } from '../../../../src/kafka/protocol/apis.ts'
import {
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequestHeader,
  encodeResponseHeader,
} from '../../../../src/kafka/protocol/header.ts'
import { consumerProtocolSubscription } from '../../../../src/kafka/protocol/messages/consumer-protocol.ts'
import { decodeVersioned, encodeVersioned } from '../../../../src/kafka/protocol/versioned.ts'

const header = { requestApiKey: 1, requestApiVersion: 12, correlationId: 7, clientId: 'client' }

describe('request headers', () => {
  it('are split from the body, in the header version of the request', () => {
    for (const requestApiVersion of [11, 12]) {
      const version = apis.Fetch.requestHeaderVersion(requestApiVersion)
      const frame = Buffer.concat([encodeRequestHeader(version, { ...header, requestApiVersion }), Buffer.from('body')])
      const decoded = decodeRequestHeader(frame)
      expect(decoded.api).toBe(apis.Fetch)
      expect(decoded.header).toEqual({ ...header, requestApiVersion })
      expect(decoded.body.toString()).toBe('body')
    }
  })

  it('of an unknown request, or cut off, are named errors', () => {
    const frame = encodeRequestHeader(1, { ...header, requestApiKey: 999 })
    expect(() => decodeRequestHeader(frame)).toThrow(expect.objectContaining({ code: 'MILLRACE_MESSAGE_VERSION' }))
    const known = encodeRequestHeader(2, header)
    for (let length = 0; length < known.length; length++) {
      expect(() => decodeRequestHeader(known.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'MILLRACE_MESSAGE_MALFORMED' }),
      )
    }
  })
})

describe('response headers', () => {
  it('are split from the body', () => {
    for (const version of [0, 1] as const) {
      const frame = Buffer.concat([encodeResponseHeader(version, { correlationId: 7 }), Buffer.from('body')])
      const { correlationId, body } = decodeResponseHeader(version, frame)
      expect([correlationId, body.toString()]).toEqual([7, 'body'])
    }
  })
})

describe('messages with their version in front', () => {
  it('are read back', () => {
    const bytes = encodeVersioned(consumerProtocolSubscription, 1, { topics: ['a'], userData: Buffer.from('u') })
    expect(bytes.readInt16BE(0)).toBe(1)
    expect(decodeVersioned(consumerProtocolSubscription, bytes)).toMatchObject({ topics: ['a'], ownedPartitions: [] })
  })

  it('of a later version are read as the newest known one', () => {
    const bytes = encodeVersioned(consumerProtocolSubscription, 3, { topics: ['a'], generationId: 4, rackId: 'r' })
    bytes.writeInt16BE(9, 0)
    const later = Buffer.concat([bytes, Buffer.from('more')])
    expect(decodeVersioned(consumerProtocolSubscription, later)).toMatchObject({ generationId: 4, rackId: 'r' })
  })

  it('without room for a version are named errors', () => {
    expect(() => decodeVersioned(consumerProtocolSubscription, Buffer.alloc(1))).toThrow(/no room for a version/)
  })
})

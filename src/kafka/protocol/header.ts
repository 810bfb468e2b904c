/**
 * The headers in front of requests and responses, without the frame's length. Flexible versions have request header v2
 * and response header v1, each with a tag section; the answer to ApiVersions always has v0 (see `apis.ts`).
 */
import { ProtocolError } from '../../errors/protocol-error.ts'
import { apiOfKey } from './apis.ts'
import type { AnyApi } from './apis.ts'
import { encodeMessage, readMessage } from './codec.ts'
import { requestHeader, responseHeader } from './messages/header.ts'
import type { RequestHeader, ResponseHeader } from './messages/header.ts'
import { WireReader } from './wire-reader.ts'

export function encodeRequestHeader(headerVersion: 1 | 2, header: RequestHeader): Buffer {
  return encodeMessage(requestHeader, headerVersion, header)
}

export interface DecodedRequest {
  readonly api: AnyApi
  readonly header: RequestHeader
  /** A view of the frame. The version may be one that is not offered: check before decoding. */
  readonly body: Buffer
}

/** Splits a request frame; an api key nobody speaks is a ProtocolError, upon which a broker closes the connection. */
export function decodeRequestHeader(frame: Buffer): DecodedRequest {
  if (frame.length < 8) {
    throw new ProtocolError(
      'MILLRACE_MESSAGE_MALFORMED',
      `A request of ${frame.length} bytes has no room for a header.`,
    )
  }
  const key = frame.readInt16BE(0)
  const version = frame.readInt16BE(2)
  const api = apiOfKey(key)
  if (api === undefined) {
    throw new ProtocolError('MILLRACE_MESSAGE_VERSION', `A request with the api key ${key} is not known here.`)
  }
  const reader = new WireReader(frame)
  const header = readMessage(reader, requestHeader, api.requestHeaderVersion(version))
  return { api, header, body: frame.subarray(reader.position) }
}

export function encodeResponseHeader(headerVersion: 0 | 1, header: ResponseHeader): Buffer {
  return encodeMessage(responseHeader, headerVersion, header)
}

export interface DecodedResponse {
  readonly correlationId: number
  /** A view of the frame. */
  readonly body: Buffer
}

export function decodeResponseHeader(headerVersion: 0 | 1, frame: Buffer): DecodedResponse {
  const reader = new WireReader(frame)
  const { correlationId } = readMessage(reader, responseHeader, headerVersion)
  return { correlationId, body: frame.subarray(reader.position) }
}

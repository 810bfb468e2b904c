import { KafkaError } from '../../errors/kafka-error.ts'
import { apis, decodeResponse, encodeRequestParts } from '../protocol/apis.ts'
import { errorCodes, errorName } from '../protocol/error-codes.ts'
import type { BrokerVersions, WireRequest } from './transport.ts'

const newest = 3
const oldest = 0

/**
 * The first exchange on every connection (KIP-511): version 3, and version 0 for a broker that does not know it (its
 * refusal is readable as version 0 by agreement). Version 3 is also what names finalized features.
 */
export async function requestApiVersions(
  send: (request: WireRequest) => Promise<Buffer>,
  timeoutMs: number,
): Promise<BrokerVersions> {
  const answer = await send(versionsRequest(newest, timeoutMs))
  const refused = answer.length >= 2 && answer.readInt16BE(0) === errorCodes.UNSUPPORTED_VERSION
  const version = refused ? oldest : newest
  const body = refused ? await send(versionsRequest(oldest, timeoutMs)) : answer
  const { errorCode, apiKeys, finalizedFeatures } = decodeResponse(apis.ApiVersions, version, body)
  if (errorCode !== errorCodes.NONE) {
    throw new KafkaError('MILLRACE_KAFKA_VERSION', `The broker answered ApiVersions with ${errorName(errorCode)}.`, {
      kafkaCode: errorCode,
    })
  }
  return {
    apis: new Map(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }])),
    finalizedFeatures: new Map(finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel])),
  }
}

function versionsRequest(version: number, timeoutMs: number): WireRequest {
  return {
    apiKey: apis.ApiVersions.key,
    apiVersion: version,
    flexible: apis.ApiVersions.isFlexible(version),
    body: encodeRequestParts(apis.ApiVersions, version, {
      clientSoftwareName: 'millrace',
      clientSoftwareVersion: '0.1.0',
    }),
    timeoutMs,
  }
}

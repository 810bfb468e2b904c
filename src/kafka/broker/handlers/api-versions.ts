import type { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/messages/api-versions.ts'
import type { MessageInput } from '../../protocol/message-spec.ts'
import { Refusal } from '../refusal.ts'
import type { Handler, HandlerEntry } from '../request-context.ts'

const produceKey = 0
const firstVersionWithFeatures = 3

/**
 * What this broker offers, and whether its clients shall use transaction protocol v2. The list is asked for when it is
 * needed, since this request is itself in it.
 */
export function apiVersions(offered: () => readonly HandlerEntry[]): Handler<ApiVersionsRequest, ApiVersionsResponse> {
  return (_, { state, version }) => ({
    ...offeredVersions(offered()),
    ...(version >= firstVersionWithFeatures ? features(state.transactionVersion) : {}),
  })
}

/** A feature at level 0 is not finalised. */
function features(transactionVersion: number): MessageInput<ApiVersionsResponse> {
  const name = 'transaction.version'
  const level = { maxVersionLevel: transactionVersion, minVersionLevel: transactionVersion }
  return { finalizedFeaturesEpoch: 0, finalizedFeatures: transactionVersion > 0 ? [{ name, ...level }] : [] }
}

/** A client that is newer than this broker is told in version 0 what there is (KIP-511). */
export function unsupportedApiVersions(offered: readonly HandlerEntry[]): MessageInput<ApiVersionsResponse> {
  return { ...offeredVersions(offered), errorCode: new Refusal('UNSUPPORTED_VERSION').errorCode }
}

function offeredVersions(offered: readonly HandlerEntry[]): MessageInput<ApiVersionsResponse> {
  return {
    apiKeys: offered.map(({ api, minVersion, maxVersion }) => ({
      apiKey: api.key,
      // Brokers announce versions of Produce they refuse, since librdkafka concludes from them (KAFKA-18659).
      minVersion: api.key === produceKey ? 0 : minVersion,
      maxVersion,
    })),
  }
}

import { apis } from '../../src/kafka/protocol/apis.ts'
import type { AnyApi } from '../../src/kafka/protocol/apis.ts'
import type { MessageSpec } from '../../src/kafka/protocol/message-spec.ts'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../src/kafka/protocol/messages/consumer-protocol.ts'
import { requestHeader, responseHeader } from '../../src/kafka/protocol/messages/header.ts'

/** Every message there is a table for. */
export const messageSpecs: readonly MessageSpec<unknown>[] = [
  ...Object.values(apis as unknown as Record<string, AnyApi>).flatMap((api) => [api.request, api.response]),
  consumerProtocolSubscription,
  consumerProtocolAssignment,
  requestHeader,
  responseHeader,
]

export function versionsOf(spec: MessageSpec<unknown>): number[] {
  const [min = 0, max = min] = spec.versions.split('-').map(Number)
  return Array.from({ length: max - min + 1 }, (_, index) => min + index)
}

/**
 * The instances of an application: who the group says they are, and what their status servers tell. Shared by `status`
 * and `describe --live`.
 */
import { hostname } from 'node:os'
import { isLoopback, parseHttpAddress } from '../common/http-address.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { applicationStatus } from '../runtime/operations/application-status.ts'
import type { InstanceListing } from '../runtime/operations/application-status.ts'
import type { StreamsStatus } from '../runtime/streams-status.ts'
import { askInstance } from './instance-http.ts'
import type { AskOptions } from './instance-http.ts'
import { isStreamsStatus } from './instance-status.ts'

export interface FoundInstance {
  /** Null for one that was asked without Kafka. */
  readonly listing: InstanceListing | null
  /** `host:port` of its status server; null: it has none. */
  readonly http: string | null
  /** What its status server says; null where it was not asked or did not answer. */
  readonly status: StreamsStatus | null
  /** Why there is no status. */
  readonly problem: string | null
}

export interface FoundApplication {
  readonly applicationId: string
  readonly groupState: string
  readonly instances: readonly FoundInstance[]
}

export async function instancesOfGroup(
  client: KafkaClient,
  applicationId: string,
  ask: AskOptions,
): Promise<FoundApplication> {
  const { groupState, instances } = await applicationStatus(client, applicationId)
  return { applicationId, groupState, instances: await Promise.all(instances.map((listing) => found(listing, ask))) }
}

/** Without Kafka. */
export function instancesAt(addresses: readonly string[], ask: AskOptions): Promise<FoundInstance[]> {
  return Promise.all(
    addresses.map(async (http) => {
      const answer = await askInstance(http, '/v1/status', isStreamsStatus, ask)
      const status = 'document' in answer ? answer.document : null
      return { listing: null, http, status, problem: 'problem' in answer ? answer.problem : null }
    }),
  )
}

async function found(listing: InstanceListing, ask: AskOptions): Promise<FoundInstance> {
  const { http, host } = listing
  const silent = (problem: string): FoundInstance => ({ listing, http: http ?? null, status: null, problem })
  if (!listing.isOurs) return silent('not a member of this version; what it runs is not known')
  if (http === undefined) return silent('it has no status server, which would tell more: start it with --http')
  if (isOfItsMachine(http) && host !== hostname()) return silent(`its status server can be reached on ${host} only`)
  const answer = await askInstance(http, '/v1/status', isStreamsStatus, ask)
  if ('problem' in answer) return silent(answer.problem)
  return { listing, http, status: answer.document, problem: null }
}

/** To this machine such an address is itself, and whoever listens there is another one. */
function isOfItsMachine(address: string): boolean {
  const { host = '' } = parseHttpAddress(address) ?? {}
  return isLoopback(host) || host === '0.0.0.0' || host === '::' || host.toLowerCase().startsWith('::ffff:127.')
}

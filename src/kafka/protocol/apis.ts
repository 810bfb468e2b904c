/**
 * The Kafka requests this project speaks, each with its answer: `encodeRequest(apis.Fetch, 12, { … })` and
 * `decodeResponse(apis.Fetch, 12, body)` are typed by the first argument. Bodies only; headers are in `header.ts`.
 */
import { decodeMessage, encodeMessage, encodeMessageParts } from './codec.ts'
import { hasVersion, parseVersions } from './message-spec.ts'
import type { MessageInput, MessageSpec } from './message-spec.ts'
import { produceRequest, produceResponse } from './messages/produce.ts'
import type { ProduceRequest, ProduceResponse } from './messages/produce.ts'
import { fetchRequest, fetchResponse } from './messages/fetch.ts'
import type { FetchRequest, FetchResponse } from './messages/fetch.ts'
import { listOffsetsRequest, listOffsetsResponse } from './messages/list-offsets.ts'
import type { ListOffsetsRequest, ListOffsetsResponse } from './messages/list-offsets.ts'
import { metadataRequest, metadataResponse } from './messages/metadata.ts'
import type { MetadataRequest, MetadataResponse } from './messages/metadata.ts'
import { offsetCommitRequest, offsetCommitResponse } from './messages/offset-commit.ts'
import type { OffsetCommitRequest, OffsetCommitResponse } from './messages/offset-commit.ts'
import { offsetFetchRequest, offsetFetchResponse } from './messages/offset-fetch.ts'
import type { OffsetFetchRequest, OffsetFetchResponse } from './messages/offset-fetch.ts'
import { findCoordinatorRequest, findCoordinatorResponse } from './messages/find-coordinator.ts'
import type { FindCoordinatorRequest, FindCoordinatorResponse } from './messages/find-coordinator.ts'
import { joinGroupRequest, joinGroupResponse } from './messages/join-group.ts'
import type { JoinGroupRequest, JoinGroupResponse } from './messages/join-group.ts'
import { heartbeatRequest, heartbeatResponse } from './messages/heartbeat.ts'
import type { HeartbeatRequest, HeartbeatResponse } from './messages/heartbeat.ts'
import { leaveGroupRequest, leaveGroupResponse } from './messages/leave-group.ts'
import type { LeaveGroupRequest, LeaveGroupResponse } from './messages/leave-group.ts'
import { syncGroupRequest, syncGroupResponse } from './messages/sync-group.ts'
import type { SyncGroupRequest, SyncGroupResponse } from './messages/sync-group.ts'
import { describeGroupsRequest, describeGroupsResponse } from './messages/describe-groups.ts'
import type { DescribeGroupsRequest, DescribeGroupsResponse } from './messages/describe-groups.ts'
import { listGroupsRequest, listGroupsResponse } from './messages/list-groups.ts'
import type { ListGroupsRequest, ListGroupsResponse } from './messages/list-groups.ts'
import { saslHandshakeRequest, saslHandshakeResponse } from './messages/sasl-handshake.ts'
import type { SaslHandshakeRequest, SaslHandshakeResponse } from './messages/sasl-handshake.ts'
import { apiVersionsRequest, apiVersionsResponse } from './messages/api-versions.ts'
import type { ApiVersionsRequest, ApiVersionsResponse } from './messages/api-versions.ts'
import { createTopicsRequest, createTopicsResponse } from './messages/create-topics.ts'
import type { CreateTopicsRequest, CreateTopicsResponse } from './messages/create-topics.ts'
import { deleteTopicsRequest, deleteTopicsResponse } from './messages/delete-topics.ts'
import type { DeleteTopicsRequest, DeleteTopicsResponse } from './messages/delete-topics.ts'
import { deleteRecordsRequest, deleteRecordsResponse } from './messages/delete-records.ts'
import type { DeleteRecordsRequest, DeleteRecordsResponse } from './messages/delete-records.ts'
import { initProducerIdRequest, initProducerIdResponse } from './messages/init-producer-id.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from './messages/init-producer-id.ts'
import { offsetForLeaderEpochRequest, offsetForLeaderEpochResponse } from './messages/offset-for-leader-epoch.ts'
import type { OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from './messages/offset-for-leader-epoch.ts'
import { addPartitionsToTxnRequest, addPartitionsToTxnResponse } from './messages/add-partitions-to-txn.ts'
import type { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from './messages/add-partitions-to-txn.ts'
import { addOffsetsToTxnRequest, addOffsetsToTxnResponse } from './messages/add-offsets-to-txn.ts'
import type { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from './messages/add-offsets-to-txn.ts'
import { endTxnRequest, endTxnResponse } from './messages/end-txn.ts'
import type { EndTxnRequest, EndTxnResponse } from './messages/end-txn.ts'
import { txnOffsetCommitRequest, txnOffsetCommitResponse } from './messages/txn-offset-commit.ts'
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from './messages/txn-offset-commit.ts'
import { describeConfigsRequest, describeConfigsResponse } from './messages/describe-configs.ts'
import type { DescribeConfigsRequest, DescribeConfigsResponse } from './messages/describe-configs.ts'
import { alterConfigsRequest, alterConfigsResponse } from './messages/alter-configs.ts'
import type { AlterConfigsRequest, AlterConfigsResponse } from './messages/alter-configs.ts'
import { saslAuthenticateRequest, saslAuthenticateResponse } from './messages/sasl-authenticate.ts'
import type { SaslAuthenticateRequest, SaslAuthenticateResponse } from './messages/sasl-authenticate.ts'
import { createPartitionsRequest, createPartitionsResponse } from './messages/create-partitions.ts'
import type { CreatePartitionsRequest, CreatePartitionsResponse } from './messages/create-partitions.ts'
import { deleteGroupsRequest, deleteGroupsResponse } from './messages/delete-groups.ts'
import type { DeleteGroupsRequest, DeleteGroupsResponse } from './messages/delete-groups.ts'
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from './messages/incremental-alter-configs.ts'
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from './messages/incremental-alter-configs.ts'
import { offsetDeleteRequest, offsetDeleteResponse } from './messages/offset-delete.ts'
import type { OffsetDeleteRequest, OffsetDeleteResponse } from './messages/offset-delete.ts'
import { describeQuorumRequest, describeQuorumResponse } from './messages/describe-quorum.ts'
import type { DescribeQuorumRequest, DescribeQuorumResponse } from './messages/describe-quorum.ts'
import { describeClusterRequest, describeClusterResponse } from './messages/describe-cluster.ts'
import type { DescribeClusterRequest, DescribeClusterResponse } from './messages/describe-cluster.ts'
import { describeProducersRequest, describeProducersResponse } from './messages/describe-producers.ts'
import type { DescribeProducersRequest, DescribeProducersResponse } from './messages/describe-producers.ts'
import { describeTransactionsRequest, describeTransactionsResponse } from './messages/describe-transactions.ts'
import type { DescribeTransactionsRequest, DescribeTransactionsResponse } from './messages/describe-transactions.ts'
import { listTransactionsRequest, listTransactionsResponse } from './messages/list-transactions.ts'
import type { ListTransactionsRequest, ListTransactionsResponse } from './messages/list-transactions.ts'

export interface Api<Request, Response> {
  readonly key: number
  readonly name: string
  readonly request: MessageSpec<Request>
  readonly response: MessageSpec<Response>
  /** The versions that can be encoded and decoded here; what a broker admits is another matter. */
  readonly minVersion: number
  readonly maxVersion: number
  isFlexible(version: number): boolean
  requestHeaderVersion(version: number): 1 | 2
  responseHeaderVersion(version: number): 0 | 1
}

/** An api of which only the key and the versions matter. */
export type AnyApi = Api<unknown, unknown>

export interface Apis {
  readonly Produce: Api<ProduceRequest, ProduceResponse>
  readonly Fetch: Api<FetchRequest, FetchResponse>
  readonly ListOffsets: Api<ListOffsetsRequest, ListOffsetsResponse>
  readonly Metadata: Api<MetadataRequest, MetadataResponse>
  readonly OffsetCommit: Api<OffsetCommitRequest, OffsetCommitResponse>
  readonly OffsetFetch: Api<OffsetFetchRequest, OffsetFetchResponse>
  readonly FindCoordinator: Api<FindCoordinatorRequest, FindCoordinatorResponse>
  readonly JoinGroup: Api<JoinGroupRequest, JoinGroupResponse>
  readonly Heartbeat: Api<HeartbeatRequest, HeartbeatResponse>
  readonly LeaveGroup: Api<LeaveGroupRequest, LeaveGroupResponse>
  readonly SyncGroup: Api<SyncGroupRequest, SyncGroupResponse>
  readonly DescribeGroups: Api<DescribeGroupsRequest, DescribeGroupsResponse>
  readonly ListGroups: Api<ListGroupsRequest, ListGroupsResponse>
  readonly SaslHandshake: Api<SaslHandshakeRequest, SaslHandshakeResponse>
  readonly ApiVersions: Api<ApiVersionsRequest, ApiVersionsResponse>
  readonly CreateTopics: Api<CreateTopicsRequest, CreateTopicsResponse>
  readonly DeleteTopics: Api<DeleteTopicsRequest, DeleteTopicsResponse>
  readonly DeleteRecords: Api<DeleteRecordsRequest, DeleteRecordsResponse>
  readonly InitProducerId: Api<InitProducerIdRequest, InitProducerIdResponse>
  readonly OffsetForLeaderEpoch: Api<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>
  readonly AddPartitionsToTxn: Api<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>
  readonly AddOffsetsToTxn: Api<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>
  readonly EndTxn: Api<EndTxnRequest, EndTxnResponse>
  readonly TxnOffsetCommit: Api<TxnOffsetCommitRequest, TxnOffsetCommitResponse>
  readonly DescribeConfigs: Api<DescribeConfigsRequest, DescribeConfigsResponse>
  readonly AlterConfigs: Api<AlterConfigsRequest, AlterConfigsResponse>
  readonly SaslAuthenticate: Api<SaslAuthenticateRequest, SaslAuthenticateResponse>
  readonly CreatePartitions: Api<CreatePartitionsRequest, CreatePartitionsResponse>
  readonly DeleteGroups: Api<DeleteGroupsRequest, DeleteGroupsResponse>
  readonly IncrementalAlterConfigs: Api<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>
  readonly OffsetDelete: Api<OffsetDeleteRequest, OffsetDeleteResponse>
  readonly DescribeQuorum: Api<DescribeQuorumRequest, DescribeQuorumResponse>
  readonly DescribeCluster: Api<DescribeClusterRequest, DescribeClusterResponse>
  readonly DescribeProducers: Api<DescribeProducersRequest, DescribeProducersResponse>
  readonly DescribeTransactions: Api<DescribeTransactionsRequest, DescribeTransactionsResponse>
  readonly ListTransactions: Api<ListTransactionsRequest, ListTransactionsResponse>
}

export const apis: Apis = {
  Produce: api('Produce', produceRequest, produceResponse),
  Fetch: api('Fetch', fetchRequest, fetchResponse),
  ListOffsets: api('ListOffsets', listOffsetsRequest, listOffsetsResponse),
  Metadata: api('Metadata', metadataRequest, metadataResponse),
  OffsetCommit: api('OffsetCommit', offsetCommitRequest, offsetCommitResponse),
  OffsetFetch: api('OffsetFetch', offsetFetchRequest, offsetFetchResponse),
  FindCoordinator: api('FindCoordinator', findCoordinatorRequest, findCoordinatorResponse),
  JoinGroup: api('JoinGroup', joinGroupRequest, joinGroupResponse),
  Heartbeat: api('Heartbeat', heartbeatRequest, heartbeatResponse),
  LeaveGroup: api('LeaveGroup', leaveGroupRequest, leaveGroupResponse),
  SyncGroup: api('SyncGroup', syncGroupRequest, syncGroupResponse),
  DescribeGroups: api('DescribeGroups', describeGroupsRequest, describeGroupsResponse),
  ListGroups: api('ListGroups', listGroupsRequest, listGroupsResponse),
  SaslHandshake: api('SaslHandshake', saslHandshakeRequest, saslHandshakeResponse),
  ApiVersions: api('ApiVersions', apiVersionsRequest, apiVersionsResponse),
  CreateTopics: api('CreateTopics', createTopicsRequest, createTopicsResponse),
  DeleteTopics: api('DeleteTopics', deleteTopicsRequest, deleteTopicsResponse),
  DeleteRecords: api('DeleteRecords', deleteRecordsRequest, deleteRecordsResponse),
  InitProducerId: api('InitProducerId', initProducerIdRequest, initProducerIdResponse),
  OffsetForLeaderEpoch: api('OffsetForLeaderEpoch', offsetForLeaderEpochRequest, offsetForLeaderEpochResponse),
  AddPartitionsToTxn: api('AddPartitionsToTxn', addPartitionsToTxnRequest, addPartitionsToTxnResponse),
  AddOffsetsToTxn: api('AddOffsetsToTxn', addOffsetsToTxnRequest, addOffsetsToTxnResponse),
  EndTxn: api('EndTxn', endTxnRequest, endTxnResponse),
  TxnOffsetCommit: api('TxnOffsetCommit', txnOffsetCommitRequest, txnOffsetCommitResponse),
  DescribeConfigs: api('DescribeConfigs', describeConfigsRequest, describeConfigsResponse),
  AlterConfigs: api('AlterConfigs', alterConfigsRequest, alterConfigsResponse),
  SaslAuthenticate: api('SaslAuthenticate', saslAuthenticateRequest, saslAuthenticateResponse),
  CreatePartitions: api('CreatePartitions', createPartitionsRequest, createPartitionsResponse),
  DeleteGroups: api('DeleteGroups', deleteGroupsRequest, deleteGroupsResponse),
  IncrementalAlterConfigs: api(
    'IncrementalAlterConfigs',
    incrementalAlterConfigsRequest,
    incrementalAlterConfigsResponse,
  ),
  OffsetDelete: api('OffsetDelete', offsetDeleteRequest, offsetDeleteResponse),
  DescribeQuorum: api('DescribeQuorum', describeQuorumRequest, describeQuorumResponse),
  DescribeCluster: api('DescribeCluster', describeClusterRequest, describeClusterResponse),
  DescribeProducers: api('DescribeProducers', describeProducersRequest, describeProducersResponse),
  DescribeTransactions: api('DescribeTransactions', describeTransactionsRequest, describeTransactionsResponse),
  ListTransactions: api('ListTransactions', listTransactionsRequest, listTransactionsResponse),
}

const byKey: ReadonlyMap<number, AnyApi> = new Map(
  Object.values(apis as unknown as Record<string, AnyApi>).map((known) => [known.key, known]),
)

/** Undefined for a request that nobody here speaks. */
export function apiOfKey(key: number): AnyApi | undefined {
  return byKey.get(key)
}

export function encodeRequest<Request>(
  target: Api<Request, unknown>,
  version: number,
  message: MessageInput<Request>,
): Buffer {
  return encodeMessage(target.request, version, message)
}

/** In parts: the records of a Produce are not copied. */
export function encodeRequestParts<Request>(
  target: Api<Request, unknown>,
  version: number,
  message: MessageInput<Request>,
): Uint8Array[] {
  return encodeMessageParts(target.request, version, message)
}

export function decodeRequest<Request>(target: Api<Request, unknown>, version: number, body: Buffer): Request {
  return decodeMessage(target.request, version, body)
}

export function encodeResponse<Response>(
  target: Api<unknown, Response>,
  version: number,
  message: MessageInput<Response>,
): Buffer {
  return encodeMessage(target.response, version, message)
}

export function decodeResponse<Response>(target: Api<unknown, Response>, version: number, body: Buffer): Response {
  return decodeMessage(target.response, version, body)
}

const apiVersionsKey = 18

function api<Request, Response>(
  name: string,
  request: MessageSpec<Request>,
  response: MessageSpec<Response>,
): Api<Request, Response> {
  const key = request.apiKey ?? -1
  const { min, max } = parseVersions(request.versions)
  const isFlexible = (version: number): boolean => hasVersion(request.flexible, version)
  return {
    key,
    name,
    request,
    response,
    minVersion: min,
    maxVersion: max,
    isFlexible,
    requestHeaderVersion: (version) => (isFlexible(version) ? 2 : 1),
    // The answer to ApiVersions must be readable before the versions are known: always header v0 (KIP-511).
    responseHeaderVersion: (version) => (key !== apiVersionsKey && isFlexible(version) ? 1 : 0),
  }
}

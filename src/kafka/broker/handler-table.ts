/**
 * Every request the embedded broker answers, with the versions it offers. Unless limits are given they are those of Apache
 * Kafka 4.3.1, which still has all that kafkajs 2 sends. Of AddPartitionsToTxn only brokers among themselves use more.
 */
import { apis } from '../protocol/apis.ts'
import { apiVersions } from './handlers/api-versions.ts'
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from './handlers/configs.ts'
import { fetch } from './handlers/fetch.ts'
import { deleteGroups, describeGroups, listGroups } from './handlers/group-admin.ts'
import { heartbeat, joinGroup, leaveGroup, syncGroup } from './handlers/group-membership.ts'
import { offsetCommit, offsetDelete, offsetFetch, txnOffsetCommit } from './handlers/group-offsets.ts'
import { listOffsets, offsetForLeaderEpoch } from './handlers/list-offsets.ts'
import { describeCluster, describeQuorum, findCoordinator, metadata } from './handlers/metadata.ts'
import { produce } from './handlers/produce.ts'
import { createPartitions, createTopics, deleteRecords, deleteTopics } from './handlers/topic-admin.ts'
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  describeProducers,
  describeTransactions,
  endTxn,
  initProducerId,
  listTransactions,
} from './handlers/transactions.ts'
import { on, type HandlerEntry } from './request-context.ts'

export const handlerTable: readonly HandlerEntry[] = [
  on(apis.Produce, produce),
  on(apis.Fetch, fetch),
  on(apis.ListOffsets, listOffsets),
  on(apis.Metadata, metadata),
  on(apis.OffsetCommit, offsetCommit),
  on(apis.OffsetFetch, offsetFetch),
  on(apis.FindCoordinator, findCoordinator),
  on(apis.JoinGroup, joinGroup),
  on(apis.Heartbeat, heartbeat),
  on(apis.LeaveGroup, leaveGroup),
  on(apis.SyncGroup, syncGroup),
  on(apis.DescribeGroups, describeGroups),
  on(apis.ListGroups, listGroups),
  on(
    apis.ApiVersions,
    apiVersions(() => handlerTable),
  ),
  on(apis.CreateTopics, createTopics),
  on(apis.DeleteTopics, deleteTopics),
  on(apis.DeleteRecords, deleteRecords),
  on(apis.InitProducerId, initProducerId, { max: 5 }),
  on(apis.OffsetForLeaderEpoch, offsetForLeaderEpoch),
  on(apis.AddPartitionsToTxn, addPartitionsToTxn, { max: 3 }),
  on(apis.AddOffsetsToTxn, addOffsetsToTxn),
  on(apis.EndTxn, endTxn),
  on(apis.TxnOffsetCommit, txnOffsetCommit),
  on(apis.DescribeConfigs, describeConfigs),
  on(apis.AlterConfigs, alterConfigs),
  on(apis.CreatePartitions, createPartitions),
  on(apis.DeleteGroups, deleteGroups),
  on(apis.IncrementalAlterConfigs, incrementalAlterConfigs),
  on(apis.OffsetDelete, offsetDelete),
  on(apis.DescribeQuorum, describeQuorum),
  on(apis.DescribeCluster, describeCluster),
  on(apis.DescribeProducers, describeProducers),
  on(apis.DescribeTransactions, describeTransactions),
  on(apis.ListTransactions, listTransactions),
]

export const handlersByKey: ReadonlyMap<number, HandlerEntry> = new Map(
  handlerTable.map((entry) => [entry.api.key, entry]),
)

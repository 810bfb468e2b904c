/** What the simulated cluster is: the nouns that request handlers work on, wired together, and nothing that does I/O. */
import type { Clock } from '../../common/clock.ts'
import type { Random } from '../../common/random.ts'
import type { TopicPartition } from '../../common/topic-partition.ts'
import type { Endpoint } from '../transport/transport.ts'
import { transactionMarkerBatch } from '../records/control-batch.ts'
import type { BrokerConfig } from './broker-config.ts'
import { BrokerNodes, type BrokerNode } from './broker-nodes.ts'
import { compactWhenDue } from './compaction.ts'
import { offsetsTopic } from './coordinator-partition.ts'
import { FetchPurgatory } from './fetch-purgatory.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { Topics, type Partition, type Topic } from './topics.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'
import { TransactionMarkers, type Marker } from './transaction-markers.ts'

export class BrokerState {
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly random: Random
  readonly nodes: BrokerNodes
  readonly topics: Topics
  readonly groups: GroupCoordinator
  readonly markers: TransactionMarkers
  readonly transactions: TransactionCoordinator
  readonly purgatory: FetchPurgatory
  /** Finalised; a cluster may go up and down with it while clients are connected. */
  transactionVersion: number

  constructor(config: BrokerConfig, clock: Clock, random: Random, endpoints: readonly Endpoint[]) {
    this.config = config
    this.transactionVersion = config.transactionVersion
    this.clock = clock
    this.random = random
    this.nodes = new BrokerNodes(endpoints)
    this.topics = new Topics(config, random, this.nodes.ids)
    this.groups = new GroupCoordinator(clock, random, config)
    this.markers = new TransactionMarkers(clock, config.transactionMarkerDelayMs, (partition, marker) =>
      this.#writeMarker(partition, marker),
    )
    this.transactions = new TransactionCoordinator(clock, config, this.markers)
    this.purgatory = new FetchPurgatory(clock, config.maxPendingFetches)
  }

  /** After every append. */
  appended(partition: Partition): void {
    compactWhenDue(partition, this.config.compactionThresholdBytes, this.clock.now())
    this.purgatory.changed(partition)
  }

  deleteTopic(topic: Topic): void {
    this.topics.delete(topic)
    this.groups.deleteTopic(topic.name)
    for (const partition of topic.partitions) this.purgatory.changed(partition)
  }

  moveLeader(partition: Partition, nodeId: number): void {
    this.topics.moveLeader(partition, nodeId)
    this.purgatory.changed(partition)
  }

  /** The node is gone: a replica that is up takes over what it led. */
  stopNode(node: BrokerNode): void {
    node.isUp = false
    for (const { partitions } of this.topics.all) {
      for (const partition of partitions) {
        if (partition.leaderId !== node.id) continue
        const next = partition.replicas.find((id) => this.nodes.get(id)?.isUp)
        this.moveLeader(partition, next ?? -1)
      }
    }
  }

  startNode(node: BrokerNode): void {
    node.isUp = true
    for (const { partitions } of this.topics.all) {
      for (const partition of partitions) {
        if (partition.leaderId === -1 && partition.replicas.includes(node.id)) this.moveLeader(partition, node.id)
      }
    }
  }

  close(): void {
    this.purgatory.close()
    this.groups.close()
    this.transactions.close()
  }

  #writeMarker({ topic, partition: index }: TopicPartition, { producerId, epoch, committed }: Marker): void {
    if (topic === offsetsTopic) return this.groups.completeTransaction(index, producerId, committed)
    const partition = this.topics.partition(topic, index)
    if (partition === undefined) return
    const { log, leaderEpoch } = partition
    const timestamp = this.clock.now()
    const bytes = transactionMarkerBatch({
      commit: committed,
      producerId,
      producerEpoch: epoch,
      coordinatorEpoch: 0,
      timestamp,
      baseOffset: log.endOffset,
      partitionLeaderEpoch: leaderEpoch,
    })
    const { baseOffset } = log.append(bytes, leaderEpoch, true)
    log.producers.complete(producerId, epoch, baseOffset, committed, timestamp)
    this.appended(partition)
  }
}

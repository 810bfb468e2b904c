/** The brokers of a simulation, what can happen to them, and what is watched of them at every step. */
import { EmbeddedBroker } from '../../src/kafka/broker/embedded-broker.ts'
import { decodeAssignment as decodeEnvelope } from '../../src/kafka/client/consumer-protocol.ts'
import { BatchBuilder } from '../../src/kafka/records/batch-builder.ts'
import { stampBatch } from '../../src/kafka/records/batch-stamp.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { asBuffer } from '../../src/common/bytes.ts'
import { decodeAssignment } from '../../src/runtime/assignment/user-data.ts'
import type { ClusterFault } from './faults.ts'
import { readLog, type LogContent } from './log-model.ts'
import type { Scheduler } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'
import { applicationId } from './workloads.ts'

export interface ClusterOptions {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly nodes: number
  readonly transactionVersion: 0 | 2
  /** As on a real cluster: the markers of one transaction come to its partitions at different times. */
  readonly markersMaxMs: number
  readonly topics: Readonly<Record<string, number>>
  /** Without transactions an OffsetCommit that arrives late moves offsets back, and no broker can tell. */
  readonly offsetsMayGoBack: boolean
  readonly onViolation: (what: string) => void
}

export type InputRecord = readonly [key: string | null, value: string, timestamp: number]

export interface TopicPartitionName {
  readonly topic: string
  readonly partition: number
}

export class SimulatedCluster {
  readonly broker: EmbeddedBroker
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  readonly #onViolation: (what: string) => void
  readonly #offsetsMayGoBack: boolean
  readonly #committed = new Map<string, number>()
  readonly #batch = new BatchBuilder()
  #isRepaired = false
  /** Ends whatever is held, stopped or frozen. */
  readonly #repairs = new Set<() => void>()

  constructor(options: ClusterOptions) {
    const { scheduler, random, nodes, transactionVersion, markersMaxMs, topics, offsetsMayGoBack, onViolation } =
      options
    this.#scheduler = scheduler
    this.#random = random
    this.#offsetsMayGoBack = offsetsMayGoBack
    this.#onViolation = onViolation
    this.broker = new EmbeddedBroker({
      nodes,
      random,
      config: {
        defaultReplicationFactor: nodes,
        transactionVersion,
        transactionMarkerDelayMs: () => (this.#isRepaired ? 0 : random.below(markersMaxMs + 1)),
      },
      clock: {
        now: () => scheduler.nowMs,
        setTimer: (delayMs, callback) => scheduler.schedule(delayMs * 1000, callback),
        yieldTurn: () => new Promise((resolve) => scheduler.schedule(0, resolve)),
      },
    })
    for (const [topic, partitions] of Object.entries(topics)) this.broker.createTopic(topic, { partitions })
  }

  // --- data -----------------------------------------------------------------------------------------------------------

  append(topic: string, partition: number, records: readonly InputRecord[]): void {
    for (const [key, value, timestamp] of records) {
      const keyBytes = key === null ? null : Buffer.from(key)
      this.#batch.append(timestamp, keyBytes, Buffer.from(value), noHeaders)
    }
    const batch = this.#batch.seal('none')
    stampBatch(batch, { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false })
    this.broker.controls.append(topic, partition, batch)
  }

  read(topic: string, partition: number): LogContent {
    return readLog(this.broker.controls.log(topic, partition).batches)
  }

  partitionsOf(topic: string): number[] {
    return Array.from({ length: this.broker.controls.partitionCounts().get(topic) ?? 0 }, (_, index) => index)
  }

  get partitions(): TopicPartitionName[] {
    return [...this.broker.controls.partitionCounts()].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    )
  }

  /** What keeps the cluster from being at rest: `topics` are read to their end, nothing is open. */
  unrest(inputTopics: readonly string[]): string[] {
    const { controls } = this.broker
    const committed = new Map(
      controls.committedOffsets(applicationId).map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]),
    )
    return this.partitions.flatMap(({ topic, partition }) => {
      const { endOffset, lastStableOffset } = controls.log(topic, partition)
      const name = `${topic}-${partition}`
      const found: string[] = []
      if (lastStableOffset !== endOffset) {
        found.push(`${name} has an open transaction: stable up to ${lastStableOffset} of ${endOffset}`)
      }
      const reached = committed.get(name) ?? 0
      if (inputTopics.includes(topic) && reached !== endOffset) {
        found.push(`${name} is committed up to ${reached} of ${endOffset}`)
      }
      return found
    })
  }

  /** Tasks and how often they are assigned; undefined while the group rebalances. */
  get assignedTasks(): readonly string[] | undefined {
    const assignments = this.broker.controls.assignments(applicationId)
    if (assignments === undefined) return undefined
    return [...assignments.values()]
      .flatMap((bytes) => {
        const { userData } = decodeEnvelope(bytes)
        return decodeAssignment(userData === undefined ? undefined : asBuffer(userData))?.activeTasks ?? []
      })
      .toSorted()
  }

  // --- watching -------------------------------------------------------------------------------------------------------

  /** After every request that was executed. */
  watch(): void {
    if (this.#offsetsMayGoBack) return
    for (const { topic, partition, offset } of this.broker.controls.committedOffsets(applicationId)) {
      const name = `${topic}-${partition}`
      const before = this.#committed.get(name) ?? 0
      if (offset < before) this.#onViolation(`the committed offset of ${name} went back from ${before} to ${offset}`)
      this.#committed.set(name, offset)
    }
  }

  // --- faults ---------------------------------------------------------------------------------------------------------

  apply(fault: Exclude<ClusterFault, { kind: 'start-another' }>): void {
    const { controls, nodeIds } = this.broker
    switch (fault.kind) {
      case 'move-leaders':
        for (const { topic, partition } of this.partitions) {
          controls.moveLeader(topic, partition, this.#random.pick(nodeIds))
        }
        return
      case 'move-coordinators':
        for (const id of this.#random.pick([['group'], ['transaction'], ['group', 'transaction']] as const)) {
          for (const key of [applicationId, ...this.#transactionalIds]) {
            controls.moveCoordinator(id, key, this.#random.pick(nodeIds))
          }
        }
        return
      case 'hold-markers': {
        const all = this.partitions.filter(({ topic }) => topic !== 'in')
        const held = all[fault.partition % Math.max(1, all.length)]
        if (held !== undefined) this.#forTime(fault.forMs, controls.holdMarkers(held.topic, held.partition))
        return
      }
      case 'hold-offset-markers':
        return this.#forTime(fault.forMs, controls.holdOffsetMarkers(applicationId))
      case 'finalize':
        return controls.finalizeTransactionVersion(fault.transactionVersion)
      case 'stop-node':
        controls.stopNode(fault.node)
        return this.#forTime(fault.forMs, () => controls.startNode(fault.node))
      case 'freeze-node':
        controls.freezeNode(fault.node)
        return this.#forTime(fault.forMs, () => controls.thawNode(fault.node))
    }
  }

  repairAll(): void {
    this.#isRepaired = true
    for (const repair of this.#repairs) repair()
    this.#repairs.clear()
  }

  #forTime(forMs: number, repair: () => void): void {
    this.#repairs.add(repair)
    this.#scheduler.schedule(forMs * 1000, () => {
      if (this.#repairs.delete(repair)) repair()
    })
  }

  get #transactionalIds(): readonly string[] {
    return this.broker.controls.openTransactions()
  }
}

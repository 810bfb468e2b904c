import type { TopicPartition } from '../../common/topic-partition.ts'
import type { MetadataResponse, MetadataResponseTopic } from '../protocol/messages/metadata.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { Endpoint } from '../transport/transport.ts'

export interface Leader {
  readonly nodeId: number
  /** -1: the broker does not tell (before Metadata v7). */
  readonly epoch: number
}

interface CachedTopic {
  readonly topicId: string
  readonly leaders: readonly (Leader | undefined)[]
}

/** What brokers without topic ids answer (before 2.8). */
export const noTopicId = '00000000-0000-0000-0000-000000000000'

/**
 * What the last Metadata answers said: brokers, and per topic its id and leaders. A leader never goes back to an older
 * epoch, since brokers learn of a move at different times (KIP-320); a topic made anew (another id) starts over.
 */
export class Metadata {
  readonly #nodes = new Map<number, Endpoint>()
  readonly #topics = new Map<string, CachedTopic>()
  #controllerId = -1
  #clusterId: string | undefined

  get nodes(): ReadonlyMap<number, Endpoint> {
    return this.#nodes
  }

  get controllerId(): number {
    return this.#controllerId
  }

  get clusterId(): string | undefined {
    return this.#clusterId
  }

  endpoint(nodeId: number): Endpoint | undefined {
    return this.#nodes.get(nodeId)
  }

  /** Undefined while there is none, or none is known. */
  leader({ topic, partition }: TopicPartition): Leader | undefined {
    return this.#topics.get(topic)?.leaders[partition]
  }

  partitionCount(topic: string): number | undefined {
    return this.#topics.get(topic)?.leaders.length
  }

  topicId(topic: string): string {
    return this.#topics.get(topic)?.topicId ?? noTopicId
  }

  update(response: MetadataResponse): void {
    this.#nodes.clear()
    for (const { nodeId, host, port } of response.brokers) this.#nodes.set(nodeId, { host, port })
    this.#controllerId = response.controllerId
    this.#clusterId = response.clusterId ?? undefined
    for (const topic of response.topics) this.#updateTopic(topic)
  }

  /** A coordinator or a leader hint can name a broker that the metadata did not. */
  addNode(nodeId: number, endpoint: Endpoint): void {
    this.#nodes.set(nodeId, endpoint)
  }

  #updateTopic(topic: MetadataResponseTopic): void {
    const { name, errorCode, topicId } = topic
    if (name === null) return
    if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) {
      this.#topics.delete(name)
      return
    }
    if (errorCode !== errorCodes.NONE) return
    const before = this.#topics.get(name)
    const known = before?.topicId === topicId ? before.leaders : []
    const leaders: (Leader | undefined)[] = []
    for (const { partitionIndex, leaderId, leaderEpoch } of topic.partitions) {
      const old = known[partitionIndex]
      const isStale = old !== undefined && leaderEpoch >= 0 && leaderEpoch < old.epoch
      leaders[partitionIndex] = isStale ? old : leaderId < 0 ? undefined : { nodeId: leaderId, epoch: leaderEpoch }
    }
    this.#topics.set(name, { topicId, leaders })
  }
}

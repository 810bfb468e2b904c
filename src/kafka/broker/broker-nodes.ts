/**
 * The simulated nodes: who is there, who leads the internal partitions (and so coordinates groups and transactions).
 * Data is shared by all of them; a node is an address, a set of leaderships and a switch.
 */
import type { Endpoint } from '../transport/transport.ts'
import { coordinatorPartition, offsetsTopic, transactionsTopic } from './coordinator-partition.ts'
import { Refusal } from './refusal.ts'

export interface BrokerNode {
  readonly id: number
  endpoint: Endpoint
  /** Takes connections and answers. */
  isUp: boolean
  /** Takes connections and requests, and answers nothing until it is thawed. */
  isFrozen: boolean
}

export type CoordinatorKind = 'group' | 'transaction'

export class BrokerNodes {
  readonly #nodes: readonly BrokerNode[]
  readonly #coordinators = new Map<string, number>()

  constructor(endpoints: readonly Endpoint[]) {
    this.#nodes = endpoints.map((endpoint, index) => ({ id: index + 1, endpoint, isUp: true, isFrozen: false }))
  }

  get all(): readonly BrokerNode[] {
    return this.#nodes
  }

  get up(): readonly BrokerNode[] {
    return this.#nodes.filter((node) => node.isUp)
  }

  get ids(): readonly number[] {
    return this.#nodes.map(({ id }) => id)
  }

  /** Any node does; Kafka names one. */
  get controllerId(): number {
    return this.up[0]?.id ?? -1
  }

  get(id: number): BrokerNode | undefined {
    return this.#nodes.find((node) => node.id === id)
  }

  at({ host, port }: Endpoint): BrokerNode | undefined {
    return this.#nodes.find(({ endpoint }) => endpoint.host === host && endpoint.port === port)
  }

  coordinator(kind: CoordinatorKind, key: string): BrokerNode | undefined {
    const partition = coordinatorPartition(key)
    const moved = this.get(this.#coordinators.get(`${topicOf(kind)}-${partition}`) ?? -1)
    const preferred = moved ?? this.#nodes[partition % this.#nodes.length]
    return preferred?.isUp ? preferred : this.up[partition % Math.max(this.up.length, 1)]
  }

  /** Throws the refusal of a request that came to a node which does not coordinate `key`. */
  requireCoordinator(kind: CoordinatorKind, key: string, node: BrokerNode): void {
    if (this.coordinator(kind, key) !== node) throw new Refusal('NOT_COORDINATOR')
  }

  moveCoordinator(kind: CoordinatorKind, partition: number, nodeId: number): void {
    this.#coordinators.set(`${topicOf(kind)}-${partition}`, nodeId)
  }
}

function topicOf(kind: CoordinatorKind): string {
  return kind === 'group' ? offsetsTopic : transactionsTopic
}

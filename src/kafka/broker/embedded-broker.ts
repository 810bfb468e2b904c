/**
 * A Kafka cluster in this process: real request bytes in, real answer bytes out, everything in memory. For development,
 * tests and simulation, not for production. It does no I/O and reads no clock but the one it is given; on TCP it is
 * served by `tcp-listener.ts`.
 */
import { systemClock, type Clock } from '../../common/clock.ts'
import { systemRandom, type Random } from '../../common/random.ts'
import { BrokerError } from '../../errors/broker-error.ts'
import type { Endpoint, InProcessBroker } from '../transport/transport.ts'
import { defaultBrokerConfig, newClusterId, type BrokerConfig } from './broker-config.ts'
import { BrokerConnection } from './broker-connection.ts'
import { BrokerControls } from './broker-controls.ts'
import type { BrokerNode } from './broker-nodes.ts'
import { BrokerState } from './broker-state.ts'
import { NodeFreezer } from './node-freezer.ts'
import { Refusal } from './refusal.ts'
import { RequestRules } from './request-rules.ts'
import { checkedConfigs } from './topic-config.ts'

export interface EmbeddedBrokerOptions {
  /** How many nodes it simulates; default 1. */
  readonly nodes?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly config?: Partial<BrokerConfig>
}

export interface NewEmbeddedTopic {
  /** Default: the broker's. */
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly config?: Readonly<Record<string, string>>
}

const firstPort = 9092

export class EmbeddedBroker implements InProcessBroker {
  readonly controls: BrokerControls
  readonly config: BrokerConfig
  readonly #state: BrokerState
  readonly #rules = new RequestRules()
  readonly #freezer = new NodeFreezer()
  readonly #connections = new Set<BrokerConnection>()
  #isClosed = false

  constructor(options: EmbeddedBrokerOptions = {}) {
    const endpoints = Array.from({ length: options.nodes ?? 1 }, (_, index) => ({
      host: 'embedded-kafka',
      port: firstPort + index,
    }))
    const { clock = systemClock, random = systemRandom } = options
    const clusterId = options.config?.clusterId ?? newClusterId(random)
    this.config = { ...defaultBrokerConfig, ...options.config, clusterId }
    this.#state = new BrokerState(this.config, clock, random, endpoints)
    this.controls = new BrokerControls(this.#state, this.#rules, this.#freezer, this.#connections)
  }

  /** Of all nodes. On TCP these are the addresses they listen on; in process they are names. */
  get endpoints(): readonly Endpoint[] {
    return this.#state.nodes.all.map(({ endpoint }) => endpoint)
  }

  get nodeIds(): readonly number[] {
    return this.#state.nodes.ids
  }

  open(endpoint: Endpoint): BrokerConnection {
    const node = this.#state.nodes.at(endpoint)
    if (node === undefined) throw refused(endpoint, `no node of it has this address`)
    return this.#open(node, 'localhost')
  }

  /** The same by node id, for listeners. */
  openNode(nodeId: number, clientHost: string): BrokerConnection {
    return this.#open(this.#node(nodeId), clientHost)
  }

  /** Where clients are told to find the node. */
  setEndpoint(nodeId: number, endpoint: Endpoint): void {
    this.#node(nodeId).endpoint = endpoint
  }

  /** As CreateTopics; throws a `BrokerError` saying why it cannot be. */
  createTopic(name: string, options: NewEmbeddedTopic = {}): void {
    try {
      this.#state.topics.create({
        name,
        partitions: options.partitions ?? -1,
        replicationFactor: options.replicationFactor ?? -1,
        configs: checkedConfigs(Object.entries(options.config ?? {})),
      })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new BrokerError('MILLRACE_BROKER_CONTROL', `cannot create topic ${name}: ${error.message}`, {
        cause: error,
      })
    }
  }

  /** Ends all connections and forgets everything. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#rules.clear()
    for (const connection of [...this.#connections]) connection.close()
    this.#state.close()
  }

  #open(node: BrokerNode, clientHost: string): BrokerConnection {
    const { maxConnections } = this.config
    if (this.#isClosed) throw refused(node.endpoint, 'it was closed')
    if (!node.isUp) throw refused(node.endpoint, `node ${node.id} is stopped`)
    if (this.#connections.size >= maxConnections) {
      throw new BrokerError('MILLRACE_BROKER_LIMIT', `the embedded broker has its ${maxConnections} connections`)
    }
    const connection = new BrokerConnection({
      state: this.#state,
      node,
      rules: this.#rules,
      freezer: this.#freezer,
      clientHost: `/${clientHost}`,
      onClose: (closed) => void this.#connections.delete(closed),
    })
    this.#connections.add(connection)
    return connection
  }

  #node(nodeId: number): BrokerNode {
    const node = this.#state.nodes.get(nodeId)
    if (node === undefined) throw new BrokerError('MILLRACE_BROKER_CONTROL', `there is no node ${nodeId}`)
    return node
  }
}

function refused({ host, port }: Endpoint, why: string): BrokerError {
  const message = `connection to the embedded broker at ${host}:${port} refused: ${why}`
  return new BrokerError('MILLRACE_BROKER_CONNECTION_CLOSED', message)
}

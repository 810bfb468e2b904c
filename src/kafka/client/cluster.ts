import type { Clock } from '../../common/clock.ts'
import type { Logger } from '../../common/logger.ts'
import type { Random } from '../../common/random.ts'
import type { TopicPartition } from '../../common/topic-partition.ts'
import { KafkaError, TransportError } from '../../errors/kafka-error.ts'
import { reactionOf, StreamsError } from '../../errors/streams-error.ts'
import { apis } from '../protocol/apis.ts'
import type { Api } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { MetadataResponse } from '../protocol/messages/metadata.ts'
import { addressOf } from '../transport/connection-faults.ts'
import type { BrokerVersions, Endpoint, Transport } from '../transport/transport.ts'
import { retrying, throwIfClosed } from './backoff.ts'
import type { BackoffRange, RetryContext } from './backoff.ts'
import { Connections } from './connections.ts'
import type { MessageFor, SendOptions } from './connections.ts'
import { kafkaCodeOf, kafkaFault, throwOnError } from './kafka-faults.ts'
import { Metadata } from './metadata.ts'
import type { Leader } from './metadata.ts'

export interface ClusterOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly requestTimeoutMs: number
}

export type CoordinatorKind = 'group' | 'transaction'

/** Short requests go here; what may wait, or must not wait behind others, has a lane of its own. */
export const mainLane = 'main'

const lostCoordinator: readonly number[] = [errorCodes.NOT_COORDINATOR, errorCodes.COORDINATOR_NOT_AVAILABLE]

/**
 * Which broker to ask: metadata, leaders, coordinators, and requests to them. A broken connection, or an answer that
 * says that somebody else is responsible, makes what is known stale; the next attempt learns it anew. Brokers that were
 * killed stay named in others' metadata for some ten seconds: attempts go on until their time is up.
 */
export class Cluster implements RetryContext {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly requestTimeoutMs: number
  readonly metadata: Metadata = new Metadata()
  readonly #transport: Transport
  readonly #connections: Connections
  readonly #closing = new AbortController()
  readonly #coordinators = new Map<string, number>()
  /** Topics whose leaders somebody asked for: refreshed together. */
  readonly #topics = new Set<string>()
  #refreshing: { readonly topics: number; readonly done: Promise<void> } | undefined
  readonly #listeners = new Set<() => void>()
  #isStale = false

  constructor(options: ClusterOptions) {
    this.clock = options.clock
    this.random = options.random
    this.logger = options.logger
    this.requestTimeoutMs = options.requestTimeoutMs
    this.#transport = options.transport
    this.#connections = new Connections(options.transport, () => {
      this.#isStale = true
    })
  }

  get closing(): AbortSignal {
    return this.#closing.signal
  }

  async connect(timeoutMs: number): Promise<void> {
    try {
      await retrying(this, { what: 'Connecting to the Kafka cluster', timeoutMs }, () => this.refresh())
    } catch (error) {
      throw neverReached(error) ?? error
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#connections.close()
    await this.#transport.close()
  }

  // --- one attempt --------------------------------------------------------------------------------------------------

  async send<Request, Response>(
    nodeId: number,
    lane: string,
    api: Api<Request, Response>,
    message: MessageFor<Request>,
    options: Partial<SendOptions> = {},
  ): Promise<Response> {
    throwIfClosed(this.closing)
    const endpoint = this.#endpoint(nodeId)
    return this.#connections.send(endpoint, lane, api, message, { timeoutMs: this.requestTimeoutMs, ...options })
  }

  /** To the broker that answers first, known ones in random order, then the bootstrap list. */
  async sendToAny<Request, Response>(
    api: Api<Request, Response>,
    message: MessageFor<Request>,
    options: Partial<SendOptions> = {},
  ): Promise<Response> {
    const faults: unknown[] = []
    const tried: string[] = []
    for (const endpoint of this.#anyEndpoints()) {
      throwIfClosed(this.closing)
      try {
        const timeoutMs = this.requestTimeoutMs
        return await this.#connections.send(endpoint, mainLane, api, message, { timeoutMs, ...options })
      } catch (error) {
        throwIfClosed(this.closing)
        faults.push(error)
        tried.push(`${addressOf(endpoint)}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    const isRetriable = faults.some((fault) => reactionOf(fault) === 'retriable')
    const [first] = faults
    // What all of them say alike is the answer: no Kafka there, a wrong password, no TLS.
    const isOne = first instanceof TransportError && faults.every((fault) => codeOf(fault) === first.code)
    if (isOne && !isRetriable) throw first
    throw new KafkaError(
      'MILLRACE_KAFKA_UNREACHABLE',
      `No broker answered ${api.name}. Tried:\n  ${tried.join('\n  ')}\n` +
        'Check that Kafka runs, that the addresses are right, and that its advertised.listeners are reachable from here.',
      { reaction: isRetriable ? 'retriable' : 'fatal' },
    )
  }

  async versionsOf(nodeId: number, lane: string): Promise<BrokerVersions> {
    return this.#connections.versions(this.#endpoint(nodeId), lane)
  }

  /** A leader that is not among the brokers: only newer metadata can tell which of the two has changed. */
  #endpoint(nodeId: number): Endpoint {
    const endpoint = this.metadata.endpoint(nodeId)
    if (endpoint !== undefined) return endpoint
    this.#isStale = true
    throw noBroker(nodeId)
  }

  /** Ends what is under way on that lane, as when a parked request is no longer wanted. */
  drop(nodeId: number, lane: string): void {
    const endpoint = this.metadata.endpoint(nodeId)
    if (endpoint !== undefined) this.#connections.drop(endpoint, lane)
  }

  // --- metadata -----------------------------------------------------------------------------------------------------

  /** The leader, after a refresh when it is not known or may be stale; throws a retriable error when there is none. */
  async leader(partition: TopicPartition): Promise<Leader> {
    await this.track([partition.topic])
    const leader = this.metadata.leader(partition)
    if (leader !== undefined) return leader
    this.#isStale = true
    const { topic } = partition
    const count = this.metadata.partitionCount(topic)
    const what = `Finding the leader of ${topic}-${partition.partition}`
    throw count === undefined || partition.partition >= count
      ? kafkaFault(errorCodes.UNKNOWN_TOPIC_OR_PARTITION, { what, ...partition })
      : kafkaFault(errorCodes.LEADER_NOT_AVAILABLE, { what, ...partition })
  }

  /** Makes the leaders of these topics known, and fresh when something was found to be stale. */
  async track(topics: Iterable<string>): Promise<void> {
    let isNew = false
    for (const topic of topics) {
      if (this.#topics.has(topic)) continue
      this.#topics.add(topic)
      isNew = true
    }
    if (isNew || this.#isStale) await this.refresh()
  }

  /** The next one who asks for a leader gets fresh metadata. */
  markStale(): void {
    this.#isStale = true
  }

  /** Asks any broker about all tracked topics; callers at the same time share one request. */
  async refresh(): Promise<void> {
    const running = this.#refreshing
    if (running !== undefined) {
      await running.done.catch(() => undefined)
      if (running.topics === this.#topics.size && !this.#isStale) return
      if (this.#refreshing !== undefined && this.#refreshing !== running) return this.#refreshing.done
    }
    const refreshing = { topics: this.#topics.size, done: this.#refreshNow() }
    this.#refreshing = refreshing
    try {
      await refreshing.done
    } finally {
      if (this.#refreshing === refreshing) this.#refreshing = undefined
    }
  }

  async #refreshNow(): Promise<void> {
    this.#isStale = false
    try {
      await this.requestMetadata([...this.#topics], false)
    } catch (error) {
      this.#isStale = true
      throw error
    }
  }

  /** `null`: every topic. */
  async requestMetadata(topics: readonly string[] | null, autoCreate: boolean): Promise<MetadataResponse> {
    const response = await this.sendToAny(apis.Metadata, {
      topics: topics === null ? null : topics.map((name) => ({ name })),
      allowAutoTopicCreation: autoCreate,
    })
    throwOnError(response.errorCode, { what: 'Asking for metadata' })
    this.metadata.update(response)
    for (const listener of this.#listeners) listener()
    return response
  }

  /** Called after every answer, whoever asked; returns how to end it. */
  onMetadata(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  // --- coordinators -------------------------------------------------------------------------------------------------

  /**
   * `attempt` with the coordinator's node, repeated while it throws retriable errors; another coordinator is looked up
   * when it says it is not the one, or cannot be reached.
   */
  withCoordinator<T>(
    kind: CoordinatorKind,
    key: string,
    options: { readonly what: string; readonly timeoutMs: number; readonly backoff?: BackoffRange },
    attempt: (nodeId: number) => Promise<T>,
  ): Promise<T> {
    return retrying(this, options, async () => {
      const nodeId = await this.coordinator(kind, key)
      try {
        return await attempt(nodeId)
      } catch (error) {
        this.noteCoordinatorFault(kind, key, error)
        throw error
      }
    })
  }

  async coordinator(kind: CoordinatorKind, key: string): Promise<number> {
    const known = this.#coordinators.get(`${kind} ${key}`)
    if (known !== undefined) return known
    const keyType = kind === 'group' ? 0 : 1
    const answer = await this.sendToAny(apis.FindCoordinator, (version) =>
      version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key },
    )
    const found = answer.coordinators[0] ?? answer
    throwOnError(found.errorCode, {
      what: `Finding the coordinator of the ${kind === 'group' ? 'group' : 'transactional id'} ${key}`,
      message: found.errorMessage,
      ...(kind === 'group' ? { groupId: key } : { transactionalId: key }),
      needs: { group: 'Describe', transactionalId: 'Describe' },
    })
    this.metadata.addNode(found.nodeId, { host: found.host, port: found.port })
    this.#coordinators.set(`${kind} ${key}`, found.nodeId)
    return found.nodeId
  }

  /** Forgets the coordinator when `error` says that it may be another one. */
  noteCoordinatorFault(kind: CoordinatorKind, key: string, error: unknown): void {
    const code = kafkaCodeOf(error)
    if (code === undefined || lostCoordinator.includes(code)) this.#coordinators.delete(`${kind} ${key}`)
  }

  #anyEndpoints(): Endpoint[] {
    const known = [...this.metadata.nodes.values()]
    for (let index = known.length - 1; index > 0; index--) {
      const other = Math.floor(this.random.next() * (index + 1))
      const [one, two] = [known[index], known[other]]
      if (one !== undefined && two !== undefined) [known[index], known[other]] = [two, one]
    }
    const names = new Set(known.map(addressOf))
    return [...known, ...this.#transport.bootstrap.filter((endpoint) => !names.has(addressOf(endpoint)))]
  }
}

function noBroker(nodeId: number): KafkaError {
  return new KafkaError('MILLRACE_KAFKA_UNREACHABLE', `Broker ${nodeId} is not in the metadata at the moment.`, {
    reaction: 'retriable',
  })
}

/** Where connecting ends and nobody has answered: no leader or coordinator to wait for, but an address that is wrong. */
function neverReached(error: unknown): KafkaError | undefined {
  const last = error instanceof KafkaError && error.code === 'MILLRACE_KAFKA_RETRIES_EXHAUSTED' ? error : undefined
  if (last === undefined || codeOf(last.cause) !== 'MILLRACE_KAFKA_UNREACHABLE') return undefined
  return new KafkaError('MILLRACE_KAFKA_UNREACHABLE', last.message, { cause: last.cause })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof StreamsError ? error.code : undefined
}

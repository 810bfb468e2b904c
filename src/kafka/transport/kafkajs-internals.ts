/**
 * The few members of kafkajs 2.2.4 that are used, and the check that they are there. kafkajs is pinned to the exact
 * version and frozen since 2023; its Cluster comes through the public partition-assigner hook, without a deep import.
 */
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { ISocketFactory, KafkaConfig, SASLOptions } from 'kafkajs'

/** A request in kafkajs' queue, which matches answers to requests and holds requests back while a broker throttles. */
export interface KafkajsRequest {
  readonly entry: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    readonly correlationId: number
    resolve(answer: { readonly payload: Buffer }): void
    reject(error: unknown): void
  }
  readonly expectResponse: boolean
  readonly requestTimeout: null
  /** Writes it to the socket. */
  sendRequest(): void
}

export interface KafkajsConnection {
  readonly socket: Socket | undefined
  readonly requestQueue: EventEmitter & {
    readonly pending: readonly unknown[]
    scheduleCheckPendingRequests(): void
    push(request: KafkajsRequest): void
  }
  /** What arrived and is not a whole answer yet. */
  chunks: Buffer[]
  readonly bytesBuffered: number
  processData(bytes: Buffer): void
  nextCorrelationId(): number
  isAuthenticated(): boolean
  isConnected(): boolean
  connect(): Promise<unknown>
  disconnect(): Promise<unknown>
  setVersions(versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>>): void
  setSupportAuthenticationProtocol(supported: boolean): void
  authenticate(): Promise<void>
  rejectRequests(error: Error): void
}

/** Makes a connection that is not yet open. */
export type ConnectionFactory = (host: string, port: number) => Promise<KafkajsConnection>

interface KafkajsCluster {
  readonly connectionPoolBuilder: {
    build(destination: { host: string; port: number }): Promise<{ readonly pool: readonly KafkajsConnection[] }>
  }
}

export interface KafkajsOptions {
  readonly clientId: string
  readonly ssl: KafkaConfig['ssl'] | undefined
  readonly sasl: SASLOptions | undefined
  readonly connectTimeoutMs: number
  readonly socketFactory: ISocketFactory
}

export function connectionFactory(options: KafkajsOptions): ConnectionFactory {
  let cluster: Promise<KafkajsCluster> | undefined
  return async (host, port) => {
    cluster ??= clusterOf(options)
    const { connectionPoolBuilder } = await cluster
    const { pool } = await connectionPoolBuilder.build({ host, port })
    // A pool has two, one of them for Fetch; a lane is one.
    return checked(pool[0])
  }
}

async function clusterOf(options: KafkajsOptions): Promise<KafkajsCluster> {
  // Its 143 files are a quarter of what `millrace describe` and a test with the driver would load, and never use.
  const { Kafka, logLevel } = await import('kafkajs')
  const kafka = new Kafka({
    // Never used to connect: every connection is built for its own address.
    brokers: ['unused:0'],
    clientId: options.clientId,
    connectionTimeout: options.connectTimeoutMs,
    // Requests are timed by the transport, which also closes the connection then; kafkajs would keep it.
    enforceRequestTimeout: false,
    logLevel: logLevel.NOTHING,
    socketFactory: options.socketFactory,
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
  })
  let cluster: unknown
  kafka.consumer({
    groupId: 'unused',
    partitionAssigners: [
      (context) => {
        cluster = context.cluster
        return { name: 'unused', version: 0, assign: async () => [], protocol: () => ({ name: '', metadata: nothing }) }
      },
    ],
  })
  if (typeof (cluster as KafkajsCluster | undefined)?.connectionPoolBuilder?.build !== 'function') throw unexpected()
  return cluster as KafkajsCluster
}

const nothing = Buffer.alloc(0)

const methods = [
  'isConnected',
  'connect',
  'disconnect',
  'setVersions',
  'setSupportAuthenticationProtocol',
  'authenticate',
  'rejectRequests',
  'isAuthenticated',
  'nextCorrelationId',
  'processData',
] as const

function checked(connection: KafkajsConnection | undefined): KafkajsConnection {
  if (connection === undefined || methods.some((name) => typeof connection[name] !== 'function')) throw unexpected()
  const { requestQueue } = connection
  if (typeof requestQueue?.scheduleCheckPendingRequests !== 'function') throw unexpected()
  if (typeof requestQueue.push !== 'function') throw unexpected()
  if (!Array.isArray(connection.chunks) || connection.bytesBuffered !== 0) throw unexpected()
  stopIdleTimer(connection.requestQueue)
  dropEmptyRest(connection)
  return connection
}

/** kafkajs checks its queue of held-back requests every millisecond for ever, even when it is empty (its #1751). */
function stopIdleTimer(queue: KafkajsConnection['requestQueue']): void {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue)
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule()
  }
}

/** kafkajs joins each answer with the rest of what came before, even where that is empty, and so copies it. */
function dropEmptyRest(connection: KafkajsConnection): void {
  const process = connection.processData.bind(connection)
  connection.processData = (bytes) => {
    if (connection.bytesBuffered === 0) connection.chunks = []
    process(bytes)
  }
}

function unexpected(): Error {
  return new Error('kafkajs is not the version this transport was written for (2.2.4 exactly); reinstall dependencies')
}

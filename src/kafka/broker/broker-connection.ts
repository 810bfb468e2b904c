/**
 * One client's connection to one node. Like a broker's socket it answers one request at a time and in order, so a parked
 * Fetch holds up what comes behind it. It turns frames into messages and back, and never knows what they mean.
 */
import { deferred } from '../../common/deferred.ts'
import { BrokerError } from '../../errors/broker-error.ts'
import { apis, decodeRequest, encodeResponse } from '../protocol/apis.ts'
import type { Apis } from '../protocol/apis.ts'
import { decodeRequestHeader, encodeResponseHeader, type DecodedRequest } from '../protocol/header.ts'
import type { InProcessSocket } from '../transport/transport.ts'
import type { BrokerNode } from './broker-nodes.ts'
import type { BrokerState } from './broker-state.ts'
import { handlersByKey, handlerTable } from './handler-table.ts'
import { unsupportedApiVersions } from './handlers/api-versions.ts'
import type { NodeFreezer } from './node-freezer.ts'
import type { HandlerEntry, RequestContext } from './request-context.ts'
import type { ObservedRequest, RequestRules, RuleAction } from './request-rules.ts'

export interface ConnectionOptions {
  readonly state: BrokerState
  readonly node: BrokerNode
  readonly rules: RequestRules
  readonly freezer: NodeFreezer
  readonly clientHost: string
  readonly onClose: (connection: BrokerConnection) => void
}

/** Instead of an answer, where there is none (Produce with acks 0). */
const noAnswer = Buffer.alloc(0)

export class BrokerConnection implements InProcessSocket {
  readonly node: BrokerNode
  readonly #options: ConnectionOptions
  readonly #closed = deferred()
  /** Of the request being executed. */
  readonly #onClose = new Set<() => void>()
  #isClosed = false
  #queued = 0
  #last: Promise<unknown> = Promise.resolve()
  #clientId = ''

  constructor(options: ConnectionOptions) {
    this.node = options.node
    this.#options = options
  }

  /** Of its last request. */
  get clientId(): string {
    return this.#clientId
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Resolves with the answer's frame, an empty one where the request has no answer; rejects when the connection ends. */
  handle(frame: Buffer): Promise<Buffer> {
    const { maxQueuedRequests, maxFrameBytes } = this.#options.state.config
    if (this.#isClosed) return Promise.reject(this.#closedError())
    if (frame.length > maxFrameBytes || this.#queued >= maxQueuedRequests) {
      this.close()
      const found = `${this.#queued} requests are queued, the newest has ${frame.length} bytes`
      const bounds = `bounds are ${maxQueuedRequests} requests and ${maxFrameBytes} bytes`
      return Promise.reject(new BrokerError('MILLRACE_BROKER_LIMIT', `connection closed: ${found}; ${bounds}`))
    }
    this.#queued += 1
    const answer = this.#queued === 1 ? this.#answer(frame) : this.#last.then(() => this.#answer(frame))
    this.#last = answer.then(
      () => void (this.#queued -= 1),
      () => void (this.#queued -= 1),
    )
    return answer
  }

  /** Calls back when the connection has ended, whoever ended it. */
  onClosed(callback: () => void): void {
    void this.#closed.promise.then(callback)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#closed.resolve()
    for (const callback of this.#onClose) callback()
    this.#onClose.clear()
    this.#options.onClose(this)
  }

  async #answer(frame: Buffer): Promise<Buffer> {
    try {
      this.#throwIfClosed()
      return await this.#execute(frame)
    } catch (error) {
      // A request that cannot be read, or a fault of this broker: a real one closes the connection, too.
      if (!this.#isClosed) {
        this.#options.state.config.logger.error({ err: error, nodeId: this.node.id }, 'broker: connection closed')
        this.close()
      }
      throw error
    }
  }

  async #execute(frame: Buffer): Promise<Buffer> {
    const { rules, freezer, state } = this.#options
    const decoded = decodeRequestHeader(frame)
    const { api, header } = decoded
    const version = header.requestApiVersion
    this.#clientId = header.clientId ?? ''
    const entry = handlersByKey.get(api.key)
    if (entry === undefined || version < entry.minVersion || version > entry.maxVersion) {
      return this.#unsupported(decoded)
    }
    const body = decodeRequest(api, version, decoded.body)
    const observed = { api: api.name as keyof Apis, version, nodeId: this.node.id, clientId: this.#clientId, body }
    const action = rules.isIdle ? undefined : rules.take(observed, 'request')
    if (action !== undefined) await this.#apply(action)
    if (this.node.isFrozen) await this.#unlessClosed(freezer.thawed(this.node))
    const context = this.#context(version, state)
    let response = await this.#run(entry, body, context)
    if (action?.kind === 'duplicate') response = await this.#run(entry, body, context)
    response = await this.#afterwards(observed, response)
    this.#throwIfClosed()
    if (response === undefined) return noAnswer
    const headerBytes = encodeResponseHeader(api.responseHeaderVersion(version), {
      correlationId: header.correlationId,
    })
    return Buffer.concat([headerBytes, encodeResponse(api, version, response)])
  }

  async #run(entry: HandlerEntry, body: unknown, context: RequestContext): Promise<object | undefined> {
    const response = await entry.handle(body, context)
    this.#onClose.clear()
    return response as object | undefined
  }

  async #afterwards(observed: ObservedRequest, response: object | undefined): Promise<object | undefined> {
    const { rules, freezer } = this.#options
    if (this.node.isFrozen) await this.#unlessClosed(freezer.thawed(this.node))
    const action = rules.isIdle ? undefined : rules.take(observed, 'answer')
    if (action === undefined) return response
    await this.#apply(action)
    return action.kind === 'alter' ? (action.alter(response) as object) : response
  }

  async #apply(action: RuleAction): Promise<void> {
    const { clock } = this.#options.state
    switch (action.kind) {
      case 'hold':
        return this.#unlessClosed(action.gate.promise)
      case 'delay':
        return this.#unlessClosed(new Promise((resolve) => clock.setTimer(action.delayMs, resolve)))
      case 'drop':
        // Nothing more is answered: answers come in order.
        return this.#unlessClosed(new Promise(() => undefined))
      case 'disconnect':
        this.close()
        throw this.#closedError()
      case 'duplicate':
      case 'alter':
        return
    }
  }

  #context(version: number, state: BrokerState): RequestContext {
    return {
      state,
      node: this.node,
      version,
      clientId: this.#clientId,
      clientHost: this.#options.clientHost,
      onClose: (callback) => void this.#onClose.add(callback),
    }
  }

  #unsupported({ api, header }: DecodedRequest): Buffer {
    const version = header.requestApiVersion
    if (api.key !== apis.ApiVersions.key) {
      throw new BrokerError(
        'MILLRACE_BROKER_CONNECTION_CLOSED',
        `connection closed: a client sent ${api.name} version ${version}, which this broker does not offer`,
      )
    }
    const answer = encodeResponse(apis.ApiVersions, 0, unsupportedApiVersions(handlerTable))
    return Buffer.concat([encodeResponseHeader(0, { correlationId: header.correlationId }), answer])
  }

  async #unlessClosed(promise: Promise<void>): Promise<void> {
    await Promise.race([promise, this.#closed.promise])
    this.#throwIfClosed()
  }

  #throwIfClosed(): void {
    if (this.#isClosed) throw this.#closedError()
  }

  #closedError(): BrokerError {
    const { host, port } = this.node.endpoint
    return new BrokerError('MILLRACE_BROKER_CONNECTION_CLOSED', `the connection to ${host}:${port} was closed`)
  }
}

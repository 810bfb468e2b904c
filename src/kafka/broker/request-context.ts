/** What a request handler is given besides the request, and the shape of a handler. */
import type { Api } from '../protocol/apis.ts'
import type { MessageInput } from '../protocol/message-spec.ts'
import type { BrokerNode } from './broker-nodes.ts'
import type { BrokerState } from './broker-state.ts'

export interface RequestContext {
  readonly state: BrokerState
  /** The node whose address the request came to. */
  readonly node: BrokerNode
  readonly version: number
  readonly clientId: string
  readonly clientHost: string
  /** Calls back when the connection ends before the answer. */
  onClose(callback: () => void): void
}

/** Undefined: no answer is sent (Produce with acks 0). */
export type Handler<Request, Response> = (
  request: Request,
  context: RequestContext,
) => MessageInput<Response> | undefined | Promise<MessageInput<Response> | undefined>

export interface HandlerEntry {
  readonly api: Api<unknown, unknown>
  readonly minVersion: number
  readonly maxVersion: number
  readonly handle: Handler<unknown, unknown>
}

/** Versions: by default all that can be decoded, which are those of Apache Kafka 4.3.1. */
export function on<Request, Response>(
  api: Api<Request, Response>,
  handle: Handler<Request, Response>,
  versions: { readonly min?: number; readonly max?: number } = {},
): HandlerEntry {
  return {
    api,
    minVersion: versions.min ?? api.minVersion,
    maxVersion: versions.max ?? api.maxVersion,
    handle: handle as Handler<unknown, unknown>,
  }
}

/**
 * The test controls for single requests: rules that hold, drop, delay, repeat or alter a request or its answer. Each
 * applies to the next requests it matches, once unless told otherwise; the first rule that matches counts.
 */
import { deferred, type Deferred } from '../../common/deferred.ts'
import type { Apis } from '../protocol/apis.ts'

export interface ObservedRequest {
  readonly api: keyof Apis
  readonly version: number
  readonly nodeId: number
  readonly clientId: string
  /** The decoded message. */
  readonly body: unknown
}

export interface RequestMatch {
  readonly api?: keyof Apis
  readonly nodeId?: number
  readonly clientId?: string
  readonly where?: (request: ObservedRequest) => boolean
  /** How many requests it applies to; default 1. */
  readonly times?: number
}

/** Before the request is executed, or after it before the answer goes out. */
export type RequestPhase = 'request' | 'answer'

export type RuleAction =
  | { readonly kind: 'hold'; readonly gate: Deferred<void>; readonly arrived: Deferred<ObservedRequest> }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'drop' | 'disconnect' | 'duplicate' }
  | { readonly kind: 'alter'; readonly alter: (answer: unknown) => unknown }

export interface Rule {
  /** How many requests it was applied to. */
  readonly hits: number
  remove(): void
}

interface OpenRule {
  readonly phase: RequestPhase
  readonly match: RequestMatch
  readonly action: RuleAction
  hits: number
}

export class RequestRules {
  readonly #rules = new Set<OpenRule>()
  readonly #observers = new Set<(request: ObservedRequest) => void>()

  add(phase: RequestPhase, match: RequestMatch, action: RuleAction): Rule {
    const rule: OpenRule = { phase, match, action, hits: 0 }
    this.#rules.add(rule)
    return {
      get hits() {
        return rule.hits
      },
      remove: () => void this.#rules.delete(rule),
    }
  }

  observe(observer: (request: ObservedRequest) => void): () => void {
    this.#observers.add(observer)
    return () => void this.#observers.delete(observer)
  }

  /** Without observers and rules a request needs none of this. */
  get isIdle(): boolean {
    return this.#rules.size === 0 && this.#observers.size === 0
  }

  take(request: ObservedRequest, phase: RequestPhase): RuleAction | undefined {
    if (phase === 'request') for (const observer of this.#observers) observer(request)
    for (const rule of this.#rules) {
      if (rule.phase !== phase || !matches(rule.match, request)) continue
      rule.hits += 1
      if (rule.hits >= (rule.match.times ?? 1)) this.#rules.delete(rule)
      if (rule.action.kind === 'hold') rule.action.arrived.resolve(request)
      return rule.action
    }
    return undefined
  }

  /** Lets go whatever is held and forgets all rules. */
  clear(): void {
    for (const { action } of this.#rules) if (action.kind === 'hold') action.gate.resolve()
    this.#rules.clear()
  }
}

export function holdAction(): Extract<RuleAction, { kind: 'hold' }> {
  return { kind: 'hold', gate: deferred(), arrived: deferred<ObservedRequest>() }
}

function matches({ api, nodeId, clientId, where }: RequestMatch, request: ObservedRequest): boolean {
  if (api !== undefined && api !== request.api) return false
  if (nodeId !== undefined && nodeId !== request.nodeId) return false
  if (clientId !== undefined && clientId !== request.clientId) return false
  return where === undefined || where(request)
}

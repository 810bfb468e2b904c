/**
 * What can go wrong, and when. A run's faults are a list that is drawn before it begins: each says at which crossing it
 * happens (the fifth EndTxn that anybody sends, the 130th time that anybody waits for anything). So one list gives one
 * run, and a list that fails can be made shorter by trying.
 *
 * A crossing is where a process meets the outside: a request before it is sent, an answer, a timer or a turn of the
 * event loop before the process goes on, an operation of its disk. Nothing that a process does between two crossings
 * can be seen from outside, so a crash at every crossing is a crash at every await.
 */
import type { Apis } from '../../src/kafka/protocol/apis.ts'

export type RequestFault =
  /** It never arrives, and its connection is silent from then on. */
  | { readonly kind: 'lost-request' }
  /** It is executed, and its connection is silent from then on. */
  | { readonly kind: 'lost-answer' }
  /** The connection ends before it is executed. */
  | { readonly kind: 'cut-before' }
  /** The connection ends after it was executed. */
  | { readonly kind: 'cut-after' }
  /** The connection ends at once for the client; the request is executed that much later. */
  | { readonly kind: 'orphan'; readonly delayMs: number }
  | { readonly kind: 'late-request'; readonly delayMs: number }
  | { readonly kind: 'late-answer'; readonly delayMs: number }
  /** Executed twice; the second answer counts. */
  | { readonly kind: 'duplicate' }

/** What is left on the disk: all, all but what was not synced, nothing. */
export type DiskFate = 'kept' | 'power-cut' | 'empty'

export type ProcessFault =
  /** kill -9, and a new start on the same machine; one that never comes back is replaced when the faults are over. */
  | { readonly kind: 'crash'; readonly restartMs: number; readonly disk: DiskFate }
  /** SIGSTOP, and SIGCONT after that time: beyond the session time-out it is a zombie then. */
  | { readonly kind: 'freeze'; readonly forMs: number }
  /** Nothing gets through between it and that node, or through all of them (0); what was sent comes later. */
  | { readonly kind: 'partition'; readonly node: number; readonly forMs: number }
  /** SIGTERM, and a new start. */
  | { readonly kind: 'close'; readonly restartMs: number }
  /** Nothing more fits on its machine's disk for that time. */
  | { readonly kind: 'disk-full'; readonly forMs: number }
  /** Its member id is no longer known to the group, though it lives. */
  | { readonly kind: 'expire' }

export type ClusterFault =
  | { readonly kind: 'move-leaders' }
  | { readonly kind: 'move-coordinators' }
  /** Markers of transactions reach that partition so much later; `partition` counts all partitions of the cluster. */
  | { readonly kind: 'hold-markers'; readonly partition: number; readonly forMs: number }
  | { readonly kind: 'hold-offset-markers'; readonly forMs: number }
  | { readonly kind: 'stop-node'; readonly node: number; readonly forMs: number }
  | { readonly kind: 'freeze-node'; readonly node: number; readonly forMs: number }
  /** The cluster goes over to another transaction protocol. */
  | { readonly kind: 'finalize'; readonly transactionVersion: 0 | 2 }
  /** One more instance. */
  | { readonly kind: 'start-another' }

export type Fault = RequestFault | ProcessFault | ClusterFault

export type CrossingKind = 'request' | 'answer' | 'timer' | 'yield' | 'disk'

/** `any` counts all crossings; an API's name counts its requests. */
export type CrossingName = 'any' | CrossingKind | keyof Apis

export interface PlannedFault {
  readonly at: CrossingName
  /** The first is 0. */
  readonly nth: number
  readonly fault: Fault
}

const requestKinds: ReadonlySet<string> = new Set([
  'lost-request',
  'lost-answer',
  'cut-before',
  'cut-after',
  'orphan',
  'late-request',
  'late-answer',
  'duplicate',
] satisfies RequestFault['kind'][])

export function isRequestFault(fault: Fault): fault is RequestFault {
  return requestKinds.has(fault.kind)
}

/** Until it has passed, or what it put off has happened. */
export function lastsMs(fault: Fault): number {
  const { forMs, delayMs, restartMs } = { forMs: 0, delayMs: 0, restartMs: 0, ...fault }
  return Math.max(forMs, delayMs, restartMs)
}

export function describeFault({ at, nth, fault }: PlannedFault): string {
  const facts = Object.entries(fault).flatMap(([name, value]) => (name === 'kind' ? [] : [`${name} ${String(value)}`]))
  return `${fault.kind}${facts.length > 0 ? ` (${facts.join(', ')})` : ''} at ${at} ${nth}`
}

/** Counts crossings and says what is to happen at them. */
export class FaultPlan {
  readonly #planned = new Map<string, Map<number, Fault[]>>()
  readonly #counts = new Map<string, number>()
  #isOver = false
  #left: number

  constructor(faults: readonly PlannedFault[]) {
    this.#left = faults.length
    for (const { at, nth, fault } of faults) {
      const byNumber = this.#planned.get(at) ?? new Map<number, Fault[]>()
      this.#planned.set(at, byNumber)
      byNumber.set(nth, [...(byNumber.get(nth) ?? []), fault])
    }
  }

  /** How many of each there were. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** Nothing will happen any more. */
  get isDone(): boolean {
    return this.#isOver || this.#left === 0
  }

  end(): void {
    this.#isOver = true
  }

  cross(kind: CrossingKind, api?: string): readonly Fault[] {
    const found = this.#count(kind, this.#count('any', []))
    return api === undefined ? found : this.#count(api, found)
  }

  #count(name: string, found: readonly Fault[]): readonly Fault[] {
    const count = this.#counts.get(name) ?? 0
    this.#counts.set(name, count + 1)
    const here = this.#isOver ? undefined : this.#planned.get(name)?.get(count)
    if (here === undefined) return found
    this.#left -= here.length
    return [...found, ...here]
  }
}

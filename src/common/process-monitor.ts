/**
 * What Node tells of its process: how late the event loop is, pauses of the garbage collector, memory, CPU. One per
 * process, running while anybody holds it: the sampling of the event loop wakes an idle process up. Never part of a
 * simulation, because it looks at the machine's own clock.
 */
import {
  constants,
  monitorEventLoopDelay,
  performance,
  PerformanceObserver,
  type EventLoopUtilization,
} from 'node:perf_hooks'
import { systemClock } from './clock.ts'
import { Histogram } from './histogram.ts'

export interface LoopDelay {
  /** Milliseconds by which timers came too late, in this window of 30 seconds and the one before. */
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export type GcKind = 'minor' | 'major' | 'incremental' | 'weakcb'

/** How often the delay is looked at; so long a timer takes anyway. */
const resolutionMs = 20
const windowMs = 30_000
const gcBounds: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]

const gcKinds: Readonly<Record<number, GcKind>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}

export class ProcessMonitor {
  readonly gc: ReadonlyMap<GcKind, Histogram> = new Map(
    Object.values(gcKinds).map((kind) => [kind, new Histogram(gcBounds)]),
  )
  /** Since the epoch. */
  readonly startedAtSeconds: number = performance.timeOrigin / 1000
  readonly #delays: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({ resolution: resolutionMs })
  readonly #observer: PerformanceObserver
  #before: LoopDelay | undefined
  #windowBeganMs: number = systemClock.now()
  #utilization: EventLoopUtilization = performance.eventLoopUtilization()
  #lastUtilization = 0
  #holders = 0

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { duration, detail } = entry as { duration: number; detail?: { kind?: number } }
        const kind = gcKinds[detail?.kind ?? -1]
        if (kind !== undefined) this.gc.get(kind)?.observe(duration / 1000)
      }
    })
  }

  /** It runs from the first holder to the last. */
  hold(): Disposable {
    if (this.#holders++ === 0) {
      this.#delays.enable()
      this.#observer.observe({ entryTypes: ['gc'] })
    }
    let isHeld = true
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return
        isHeld = false
        if (--this.#holders > 0) return
        this.#delays.disable()
        this.#observer.disconnect()
      },
    }
  }

  get loopDelay(): LoopDelay {
    const nowMs = systemClock.now()
    const current = this.#current()
    const before = this.#before
    if (nowMs - this.#windowBeganMs >= windowMs || nowMs < this.#windowBeganMs) {
      this.#windowBeganMs = nowMs
      this.#before = current
      this.#delays.reset()
    }
    if (before === undefined) return current
    return {
      meanMs: Math.max(before.meanMs, current.meanMs),
      p50Ms: Math.max(before.p50Ms, current.p50Ms),
      p99Ms: Math.max(before.p99Ms, current.p99Ms),
      maxMs: Math.max(before.maxMs, current.maxMs),
    }
  }

  /** Share of the time since the last reading in which the event loop was busy; that of a moment ago is told again. */
  get loopUtilization(): number {
    const now = performance.eventLoopUtilization()
    const since = performance.eventLoopUtilization(now, this.#utilization)
    if (since.active + since.idle < 100) return this.#lastUtilization
    this.#utilization = now
    this.#lastUtilization = since.utilization
    return since.utilization
  }

  #current(): LoopDelay {
    const delays = this.#delays
    if (delays.count === 0) return { meanMs: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 }
    return {
      meanMs: lateMs(delays.mean),
      p50Ms: lateMs(delays.percentile(50)),
      p99Ms: lateMs(delays.percentile(99)),
      maxMs: lateMs(delays.max),
    }
  }
}

/** The one of this process. */
export const processMonitor: ProcessMonitor = new ProcessMonitor()

/** What is measured is from one look to the next. */
function lateMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - resolutionMs)
}

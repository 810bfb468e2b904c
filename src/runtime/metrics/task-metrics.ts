/**
 * The figures of one task, and where they are shown. Per record the task only notes what {@link RecordStats} does; this is
 * called once per slice, and asked by who reads the registry. What it counts outlives the processors: a rollback makes
 * those anew, and counters must not fall.
 */
import type { Histogram } from '../../common/histogram.ts'
import type { Counter, MetricDefinition, MetricsRegistry, Tags } from '../../common/metrics.ts'
import type { SampledStat } from '../../common/sampled-stat.ts'
import type { StoreKind } from '../../processor/store-builder.ts'
import type { StoreFigures } from '../../state/task-stores.ts'
import { nodeMetrics, storeMetrics, taskMetrics, threadMetrics } from './catalogue.ts'
import { RecordStats } from './record-stats.ts'

export interface TaskMetricsOptions {
  readonly registry: MetricsRegistry
  readonly taskId: string
  /** As it is shown; undefined where tasks have no thread. */
  readonly threadId?: string | undefined
}

/** What counts as `active-process-ratio`, buffers and the like; read when somebody asks. */
export interface TaskGauges {
  readonly bufferedBytes: () => number
  readonly cacheBytes: () => number
  readonly uncommittedBytes: () => number
}

interface NodeLatency {
  readonly stats: RecordStats[]
  readonly latency: SampledStat
  readonly seconds: Histogram
}

export class TaskMetrics implements Disposable {
  readonly tags: Tags
  readonly deadLetters: Counter
  /** Milliseconds that the thread gave to the task. */
  busyMs = 0
  readonly #registry: MetricsRegistry
  readonly #threadTags: Tags
  readonly #processed: Counter
  readonly #punctuated: Counter
  readonly #latency: SampledStat
  readonly #lateness: SampledStat
  readonly #nodes = new Map<string, NodeLatency>()
  readonly #sinks = new Map<string, RecordStats>()
  readonly #counters = new Map<string, Counter>()
  readonly #disposables: Disposable[] = []
  #lateMs = 0
  #latestMs = 0

  constructor({ registry, taskId, threadId }: TaskMetricsOptions) {
    this.#registry = registry
    this.#threadTags = threadId === undefined ? {} : { 'thread-id': threadId }
    this.tags = { ...this.#threadTags, 'task-id': taskId }
    this.#processed = this.#counter(taskMetrics.process)
    this.#punctuated = this.#counter(taskMetrics.punctuate)
    this.deadLetters = this.#counter(taskMetrics.deadLetters)
    this.#latency = this.#own(registry.stat(taskMetrics.processLatency, this.tags))
    this.#lateness = this.#own(registry.stat(taskMetrics.lateness, this.tags))
    this.#own(registry.ratio(taskMetrics.activeProcessRatio, this.tags, () => this.busyMs))
  }

  // --- what is shown --------------------------------------------------------------------------------------------------

  showGauges({ bufferedBytes, cacheBytes, uncommittedBytes }: TaskGauges): void {
    this.#observe(taskMetrics.inputBuffer, this.tags, bufferedBytes)
    this.#observe(taskMetrics.cacheSize, this.tags, cacheBytes)
    this.#observe(taskMetrics.uncommitted, this.tags, uncommittedBytes)
  }

  /** An input partition of a source; `stats` is what notes its records. */
  showInput(source: string, topic: string, stats: RecordStats): void {
    const known = this.#nodes.get(source)
    this.#latencyOf(source).stats.push(stats)
    if (known === undefined) {
      const all = this.#latencyOf(source).stats
      this.#observe(nodeMetrics.process, this.#nodeTags(source), () =>
        all.reduce((sum, { records }) => sum + records, 0),
      )
    }
    const tags = { ...this.#nodeTags(source), topic }
    this.#observe(nodeMetrics.recordsConsumed, tags, () => stats.records)
    this.#observe(nodeMetrics.bytesConsumed, tags, () => stats.bytes)
  }

  /** For a sink; `topic` is a label in place of a topic that a function names, since there may be any number of those. */
  sink(name: string, topic: string): RecordStats {
    let stats = this.#sinks.get(name)
    if (stats !== undefined) return stats
    const added = this.terminal(name)
    const tags = { ...this.#nodeTags(name), topic }
    this.#observe(nodeMetrics.recordsProduced, tags, () => added.records)
    this.#observe(nodeMetrics.bytesProduced, tags, () => added.bytes)
    stats = added
    this.#sinks.set(name, stats)
    return stats
  }

  /** For a node without children. */
  terminal(name: string): RecordStats {
    const node = this.#latencyOf(name)
    const [known] = node.stats
    if (known !== undefined) return known
    const stats = new RecordStats()
    node.stats.push(stats)
    return stats
  }

  emits(node: string, kind: 'suppression-emit' | 'emit-final'): Counter {
    const key = `${kind} ${node}`
    let counter = this.#counters.get(key)
    if (counter === undefined) {
      const definition = kind === 'emit-final' ? nodeMetrics.emitFinal : nodeMetrics.suppressionEmit
      counter = this.#own(this.#registry.counter(definition, this.#nodeTags(node)))
      this.#counters.set(key, counter)
    }
    return counter
  }

  showStores(stores: readonly StoreFigures[]): void {
    const restored = (): number => stores.reduce((sum, { stats }) => sum + stats.restored, 0)
    this.#observe(taskMetrics.restore, this.tags, restored)
    for (const store of stores) {
      const { name, kind, stats, held } = store
      const tags = { ...this.tags, 'store-type': storeTypes[kind], 'state-id': name }
      this.#observe(storeMetrics.put, tags, () => stats.puts)
      this.#observe(storeMetrics.restore, tags, () => stats.restored)
      this.#observe(storeMetrics.keys, tags, () => store.keys)
      this.#observe(storeMetrics.estimatedKeys, tags, () => store.keys)
      if (held !== undefined) {
        this.#observe(storeMetrics.suppressionBytes, tags, () => held.bytes)
        this.#observe(storeMetrics.suppressionCount, tags, () => held.records)
        continue
      }
      this.#observe(storeMetrics.delete, tags, () => stats.deletes)
      this.#observe(storeMetrics.openIterators, tags, () => stats.openIterators)
      const isTimed = kind === 'window' || kind === 'timestampedWindow' || kind === 'session'
      if (isTimed) {
        this.#observe(storeMetrics.fetch, tags, () => stats.fetches)
        continue
      }
      this.#observe(storeMetrics.get, tags, () => stats.gets)
      if (kind === 'versioned') continue
      this.#observe(storeMetrics.range, tags, () => stats.ranges)
      this.#observe(storeMetrics.all, tags, () => stats.alls)
      this.#observe(storeMetrics.prefixScan, tags, () => stats.prefixScans)
    }
  }

  // --- what is noted --------------------------------------------------------------------------------------------------

  /** A record behind the stream time. */
  noteLate(ms: number): void {
    this.#lateMs += ms
    if (ms > this.#latestMs) this.#latestMs = ms
  }

  notePunctuation(): void {
    this.#punctuated.value++
  }

  /** `beganMs`: undefined where nobody has looked at the clock. */
  endSlice(records: number, nowMs: number, beganMs: number): void {
    this.#processed.value += records
    if (records > 0) {
      const tookMs = Math.max(0, nowMs - beganMs)
      this.busyMs += tookMs
      this.#latency.recordMany(records, tookMs, tookMs / records, tookMs / records)
      this.#lateness.recordMany(records, this.#lateMs, 0, this.#latestMs)
      this.#lateMs = 0
      this.#latestMs = 0
    }
    this.endFlush(nowMs)
  }

  /** What punctuations and flushes forward has latencies, too. */
  endFlush(nowMs: number): void {
    for (const { stats, latency, seconds } of this.#nodes.values()) {
      for (const each of stats) each.endSlice(nowMs, latency, seconds)
    }
  }

  [Symbol.dispose](): void {
    for (const each of this.#disposables.splice(0)) each[Symbol.dispose]()
  }

  // --- registration ---------------------------------------------------------------------------------------------------

  #latencyOf(name: string): NodeLatency {
    let node = this.#nodes.get(name)
    if (node === undefined) {
      // One for all tasks of the thread: with one per partition there would be too many buckets to keep.
      const seconds = this.#registry.histogram(threadMetrics.endToEnd, {
        ...this.#threadTags,
        'processor-node-id': name,
      })
      const latency = this.#own(this.#registry.stat(nodeMetrics.endToEnd, this.#nodeTags(name)))
      node = { stats: [], latency, seconds }
      this.#nodes.set(name, node)
    }
    return node
  }

  #nodeTags(name: string): Tags {
    return { ...this.tags, 'processor-node-id': name }
  }

  #counter(definition: MetricDefinition): Counter {
    return this.#own(this.#registry.counter(definition, this.tags))
  }

  #observe(definition: MetricDefinition, tags: Tags, read: () => number): void {
    this.#own(this.#registry.observe(definition, tags, read))
  }

  #own<D extends Disposable>(disposable: D): D {
    this.#disposables.push(disposable)
    return disposable
  }
}

/** What the exporters of Java's metrics make of its tags. */
const storeTypes: Readonly<Record<StoreKind, string>> = {
  keyValue: 'key-value-state',
  timestampedKeyValue: 'key-value-state',
  versioned: 'versioned-state',
  window: 'window-state',
  timestampedWindow: 'window-state',
  session: 'session-state',
  changeBuffer: 'suppression-state',
}

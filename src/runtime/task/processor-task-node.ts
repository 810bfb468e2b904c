/** A processor of a task: its operator, what it may do, and where its errors go. */
import { parseDuration, type Duration } from '../../common/duration.ts'
import { TaskError } from '../../errors/task-error.ts'
import { isThenable, refusePromise } from '../../processor/callback-result.ts'
import type { DropReason } from '../../processor/drop-reason.ts'
import type { ObservedTime, Operator, OperatorContext, ProcessorMetadata } from '../../processor/operator.ts'
import type { Cancellable, PunctuationType } from '../../processor/processor-context.ts'
import { moveTo } from '../../processor/record-context.ts'
import type { Counter } from '../../common/metrics.ts'
import type { ProcessorNode } from '../../topology/topology-node.ts'
import type { RecordStats } from '../metrics/record-stats.ts'
import type { TaskRecordContext } from './task-record-context.ts'
import type { PunctuatedNode, TaskNode, TaskScope } from './task-scope.ts'

export class ProcessorTaskNode implements PunctuatedNode {
  readonly name: string
  readonly readsValue: boolean
  readonly #spec: ProcessorNode
  readonly #scope: TaskScope
  readonly #children: TaskNode[] = []
  /** Anything but to fail: what comes after a record that failed must not see what the operator did half. */
  readonly #goesOn: boolean
  /** Of a node that ends its path. */
  #stats: RecordStats | undefined
  #operator: Operator<unknown, unknown>

  constructor(spec: ProcessorNode, scope: TaskScope) {
    this.name = spec.name
    this.#goesOn = (spec.onProcessingError ?? scope.config.onProcessingError) !== 'fail'
    this.#spec = spec
    this.#scope = scope
    this.#operator = spec.supplier()
    this.readsValue = this.#operator.readsValue ?? true
  }

  addChild(child: TaskNode): void {
    this.#children.push(child)
  }

  init(): void {
    if (this.#children.length === 0) this.#stats = this.#scope.metrics.terminal(this.name)
    try {
      this.#operator.init?.(new NodeContext(this.#spec, this.#scope, this.#children, this, this.#operator))
    } catch (error) {
      if (this.#scope.failures.isSettled(error)) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new TaskError('MILLRACE_PROCESSOR_INIT_FAILED', placeOf(this.name, this.#scope), `init failed: ${reason}`, {
        cause: error,
      })
    }
  }

  process(key: unknown, value: unknown): void {
    if (this.#stats !== undefined) this.#stats.note(this.#scope.record.timestamp)
    if (this.#goesOn) return this.#processOrGoOn(key, value)
    try {
      this.#operator.process(key, value)
    } catch (error) {
      this.#handle(error, 'processing the record failed', key, value)
    }
  }

  #processOrGoOn(key: unknown, value: unknown): void {
    const { record } = this.#scope
    const { topic, partition, offset, timestamp, headers, source } = record
    try {
      this.#operator.process(key, value)
    } catch (error) {
      moveTo(record, topic, partition, offset, timestamp, headers)
      record.source = source
      this.#handle(error, 'processing the record failed', key, value)
    }
  }

  punctuate(timestamp: number, punctuate: (timestamp: number) => unknown): void {
    try {
      this.#scope.metrics.notePunctuation()
      const result = punctuate(timestamp)
      if (isThenable(result)) refusePromise(this.name, 'punctuator', result)
    } catch (error) {
      this.#handle(error, `the punctuator failed at ${timestamp}`, null, null)
    }
  }

  /** What it forwards now has nobody to receive it: it would be part of the next transaction, and repeated. */
  close(): void {
    this.#children.length = 0
    this.#operator.close?.()
  }

  #handle(error: unknown, what: string, key: unknown, value: unknown): void {
    this.#scope.failures.handle(error, {
      kind: 'processing',
      code: 'MILLRACE_PROCESSING_FAILED',
      node: this.name,
      policy: this.#spec.onProcessingError ?? this.#scope.config.onProcessingError,
      what,
      advice: "correct it, or set onProcessingError to 'skip' or a dead-letter topic to go on with the next record",
      key,
      value,
    })
  }
}

class NodeContext implements OperatorContext<unknown, unknown> {
  readonly nodeName: string
  readonly applicationId: string
  readonly taskId: string
  readonly partition: number
  readonly record: TaskRecordContext
  readonly observedTime: ObservedTime
  readonly metadata: ProcessorMetadata
  readonly #scope: TaskScope
  readonly #children: readonly TaskNode[]
  readonly #node: PunctuatedNode
  readonly #operator: Pick<Operator<unknown, unknown>, 'forwardsItsRecord'>
  readonly #stores: readonly string[]

  constructor(
    spec: ProcessorNode,
    scope: TaskScope,
    children: readonly TaskNode[],
    node: PunctuatedNode,
    operator: Pick<Operator<unknown, unknown>, 'forwardsItsRecord'>,
  ) {
    this.nodeName = spec.name
    this.applicationId = scope.applicationId
    this.taskId = scope.taskId
    this.partition = scope.partition
    this.record = scope.record
    this.observedTime = scope.observedTimes.of(spec.name)
    this.metadata = scope.metadata
    this.#scope = scope
    this.#children = children
    this.#node = node
    this.#operator = operator
    this.#stores = spec.stores
  }

  get hasRecord(): boolean {
    return this.#scope.hasRecord
  }

  get streamTime(): number {
    return this.#scope.streamTime
  }

  get wallClockTime(): number {
    return this.#scope.clock.now()
  }

  get emitIntervalMs(): number {
    return this.#scope.config.emitIntervalMs
  }

  get isExactlyOnce(): boolean {
    return this.#scope.config.processingGuarantee === 'exactly_once'
  }

  forward(key: unknown, value: unknown): void {
    if (this.#scope.failures.tracksSent) return this.#forwardLikeJava(key, value)
    this.#forwardToAll(key, value)
  }

  /** A copy of a record counts as not sent, whatever became of the record, and the other way round. */
  #forwardLikeJava(key: unknown, value: unknown, child?: TaskNode): void {
    const { failures } = this.#scope
    const { wasSent } = failures
    try {
      if (child === undefined) this.#forwardToAll(key, value)
      else child.process(key, value)
    } finally {
      if (this.#operator.forwardsItsRecord !== true) failures.wasSent = wasSent
    }
  }

  #forwardToAll(key: unknown, value: unknown): void {
    const children = this.#children
    for (let i = 0; i < children.length; i++) (children[i] as TaskNode).process(key, value)
  }

  forwardTo(child: string, key: unknown, value: unknown): void {
    if (this.#scope.stores.isClosing) return
    // Every record of a split comes here: a loop needs no closure.
    for (let i = 0; i < this.#children.length; i++) {
      const target = this.#children[i] as TaskNode
      if (target.name !== child) continue
      if (this.#scope.failures.tracksSent) return this.#forwardLikeJava(key, value, target)
      return target.process(key, value)
    }
    this.#refuseChild(child)
  }

  getStateStore<S>(name: string): S {
    if (this.#stores.includes(name)) return this.#scope.stores.store(name) as S
    const global = this.#scope.globalStores?.view(name)
    if (global === undefined) this.#refuseStore(name)
    return global as S
  }

  /** Stream time begins at 0, so that the first record fires; the wall clock one interval from now. */
  schedule(
    interval: Duration,
    type: PunctuationType,
    punctuate: (timestamp: number) => void,
    start?: number,
  ): Cancellable {
    const intervalMs = this.#checkSchedule(interval, type, punctuate, start)
    const isWallClock = type === 'wallClockTime'
    const queue = isWallClock ? this.#scope.wallClockPunctuations : this.#scope.streamPunctuations
    const now = isWallClock ? this.wallClockTime : this.streamTime
    const due = start === undefined ? (isWallClock ? now + intervalMs : 0) : anchored(start, intervalMs, now)
    return queue.schedule(this.#node, due, intervalMs, punctuate)
  }

  requestCommit(): void {
    this.#scope.commitRequested = true
  }

  dropRecord(reason: DropReason): void {
    this.#scope.dropped.drop(reason, this.nodeName, this.record)
  }

  emitCounter(kind: 'suppression-emit' | 'emit-final'): Counter {
    return this.#scope.metrics.emits(this.nodeName, kind)
  }

  #checkSchedule(interval: unknown, type: unknown, punctuate: unknown, start: unknown): number {
    if (this.#scope.isGlobal === true) {
      this.#refuseSchedule('a punctuation of the processor of a global store, which only records can call')
    }
    const intervalMs = parseDuration(interval)
    if (intervalMs === undefined || intervalMs < 1) {
      this.#refuseSchedule(
        `an interval of ${String(interval)}; it must be at least one millisecond, as a number or '10s'`,
      )
    }
    if (type !== 'streamTime' && type !== 'wallClockTime') {
      this.#refuseSchedule(`the type ${String(type)}; it must be 'streamTime' or 'wallClockTime'`)
    }
    if (typeof punctuate !== 'function') this.#refuseSchedule('no function to call')
    if (start !== undefined && !Number.isFinite(start)) {
      this.#refuseSchedule(`the start ${String(start)}; it must be a time in milliseconds since the epoch`)
    }
    return Math.floor(intervalMs)
  }

  #refuseSchedule(found: string): never {
    throw new TaskError('MILLRACE_SCHEDULE_INVALID', placeOf(this.nodeName, this.#scope), `schedule was given ${found}`)
  }

  #refuseChild(child: string): never {
    const names = this.#children.map(({ name }) => name).join(', ')
    throw new TaskError(
      'MILLRACE_CHILD_UNKNOWN',
      placeOf(this.nodeName, this.#scope),
      `it forwards to the child ${child}, which it does not have; its children are ${names === '' ? 'none' : names}`,
    )
  }

  #refuseStore(store: string): never {
    throw new TaskError(
      'MILLRACE_STORE_NOT_CONNECTED',
      placeOf(this.nodeName, this.#scope),
      `it has no access to store ${store}; name the store in its 'stores' option, or use connectProcessorAndStateStores`,
    )
  }
}

/** A start in the past: the first time of its grid that is still to come. */
function anchored(start: number, intervalMs: number, now: number): number {
  return start < now ? start + (Math.floor((now - start) / intervalMs) + 1) * intervalMs : start
}

function placeOf(node: string, { taskId, record }: TaskScope): ConstructorParameters<typeof TaskError>[1] {
  return { taskId, node, topic: record.topic, partition: record.partition, offset: record.offset }
}

/**
 * Runs a user's Processor as an operator: makes the record object that it sees, and gives it the context that it was
 * promised. Nothing else in the engine makes record objects.
 */
import { CallbackError } from '../errors/callback-error.ts'
import { TopologyError } from '../errors/topology-error.ts'
import { isThenable, refusePromise } from '../processor/callback-result.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../processor/operator.ts'
import type { FixedKeyProcessorContext, ProcessorContext } from '../processor/processor-context.ts'
import type { FixedKeyProcessor, Processor } from '../processor/processor.ts'
import type { StreamRecord } from '../processor/record.ts'
import { publicView } from '../processor/state-store.ts'
import type { StoreBuilder } from '../processor/store-builder.ts'

export function processorOperator<K, V, KR, VR>(
  name: string,
  supplier: () => Processor<K, V, KR, VR>,
): OperatorSupplier {
  checkSupplier(name, supplier)
  return remember(() => new ProcessorOperator(supplier()), { kind: 'processor', supplier })
}

export function fixedKeyProcessorOperator<K, V, VR>(
  name: string,
  supplier: () => FixedKeyProcessor<K, V, VR>,
): OperatorSupplier {
  checkSupplier(name, supplier)
  return remember(() => new FixedKeyProcessorOperator(supplier()), { kind: 'fixedKey', supplier })
}

/** What the user gave. */
export type UserSupplier =
  | { readonly kind: 'processor'; readonly supplier: () => Processor<unknown, unknown, unknown, unknown> }
  | { readonly kind: 'fixedKey'; readonly supplier: () => FixedKeyProcessor<unknown, unknown, unknown> }

const userSuppliers = new WeakMap<OperatorSupplier, UserSupplier>()

function remember(supplier: OperatorSupplier, user: UserSupplier): OperatorSupplier {
  userSuppliers.set(supplier, user)
  return supplier
}

/** Undefined: it is an operator of the DSL. */
export function userSupplierOf(supplier: OperatorSupplier): UserSupplier | undefined {
  return userSuppliers.get(supplier)
}

/** Tasks must not share a processor's fields, so a supplier is tried twice when it is given (ApiUtils.checkSupplier). */
function checkSupplier(name: string, supplier: () => unknown): void {
  if (typeof supplier !== 'function') {
    throw new TopologyError(
      'MILLRACE_SUPPLIER_INVALID',
      `processor ${name}: the supplier is not a function; pass () => new MyProcessor()`,
      { node: name },
    )
  }
  const first = supplier()
  if (typeof first !== 'object' || first === null || typeof (first as { process?: unknown }).process !== 'function') {
    throw new TopologyError(
      'MILLRACE_SUPPLIER_INVALID',
      `processor ${name}: the supplier does not return an object with a process method`,
      { node: name },
    )
  }
  if (first === supplier()) {
    throw new TopologyError(
      'MILLRACE_SUPPLIER_INVALID',
      `processor ${name}: the supplier returned the same object twice, and every task needs its own; make a new one in each call`,
      { node: name },
    )
  }
}

/** The record that a processor was given last, and whether it is the one that is forwarded now. */
interface Given {
  record: object | undefined
  isForwarded: boolean
}

class ProcessorOperator<K, V, KR, VR> implements Operator<K, V, KR, VR> {
  readonly #processor: Processor<K, V, KR, VR>
  readonly #given: Given = { record: undefined, isForwarded: false }
  #context!: OperatorContext<KR, VR>

  constructor(processor: Processor<K, V, KR, VR>) {
    this.#processor = processor
  }

  init(context: OperatorContext<KR, VR>): void {
    this.#context = context
    this.#processor.init?.(new UserContext(context, this.#given))
  }

  get forwardsItsRecord(): boolean {
    return this.#given.isForwarded
  }

  process(key: K, value: V): void {
    const { timestamp, headers } = this.#context.record
    const record = { key, value, timestamp, headers }
    this.#given.record = record
    const result: unknown = this.#processor.process(record)
    this.#given.record = undefined
    if (isThenable(result)) refusePromise(this.#context.nodeName, 'process method', result)
  }

  close(): void {
    this.#processor.close?.()
  }
}

class FixedKeyProcessorOperator<K, V, VR> implements Operator<K, V, K, VR> {
  readonly #processor: FixedKeyProcessor<K, V, VR>
  #context!: OperatorContext<K, VR>
  #userContext!: FixedKeyContext<K, VR>

  constructor(processor: FixedKeyProcessor<K, V, VR>) {
    this.#processor = processor
  }

  init(context: OperatorContext<K, VR>): void {
    this.#context = context
    this.#userContext = new FixedKeyContext(context)
    this.#processor.init?.(this.#userContext)
  }

  process(key: K, value: V): void {
    const { timestamp, headers } = this.#context.record
    this.#userContext.setKey(key)
    try {
      const result: unknown = this.#processor.process({ key, value, timestamp, headers })
      if (isThenable(result)) refusePromise(this.#context.nodeName, 'process method', result)
    } finally {
      this.#userContext.clearKey()
    }
  }

  close(): void {
    this.#processor.close?.()
  }
}

/** What both kinds of context share; see ProcessorContext for the meaning. */
abstract class BaseContext<KR, VR> {
  protected readonly operatorContext: OperatorContext<KR, VR>

  constructor(context: OperatorContext<KR, VR>) {
    this.operatorContext = context
  }

  schedule(
    ...[interval, type, punctuate, options]: Parameters<ProcessorContext<KR, VR>['schedule']>
  ): ReturnType<ProcessorContext<KR, VR>['schedule']> {
    return this.operatorContext.schedule(interval, type, punctuate, options?.start)
  }

  commit(): void {
    this.operatorContext.requestCommit()
  }

  getStateStore<S>(store: StoreBuilder<S> | string): S {
    return publicView(this.operatorContext.getStateStore(typeof store === 'string' ? store : store.name)) as S
  }

  get recordMetadata(): ProcessorContext<KR, VR>['recordMetadata'] {
    if (!this.operatorContext.hasRecord) return undefined
    const { topic, partition, offset, timestamp, headers } = this.operatorContext.record
    return { topic, partition, offset, timestamp, headers }
  }

  operatorContextOf(): OperatorContext<KR, VR> {
    return this.operatorContext
  }

  get applicationId(): string {
    return this.operatorContext.applicationId
  }

  get taskId(): string {
    return this.operatorContext.taskId
  }

  get currentStreamTime(): number {
    return this.operatorContext.streamTime
  }

  get currentSystemTime(): number {
    return this.operatorContext.wallClockTime
  }

  /** Timestamp and headers are the children's for the time of the call, whatever the user's code does with errors. */
  protected forwardAs(key: KR, record: Omit<StreamRecord<unknown, VR>, 'key'>, child: string | undefined): void {
    // True for what is no number, too.
    if (!(record.timestamp >= 0)) this.#refuseTimestamp(record.timestamp)
    const context = this.operatorContext.record
    const { timestamp, headers } = context
    context.timestamp = record.timestamp
    context.headers = record.headers
    try {
      if (child === undefined) this.operatorContext.forward(key, record.value)
      else this.operatorContext.forwardTo(child, key, record.value)
    } finally {
      context.timestamp = timestamp
      context.headers = headers
    }
  }

  #refuseTimestamp(timestamp: unknown): never {
    const { nodeName } = this.operatorContext
    throw new CallbackError(
      'MILLRACE_CALLBACK_RESULT_INVALID',
      nodeName,
      `processor ${nodeName}: forward() was given a record with the timestamp ${String(timestamp)}, and it must be milliseconds of at least 0; { ...record, value } keeps that of the record in process`,
    )
  }
}

/** The operator's own, behind what a processor is given; undefined when it was not made here. */
export function contextBehind(context: unknown): OperatorContext<unknown, unknown> | undefined {
  return context instanceof BaseContext ? context.operatorContextOf() : undefined
}

class TransformerContext<KR, VR> extends BaseContext<KR, VR> {}

/** For transformers of a table's values, which return what is forwarded. */
export function transformerContext<KR, VR>(
  context: OperatorContext<KR, VR>,
): Omit<ProcessorContext<KR, VR>, 'forward'> {
  return new TransformerContext(context)
}

class UserContext<KR, VR> extends BaseContext<KR, VR> implements ProcessorContext<KR, VR> {
  readonly #given: Given

  constructor(context: OperatorContext<KR, VR>, given: Given) {
    super(context)
    this.#given = given
  }

  forward(record: StreamRecord<KR, VR>, child?: string): void {
    this.#given.isForwarded = record === this.#given.record
    this.forwardAs(record.key, record, child)
  }
}

/** Adds the key of the record that is being processed, which the user cannot change. */
class FixedKeyContext<K, VR> extends BaseContext<K, VR> implements FixedKeyProcessorContext<VR> {
  #key: K | undefined
  #processing = false

  setKey(key: K): void {
    this.#key = key
    this.#processing = true
  }

  clearKey(): void {
    this.#key = undefined
    this.#processing = false
  }

  forward(record: Omit<StreamRecord<unknown, VR>, 'key'>, child?: string): void {
    if (!this.#processing) {
      throw new TopologyError(
        'MILLRACE_OPTION_INVALID',
        `processor ${this.operatorContext.nodeName}: a fixed-key processor can forward only while it processes a record, because the key is that record's; use process() to forward from a punctuator`,
        { node: this.operatorContext.nodeName },
      )
    }
    this.forwardAs(this.#key as K, record, child)
  }
}

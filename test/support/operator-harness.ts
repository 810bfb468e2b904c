/** Runs one operator without a task: records what it forwards and drops, and keeps its stores in Maps. */
import { noHeaders, type Headers } from '../../src/common/headers.ts'
import type { ObservedTime, Operator, OperatorContext, OperatorSupplier } from '../../src/processor/operator.ts'
import type { RecordContext } from '../../src/processor/record-context.ts'
import type { Change, ValueAndTimestamp } from '../../src/processor/record.ts'
import type { FlushListener, TableStore, Written } from '../../src/processor/state-store.ts'

export interface Forwarded {
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
  readonly headers?: Headers
  readonly child?: string
}

/** A TableStore over a Map; a cached one remembers dirty keys in order of their last update. */
export class MapTableStore<K, V> implements TableStore<K, V> {
  readonly name: string
  readonly cached: boolean
  readonly written: (readonly [key: K, value: V | null, timestamp: number])[] = []
  sendOldValues: boolean | undefined
  readonly #entries = new Map<K, ValueAndTimestamp<V>>()
  readonly #dirty = new Map<K, { readonly value: V | null; readonly timestamp: number }>()
  readonly #record: RecordContext
  #listener: FlushListener<K, V> | undefined

  constructor(name: string, cached: boolean, record: RecordContext) {
    this.name = name
    this.cached = cached
    this.#record = record
  }

  read(key: K): ValueAndTimestamp<V> | undefined {
    const dirty = this.#dirty.get(key)
    if (dirty === undefined) return this.#entries.get(key)
    const { value, timestamp } = dirty
    return value === null ? undefined : { value, timestamp }
  }

  write(key: K, value: V | null, timestamp: number): Written {
    this.written.push([key, value, timestamp])
    this.#dirty.delete(key)
    if (this.cached) this.#dirty.set(key, { value, timestamp })
    else this.#commit(key, value, timestamp)
    return 'latest'
  }

  onFlush(listener: FlushListener<K, V>, sendOldValues: boolean): void {
    this.#listener = listener
    this.sendOldValues = sendOldValues
  }

  flush(): void {
    for (const [key, { value, timestamp }] of this.#dirty) {
      const oldValue = this.#entries.get(key)?.value ?? null
      this.#commit(key, value, timestamp)
      const change: Change<V> = {
        newValue: value,
        oldValue: this.sendOldValues === true ? oldValue : null,
        isLatest: true,
      }
      this.#listener?.(key, change, timestamp, this.#record)
    }
    this.#dirty.clear()
  }

  #commit(key: K, value: V | null, timestamp: number): void {
    if (value === null) this.#entries.delete(key)
    else this.#entries.set(key, { value, timestamp })
  }
}

export class OperatorHarness {
  readonly forwarded: Forwarded[] = []
  readonly #observedTime: ObservedTime = { ms: -1 }
  readonly #metadata = new Map<string, number>()
  readonly dropped: string[] = []
  readonly record: RecordContext = {
    topic: 'in',
    partition: 0,
    offset: 0,
    timestamp: 0,
    headers: noHeaders,
    rawKey: undefined,
    rawKeyValue: undefined,
    rawKeySerde: undefined,
  }
  readonly #operator: Operator<unknown, unknown>
  readonly #stores = new Map<string, MapTableStore<unknown, unknown>>()

  constructor(supplier: OperatorSupplier, stores: Readonly<Record<string, { readonly cached: boolean }>> = {}) {
    for (const [name, { cached }] of Object.entries(stores)) {
      this.#stores.set(name, new MapTableStore(name, cached, this.record))
    }
    this.#operator = supplier()
    this.#operator.init?.(this.#context())
  }

  store(name: string): MapTableStore<unknown, unknown> {
    const store = this.#stores.get(name)
    if (store === undefined) throw new Error(`no store ${name}`)
    return store
  }

  /** What was forwarded during this record, as `[key, value]`, with `@timestamp` when it is not the record's. */
  process(key: unknown, value: unknown, timestamp = 0): Forwarded[] {
    this.record.timestamp = timestamp
    this.#operator.process(key, value)
    return this.take()
  }

  flush(): Forwarded[] {
    for (const store of this.#stores.values()) store.flush()
    return this.take()
  }

  close(): void {
    this.#operator.close?.()
  }

  take(): Forwarded[] {
    return this.forwarded.splice(0)
  }

  #context(): OperatorContext<unknown, unknown> {
    return {
      nodeName: 'node',
      applicationId: 'app',
      taskId: '0_0',
      partition: 0,
      record: this.record,
      hasRecord: true,
      streamTime: -1,
      wallClockTime: 0,
      emitIntervalMs: 0,
      isExactlyOnce: true,
      forward: (key, value) => {
        this.forwarded.push({ key, value, timestamp: this.record.timestamp })
      },
      forwardTo: (child, key, value) => {
        this.forwarded.push({ key, value, timestamp: this.record.timestamp, child })
      },
      getStateStore: <S>(name: string) => this.store(name) as S,
      schedule: () => ({ cancel: () => undefined }),
      requestCommit: () => undefined,
      observedTime: this.#observedTime,
      metadata: this.#metadata,
      emitCounter: () => ({ value: 0 }),
      dropRecord: (reason) => {
        this.dropped.push(reason)
      },
    }
  }
}

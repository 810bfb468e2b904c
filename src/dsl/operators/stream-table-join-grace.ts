import { StateError } from '../../errors/state-error.ts'
import type { OperatorContext, OperatorSupplier } from '../../processor/operator.ts'
import { noSource } from '../../processor/record-context.ts'
import type { KeyValueStore } from '../../processor/state-store.ts'
import type { AnySerde, Serde } from '../../serde/serde.ts'
import { JoinBuffer, type WaitingRecord } from './join-buffer.ts'
import { StreamTableJoinOperator, type StreamTableJoin } from './stream-table-join.ts'

export interface StreamTableJoinWithGrace extends StreamTableJoin {
  readonly graceMs: number
  readonly bufferName: string
  /** A record without a key, which a left join could give a result, fails as it does in Java. */
  readonly asJava: boolean
  readonly key: AnySerde
  readonly value: AnySerde
}

/**
 * A join whose records wait until stream time has passed theirs by the grace period, so that updates of the versioned
 * table which come late are seen (KIP-923). What is older than that when it comes is joined at once. Stream time is
 * that of the records which waited. Kafka Streams: KStreamKTableJoinProcessor.java.
 */
export function streamTableJoinWithGraceOperator(join: StreamTableJoinWithGrace): OperatorSupplier {
  return () => new StreamTableJoinWithGraceOperator(join)
}

class StreamTableJoinWithGraceOperator<K> extends StreamTableJoinOperator<K> {
  readonly #graceMs: number
  readonly #bufferName: string
  readonly #asJava: boolean
  readonly #key: Serde<K>
  readonly #value: Serde<unknown>
  #buffer!: JoinBuffer

  constructor(join: StreamTableJoinWithGrace) {
    super(join)
    this.#graceMs = join.graceMs
    this.#bufferName = join.bufferName
    this.#asJava = join.asJava
    this.#key = join.key as Serde<K>
    this.#value = join.value as Serde<unknown>
  }

  override init(context: OperatorContext<K, unknown>): void {
    super.init(context)
    const store = context.getStateStore<KeyValueStore<Uint8Array, Uint8Array>>(this.#bufferName)
    this.#buffer = new JoinBuffer(store, this.#asJava)
    const { observedTime } = context
    // Where the time was lost with the local state, the changelog knows that of the records which wait.
    observedTime.ms = Math.max(observedTime.ms, this.#buffer.restoredTimeMs)
  }

  protected override accept(key: K, value: unknown): void {
    const { observedTime, record, nodeName } = this.context
    const keyIsMissing = key === null || key === undefined
    if (keyIsMissing && this.#asJava) refuseNullKey(this.#bufferName)
    // differs from Java (#null-keys-with-grace): without a key there is nothing to wait for.
    if (keyIsMissing || record.timestamp < observedTime.ms - this.#graceMs) {
      this.join(key, value)
      return
    }
    const { headers } = record
    this.#buffer.add(
      this.#key.serialize(key, nodeName, headers),
      this.#value.serialize(value, nodeName, headers),
      record,
    )
    observedTime.ms = Math.max(observedTime.ms, record.timestamp)
    this.#buffer.takeUntil(observedTime.ms - this.#graceMs, (waiting) => this.#emit(waiting))
  }

  /** With the context that the record came with, whichever record it is that lets it go. */
  #emit({ key, value, context }: WaitingRecord): void {
    const { record, nodeName } = this.context
    const { topic, partition, offset, timestamp, headers, source } = record
    Object.assign(record, { ...context, source: noSource })
    try {
      this.join(
        this.#key.deserialize(key, nodeName, context.headers),
        this.#value.deserialize(value, nodeName, context.headers),
      )
    } finally {
      Object.assign(record, { topic, partition, offset, timestamp, headers, source })
    }
  }
}

function refuseNullKey(bufferName: string): never {
  throw new StateError(
    'MILLRACE_STORE_NULL_KEY',
    bufferName,
    `store ${bufferName} was given null as a key: with compatibility 'java' a left join with grace refuses records without a key; filter them before it, or leave out compatibility`,
  )
}

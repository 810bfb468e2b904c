/**
 * The plain ordered engine in memory: a Map for point reads, an ordered index that is made at the first range. It is the
 * readable twin that the other engines are compared with, so it must stay plain; it must never keep what it is
 * given (it copies), and what it lends is valid only until the next commit.
 *
 * A task's state lives as long as it is open: an owner that keeps a task keeps its state open, and `close` forgets it.
 */
import { asBuffer, bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import { SortedKeys, type SortedKeysCursor } from './sorted-keys.ts'
import type { Batch, Keyspace, KeyspaceCursor, Marker, StateEngine, TaskState } from './state-engine.ts'

export class MemoryEngine implements StateEngine {
  readonly name = 'memory'
  readonly persistent = false
  readonly #open = new Map<string, MemoryTaskState>()

  open(taskId: string): Promise<MemoryTaskState> {
    return Promise.resolve(this.openNow(taskId))
  }

  /** `open` for those who cannot wait (the test driver). */
  openNow(taskId: string): MemoryTaskState {
    const existing = this.#open.get(taskId)
    if (existing !== undefined) return existing
    const state = new MemoryTaskState(() => this.#open.delete(taskId))
    this.#open.set(taskId, state)
    return state
  }
}

class MemoryTaskState implements TaskState {
  readonly damage: undefined
  readonly #keyspaces = new Map<string, MemoryKeyspace>()
  readonly #onClose: () => void
  #marker: Marker | undefined

  constructor(onClose: () => void) {
    this.#onClose = onClose
  }

  get marker(): Marker | undefined {
    return this.#marker
  }

  keyspace(id: string): MemoryKeyspace {
    let keyspace = this.#keyspaces.get(id)
    if (keyspace === undefined) {
      keyspace = new MemoryKeyspace()
      this.#keyspaces.set(id, keyspace)
    }
    return keyspace
  }

  /** Everything is read before anything is changed, so that a batch that throws leaves no trace. */
  commit(batch: Batch, marker: Marker): undefined {
    const keyspaces: MemoryKeyspace[] = []
    const keys: string[] = []
    const values: (Uint8Array | null)[] = []
    batch.forEach((keyspaceId, key, value) => {
      keyspaces.push(this.keyspace(keyspaceId))
      keys.push(bytesToLatin1(key))
      values.push(value)
    })
    for (let i = 0; i < keys.length; i++) {
      ;(keyspaces[i] as MemoryKeyspace).set(keys[i] as string, values[i] as Uint8Array | null)
    }
    this.#marker = marker
  }

  clear(keyspaceId: string, marker: Marker): Promise<void> {
    this.keyspace(keyspaceId).clear()
    this.#marker = marker
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#onClose()
    return Promise.resolve()
  }
}

class MemoryKeyspace implements Keyspace {
  readonly #values = new Map<string, Buffer>()
  #order: SortedKeys | undefined

  get size(): number {
    return this.#values.size
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#values.get(bytesToLatin1(key))
  }

  range(from: Uint8Array | undefined, to: Uint8Array | undefined, reverse: boolean): KeyspaceCursor {
    this.#order ??= SortedKeys.of(this.#values.keys())
    const lower = from === undefined ? undefined : bytesToLatin1(from)
    const upper = to === undefined ? undefined : bytesToLatin1(to)
    return new MemoryCursor(this.#order.cursor(lower, upper, reverse), this.#values)
  }

  set(key: string, value: Uint8Array | null): void {
    if (value === null) {
      if (this.#values.delete(key)) this.#order?.delete(key)
      return
    }
    const existing = this.#values.get(key)
    if (existing?.byteLength === value.byteLength) {
      existing.set(value)
      return
    }
    this.#values.set(key, ownCopy(value))
    if (existing === undefined) this.#order?.add(key)
  }

  clear(): void {
    this.#values.clear()
    this.#order = undefined
  }
}

class MemoryCursor implements KeyspaceCursor {
  readonly #keys: SortedKeysCursor
  readonly #values: ReadonlyMap<string, Buffer>

  constructor(keys: SortedKeysCursor, values: ReadonlyMap<string, Buffer>) {
    this.#keys = keys
    this.#values = values
  }

  next(): boolean {
    return this.#keys.next()
  }

  get key(): Buffer {
    return latin1ToBytes(this.#keys.key)
  }

  get value(): Buffer {
    return this.#values.get(this.#keys.key) as Buffer
  }

  close(): void {
    // Nothing is held.
  }
}

/** Not from Node's shared pool: one small value that lives long would keep 8 KiB alive. */
function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength)
  asBuffer(bytes).copy(copy)
  return copy
}

/**
 * The plain ordered engine in memory. It is the readable twin that the other engines are compared with, so it must stay
 * plain.
 *
 * A task's state lives as long as it is open: an owner that keeps a task keeps its state open, and `close` forgets it.
 */
import { bytesToLatin1 } from '../common/bytes.ts'
import { MapKeyspaces, type MapKeyspace } from './map-keyspace.ts'
import type { Batch, Marker, StateEngine, TaskState } from './state-engine.ts'

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
  readonly #keyspaces = new MapKeyspaces()
  readonly #onClose: () => void
  #marker: Marker | undefined

  constructor(onClose: () => void) {
    this.#onClose = onClose
  }

  get marker(): Marker | undefined {
    return this.#marker
  }

  keyspace(id: string): MapKeyspace {
    return this.#keyspaces.keyspace(id)
  }

  keyspaceIds(): Iterable<string> {
    return this.#keyspaces.ids()
  }

  /** Everything is read before anything is changed, so that a batch that throws leaves no trace. */
  commit(batch: Batch, marker: Marker): undefined {
    const keyspaces: MapKeyspace[] = []
    const keys: string[] = []
    const values: (Uint8Array | null)[] = []
    batch.forEach((keyspaceId, key, value) => {
      keyspaces.push(this.keyspace(keyspaceId))
      keys.push(bytesToLatin1(key))
      values.push(value)
    })
    for (let i = 0; i < keys.length; i++) {
      ;(keyspaces[i] as MapKeyspace).set(keys[i] as string, values[i] as Uint8Array | null)
    }
    for (const id of batch.dropped ?? []) this.#keyspaces.drop(id)
    this.#marker = marker
  }

  clear(storeName: string, marker: Marker): Promise<void> {
    for (const id of this.#keyspaces.idsOf(storeName)) this.keyspace(id).clear()
    this.#marker = marker
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#onClose()
    return Promise.resolve()
  }
}

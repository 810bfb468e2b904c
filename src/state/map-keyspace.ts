/**
 * A key space in memory: a Map for point reads, an ordered index that is made at the first range. Shared by the plain
 * engines, it must stay plain. It never keeps what it is given (it copies), and what it lends is valid only until the next
 * change.
 */
import { asBuffer, bytesToLatin1, latin1ToBytes } from '../common/bytes.ts'
import { SortedKeys, type SortedKeysCursor } from './sorted-keys.ts'
import { isKeyspaceOf, type Keyspace, type KeyspaceCursor } from './state-engine.ts'

export class MapKeyspace implements Keyspace {
  readonly #values = new Map<string, Buffer>()
  #order: SortedKeys | undefined
  #byteLength = 0

  get size(): number {
    return this.#values.size
  }

  /** Of all keys and values. */
  get byteLength(): number {
    return this.#byteLength
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#values.get(bytesToLatin1(key))
  }

  range(from: Uint8Array | undefined, to: Uint8Array | undefined, reverse: boolean): KeyspaceCursor {
    this.#order ??= SortedKeys.of(this.#values.keys())
    const lower = from === undefined ? undefined : bytesToLatin1(from)
    const upper = to === undefined ? undefined : bytesToLatin1(to)
    return new MapCursor(this.#order.cursor(lower, upper, reverse), this.#values)
  }

  /** Keys as latin1 text, in no order. */
  entries(): Iterable<readonly [key: string, value: Buffer]> {
    return this.#values
  }

  /** `key` as latin1 text; null deletes. */
  set(key: string, value: Uint8Array | null): void {
    if (value === null) {
      this.#delete(key)
      return
    }
    const existing = this.#values.get(key)
    if (existing?.byteLength === value.byteLength) {
      existing.set(value)
      return
    }
    this.#values.set(key, ownCopy(value))
    if (existing === undefined) {
      this.#byteLength += key.length + value.byteLength
      this.#order?.add(key)
    } else {
      this.#byteLength += value.byteLength - existing.byteLength
    }
  }

  clear(): void {
    this.#values.clear()
    this.#order = undefined
    this.#byteLength = 0
  }

  #delete(key: string): void {
    const existing = this.#values.get(key)
    if (existing === undefined) return
    this.#values.delete(key)
    this.#order?.delete(key)
    this.#byteLength -= key.length + existing.byteLength
  }
}

/** The key spaces of a task, by their ids; one is made when it is first named. */
export class MapKeyspaces {
  readonly #byId = new Map<string, MapKeyspace>()

  keyspace(id: string): MapKeyspace {
    let keyspace = this.#byId.get(id)
    if (keyspace === undefined) {
      keyspace = new MapKeyspace()
      this.#byId.set(id, keyspace)
    }
    return keyspace
  }

  entries(): Iterable<readonly [id: string, keyspace: MapKeyspace]> {
    return this.#byId
  }

  ids(): Iterable<string> {
    return this.#byId.keys()
  }

  /** Of a store, that are there. */
  idsOf(storeName: string): string[] {
    return [...this.#byId.keys()].filter((id) => isKeyspaceOf(storeName, id))
  }

  /** Clears it, and forgets that it was there: nobody names it any more. */
  drop(id: string): void {
    this.#byId.get(id)?.clear()
    this.#byId.delete(id)
  }

  /** Those that were dropped before they were read from a file. */
  dropEmpty(): void {
    for (const [id, keyspace] of this.#byId) if (keyspace.size === 0) this.#byId.delete(id)
  }
}

class MapCursor implements KeyspaceCursor {
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

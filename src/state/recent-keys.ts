/**
 * Which keys of a store were used last, for a store with a maximum of entries (Java's MemoryLRUCache). The order of use
 * is not part of the state: a restored store begins with the order of its keys.
 */
export class RecentKeys {
  readonly #max: number
  /** Least recently used first. */
  readonly #ids = new Set<unknown>()

  constructor(max: number, ids: Iterable<unknown>) {
    this.#max = max
    for (const id of ids) this.#ids.add(id)
  }

  touch(id: unknown): void {
    this.#ids.delete(id)
    this.#ids.add(id)
  }

  delete(id: unknown): void {
    this.#ids.delete(id)
  }

  /** Takes out the key that must go; undefined when there is room for all. */
  takeSurplus(): unknown {
    if (this.#ids.size <= this.#max) return undefined
    const [oldest] = this.#ids
    this.#ids.delete(oldest)
    return oldest
  }
}

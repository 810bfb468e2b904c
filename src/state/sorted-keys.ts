/**
 * An ordered set of keys: byte strings written as latin1 text, whose order in JavaScript is the unsigned order of the
 * bytes. A list of sorted blocks, in effect a B+tree of two levels: an insertion moves at most one block's worth of
 * pointers, and a block that fills up is split in two.
 */
const blockCapacity = 512

export class SortedKeys {
  /** Never empty; every block but an only one has at least one key. */
  #blocks: string[][] = [[]]
  #size = 0

  static of(keys: Iterable<string>): SortedKeys {
    const sorted = [...keys].sort(compareKeys)
    const result = new SortedKeys()
    if (sorted.length === 0) return result
    result.#blocks = []
    for (let start = 0; start < sorted.length; start += blockCapacity / 2) {
      result.#blocks.push(sorted.slice(start, start + blockCapacity / 2))
    }
    result.#size = sorted.length
    return result
  }

  get size(): number {
    return this.#size
  }

  /** False when it was there already. */
  add(key: string): boolean {
    const at = this.#blockOf(key)
    const block = this.#block(at)
    const index = lowerBound(block, key)
    if (block[index] === key) return false
    block.splice(index, 0, key)
    if (block.length > blockCapacity) this.#blocks.splice(at + 1, 0, block.splice(blockCapacity / 2))
    this.#size++
    return true
  }

  delete(key: string): boolean {
    const at = this.#blockOf(key)
    const block = this.#block(at)
    const index = lowerBound(block, key)
    if (block[index] !== key) return false
    block.splice(index, 1)
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1)
    this.#size--
    return true
  }

  /** Walks from `from` (inclusive) to `to` (exclusive), or backwards. The set must not change meanwhile. */
  cursor(from: string | undefined, to: string | undefined, reverse: boolean): SortedKeysCursor {
    if (!reverse) {
      const block = from === undefined ? 0 : this.#blockOf(from)
      const index = from === undefined ? 0 : lowerBound(this.#block(block), from)
      return new SortedKeysCursor(this.#blocks, block, index - 1, to, false)
    }
    const block = to === undefined ? this.#blocks.length - 1 : this.#blockOf(to)
    const index = to === undefined ? this.#block(block).length : lowerBound(this.#block(block), to)
    return new SortedKeysCursor(this.#blocks, block, index, from, true)
  }

  /** The last block whose first key is not above `key`, or the first one. */
  #blockOf(key: string): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      const first = this.#blocks[middle]?.[0]
      if (first !== undefined && first <= key) low = middle
      else high = middle - 1
    }
    return low
  }

  #block(at: number): string[] {
    return this.#blocks[at] as string[]
  }
}

export class SortedKeysCursor {
  readonly #blocks: readonly string[][]
  readonly #bound: string | undefined
  readonly #reverse: boolean
  #block: number
  #index: number
  key = ''

  constructor(blocks: readonly string[][], block: number, index: number, bound: string | undefined, reverse: boolean) {
    this.#blocks = blocks
    this.#block = block
    this.#index = index
    this.#bound = bound
    this.#reverse = reverse
  }

  next(): boolean {
    const key = this.#reverse ? this.#backward() : this.#forward()
    if (key === undefined) return false
    if (this.#bound !== undefined && (this.#reverse ? key < this.#bound : key >= this.#bound)) return false
    this.key = key
    return true
  }

  #forward(): string | undefined {
    const key = this.#blocks[this.#block]?.[++this.#index]
    if (key !== undefined || this.#block + 1 >= this.#blocks.length) return key
    this.#index = 0
    return this.#blocks[++this.#block]?.[0]
  }

  #backward(): string | undefined {
    const key = this.#index > 0 ? this.#blocks[this.#block]?.[--this.#index] : undefined
    if (key !== undefined || this.#block === 0) return key
    const previous = this.#blocks[--this.#block]
    this.#index = (previous?.length ?? 1) - 1
    return previous?.[this.#index]
  }
}

function compareKeys(one: string, two: string): number {
  return one < two ? -1 : one > two ? 1 : 0
}

/** The first index whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}

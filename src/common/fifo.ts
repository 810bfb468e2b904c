/**
 * First in, first out, for what is filled and emptied with every record: an array that becomes empty gives its memory
 * back, and takes new memory with the next push.
 */
const keptLength = 64

export class Fifo<T> {
  #items: (T | undefined)[] = []
  #first = 0
  #end = 0

  get size(): number {
    return this.#end - this.#first
  }

  /** Undefined: it is empty. */
  peek(): T | undefined {
    return this.#first === this.#end ? undefined : this.#items[this.#first]
  }

  push(item: T): void {
    this.#items[this.#end++] = item
  }

  shift(): T | undefined {
    if (this.#first === this.#end) return undefined
    const item = this.#items[this.#first]
    this.#items[this.#first++] = undefined
    if (this.#first === this.#end) this.#restart()
    else if (this.#first >= keptLength && this.#first * 2 >= this.#end) this.#compact()
    return item
  }

  clear(): void {
    if (this.#end > keptLength) this.#items = []
    else for (let at = this.#first; at < this.#end; at++) this.#items[at] = undefined
    this.#first = 0
    this.#end = 0
  }

  toArray(): T[] {
    return this.#items.slice(this.#first, this.#end) as T[]
  }

  #restart(): void {
    this.#first = 0
    this.#end = 0
    if (this.#items.length > keptLength) this.#items = []
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#first, this.#end)
    this.#end -= this.#first
    this.#first = 0
  }
}

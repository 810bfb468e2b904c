/**
 * Memory of sealed batches, to be used again: a new block for each batch is memory that the system clears page by page,
 * and that makes V8 collect its whole heap every few megabytes (a seventh of the CPU time of a pass-through).
 *
 * Blocks are powers of two, so that at most half of one is unused. Small batches are not worth one.
 */
const smallestBytes = 64 * 1024

export class BatchMemory {
  readonly #largestBytes: number
  readonly #maxIdleBytes: number
  /** In use. A small batch is a part of memory that Node shares among buffers, which no length tells apart from a block. */
  readonly #taken = new WeakSet<ArrayBufferLike>()
  readonly #idle = new Map<number, Buffer[]>()
  #idleBytes = 0

  /** `batchMaxBytes`: longer batches get memory of their own. `maxIdleBytes`: of blocks that wait for a batch. */
  constructor(batchMaxBytes: number, maxIdleBytes: number) {
    this.#largestBytes = batchMaxBytes < smallestBytes ? 0 : blockBytesFor(batchMaxBytes)
    this.#maxIdleBytes = maxIdleBytes
  }

  get idleBytes(): number {
    return this.#idleBytes
  }

  /** What is in it is of the batch before. */
  take(bytes: number): Buffer {
    if (bytes <= smallestBytes / 2 || bytes > this.#largestBytes) return Buffer.allocUnsafe(bytes)
    const block = this.#block(blockBytesFor(bytes))
    this.#taken.add(block.buffer)
    return block.subarray(0, bytes)
  }

  /** Nobody may read `batch`, which `take` has given, from now on: not even a socket that has yet to send it. */
  giveBack(batch: Buffer): void {
    if (!this.#taken.delete(batch.buffer)) return
    const blockBytes = batch.buffer.byteLength
    if (this.#idleBytes + blockBytes > this.#maxIdleBytes) return
    this.#idleBytes += blockBytes
    const block = Buffer.from(batch.buffer)
    const others = this.#idle.get(blockBytes)
    if (others === undefined) this.#idle.set(blockBytes, [block])
    else others.push(block)
  }

  #block(bytes: number): Buffer {
    const idle = this.#idle.get(bytes)?.pop()
    if (idle === undefined) return Buffer.allocUnsafeSlow(bytes)
    this.#idleBytes -= bytes
    return idle
  }
}

function blockBytesFor(bytes: number): number {
  return Math.max(smallestBytes, 2 ** Math.ceil(Math.log2(bytes)))
}

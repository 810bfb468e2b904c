/** Cuts a byte stream into Kafka's frames: four bytes of length, then so many bytes. */
const lengthBytes = 4

export class FrameReader {
  readonly #maxFrameBytes: number
  #chunks: Buffer[] = []
  #bufferedBytes = 0

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** The frames that are complete now, without their length; undefined when a length cannot be one. */
  push(chunk: Buffer): Buffer[] | undefined {
    this.#chunks.push(chunk)
    this.#bufferedBytes += chunk.length
    const frames: Buffer[] = []
    for (;;) {
      if (this.#bufferedBytes < lengthBytes) return frames
      const length = this.#peekLength()
      if (length < 0 || length > this.#maxFrameBytes) return undefined
      if (this.#bufferedBytes < lengthBytes + length) return frames
      frames.push(this.#take(lengthBytes + length).subarray(lengthBytes))
    }
  }

  #peekLength(): number {
    const [first] = this.#chunks
    if (first !== undefined && first.length >= lengthBytes) return first.readInt32BE(0)
    return this.#joined().readInt32BE(0)
  }

  #take(byteLength: number): Buffer {
    const all = this.#joined()
    const rest = all.subarray(byteLength)
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#bufferedBytes = rest.length
    return all.subarray(0, byteLength)
  }

  #joined(): Buffer {
    const [first] = this.#chunks
    const all = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)
    this.#chunks = [all]
    return all
  }
}

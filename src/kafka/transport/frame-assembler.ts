/**
 * Puts frames (four bytes of length, then so many bytes) together as a socket reads them, each large one in memory of
 * its own that is allocated once: a list of chunks that is joined at the end costs twice the memory, and collecting that
 * garbage was a fifth of what a fetching process did.
 *
 * Bytes are given on as they come, in pieces that end with a frame. It judges nothing: what cannot be a frame is passed
 * on as it is, for whoever reads it to refuse.
 */
const lengthBytes = 4
/** No answer to the first request is near this; "HTTP" read as a length is 1.2 GB. */
const firstFrameMaxBytes = 1 << 20
/** Above what a broker sends: such a length is not believed, and nothing of that size is allocated. */
const frameMaxBytes = 1 << 27

export class FrameAssembler {
  readonly #emit: (bytes: Buffer) => void
  #frame: Buffer | undefined
  #filled = 0
  /** Of a length that was cut in two. */
  #start: Buffer = Buffer.alloc(0)
  #maxBytes = firstFrameMaxBytes
  #isRaw = false

  constructor(emit: (bytes: Buffer) => void) {
    this.#emit = emit
  }

  /** `bytes` are copied. */
  push(bytes: Buffer): void {
    if (this.#isRaw) return this.#emit(Buffer.from(bytes))
    if (this.#frame !== undefined) return this.#fill(this.#frame, bytes)
    if (this.#start.length === 0) return this.#cut(bytes)
    const joined = Buffer.concat([this.#start, bytes])
    this.#start = Buffer.alloc(0)
    this.#cut(joined)
  }

  #fill(frame: Buffer, bytes: Buffer): void {
    const copied = bytes.copy(frame, this.#filled)
    this.#filled += copied
    if (this.#filled < frame.length) return
    this.#frame = undefined
    this.#emit(frame)
    if (copied < bytes.length) this.#cut(bytes.subarray(copied))
  }

  /** Gives on the whole frames in `bytes` and begins the one that is not. */
  #cut(bytes: Buffer): void {
    let at = 0
    while (bytes.length - at >= lengthBytes) {
      const length = bytes.readInt32BE(at)
      if (length < 0 || length > this.#maxBytes) {
        this.#isRaw = true
        return this.#emit(Buffer.from(bytes))
      }
      const end = at + lengthBytes + length
      if (end > bytes.length) {
        this.#frame = Buffer.allocUnsafeSlow(lengthBytes + length)
        break
      }
      this.#maxBytes = frameMaxBytes
      at = end
    }
    const rest = bytes.subarray(at)
    if (this.#frame !== undefined) this.#filled = rest.copy(this.#frame)
    else this.#start = Buffer.from(rest)
    if (at > 0) this.#emit(Buffer.from(bytes.subarray(0, at)))
  }
}

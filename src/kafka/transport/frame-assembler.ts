/**
 * Puts frames (four bytes of length, then so many bytes) together as a socket reads them, each large one in memory of
 * its own that is allocated once: a list of chunks that is joined at the end costs twice the memory, and collecting that
 * garbage was a fifth of what a fetching process did.
 *
 * Bytes are given on as they come, in pieces that end with a frame. What cannot be a first frame is passed on as it is,
 * for whoever reads it to tell what it is instead; a later one is refused, and nothing is given on behind it.
 */
const lengthBytes = 4
/** No answer to the first request is near this; "HTTP" read as a length is 1.2 GB. */
const firstFrameMaxBytes = 1 << 20
/** Above what a broker sends: such a length is not believed, and nothing of that size is allocated. */
const frameMaxBytes = 1 << 27

export class FrameAssembler {
  readonly #emit: (bytes: Buffer) => void
  readonly #refuse: (length: number) => void
  #frame: Buffer | undefined
  #filled = 0
  /** Of a length that was cut in two. */
  #start: Buffer = Buffer.alloc(0)
  #maxBytes = firstFrameMaxBytes
  #isRaw = false
  #isRefused = false

  /** `refuse` gets a length that no answer has. */
  constructor(emit: (bytes: Buffer) => void, refuse: (length: number) => void) {
    this.#emit = emit
    this.#refuse = refuse
  }

  /** `bytes` are copied. */
  push(bytes: Buffer): void {
    if (this.#isRefused) return
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
      if (length < 0 || length > this.#maxBytes) return this.#stop(bytes, at, length)
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

  #stop(bytes: Buffer, at: number, length: number): void {
    this.#isRaw = this.#maxBytes === firstFrameMaxBytes
    this.#isRefused = !this.#isRaw
    if (this.#isRaw) return this.#emit(Buffer.from(bytes))
    if (at > 0) this.#emit(Buffer.from(bytes.subarray(0, at)))
    this.#refuse(length)
  }
}

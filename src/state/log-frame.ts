/**
 * The bytes of a state log: the source of truth for its format. A log is the file header and then frames.
 *
 *     file header   "millrace" | format version u32
 *     frame         body length u32 | crc32c of the body u32 | crc32c of the eight bytes before u32 | body
 *     body          length of the marker | marker as JSON | changes up to the end
 *     change        4 * key space + kind | id of the key space, where it is new in this frame | key | value, of a put
 *
 * Numbers of fixed length are big-endian, others are varints; ids, keys and values have their length before them. Key
 * spaces are numbered within the frame by their first use. A frame with a marker is one commit. One without (length 0)
 * is a part of a state that was written anew: only together with the frames up to the first marker does it mean anything.
 */
import { asBuffer } from '../common/bytes.ts'
import { crc32c } from '../common/crc32c.ts'
import { readVarint, writeVarint, type ByteCursor } from '../common/varint.ts'
import { markerFormatVersion, type Marker } from './state-engine.ts'

export const fileHeaderBytes = 12
export const frameHeaderBytes = 12
/** A length is 32 bits, signed in some places; and one call of the system writes no more. */
export const maxFrameBytes = 0x7fff_0000

const magic = 'millrace'
const formatVersion = 1
const firstBufferBytes = 16 * 1024
const maxVarintBytes = 5

const kinds = { delete: 0, put: 1, clear: 2 } as const

export const fileHeader: Buffer = makeFileHeader()

function makeFileHeader(): Buffer {
  const header = Buffer.alloc(fileHeaderBytes)
  header.write(magic, 'latin1')
  header.writeUInt32BE(formatVersion, magic.length)
  return header
}

/** What is wrong with the first bytes of a file, or undefined. */
export function fileHeaderFault(header: Buffer): string | undefined {
  if (header.toString('latin1', 0, magic.length) !== magic) return 'it does not begin as a state log does'
  const version = header.readUInt32BE(magic.length)
  return version === formatVersion
    ? undefined
    : `its format version is ${version}, and this version of millrace knows ${formatVersion} only`
}

/** A frame would be longer than a frame can be; the caller says whose it is. */
export class FrameTooLongError extends Error {}

/** Writes one frame. It copies what it is given. */
export class FrameWriter {
  readonly #maxBytes: number
  readonly #numbers = new Map<string, number>()
  #buffer: Buffer
  #at = frameHeaderBytes
  #lastId: string | undefined
  #lastNumber = 0

  /** Without a marker: a part of a state that is written anew. */
  constructor(marker: Marker | undefined, maxBytes: number = maxFrameBytes) {
    this.#maxBytes = maxBytes
    this.#buffer = Buffer.allocUnsafe(Math.min(maxBytes, firstBufferBytes))
    this.#bytes(marker === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(marker)))
  }

  get byteLength(): number {
    return this.#at
  }

  change(keyspaceId: string, key: Uint8Array, value: Uint8Array | null): void {
    this.#head(keyspaceId, value === null ? kinds.delete : kinds.put)
    this.#bytes(key)
    if (value !== null) this.#bytes(value)
  }

  clear(keyspaceId: string): void {
    this.#head(keyspaceId, kinds.clear)
  }

  /** The whole frame; nothing may be written after. */
  finish(): Buffer {
    const frame = this.#buffer.subarray(0, this.#at)
    frame.writeUInt32BE(this.#at - frameHeaderBytes, 0)
    frame.writeUInt32BE(crc32c(frame.subarray(frameHeaderBytes)), 4)
    frame.writeUInt32BE(crc32c(frame.subarray(0, 8)), 8)
    return frame
  }

  #head(keyspaceId: string, kind: number): void {
    // Nearly every change is in the key space of the one before.
    if (keyspaceId === this.#lastId) {
      this.#varint(this.#lastNumber * 4 + kind)
      return
    }
    const known = this.#numbers.get(keyspaceId)
    const number = known ?? this.#numbers.size
    this.#varint(number * 4 + kind)
    if (known === undefined) {
      this.#numbers.set(keyspaceId, number)
      this.#bytes(Buffer.from(keyspaceId))
    }
    this.#lastId = keyspaceId
    this.#lastNumber = number
  }

  #varint(value: number): void {
    this.#ensure(maxVarintBytes)
    this.#at = writeVarint(this.#buffer, this.#at, value)
  }

  #bytes(bytes: Uint8Array): void {
    this.#varint(bytes.byteLength)
    this.#ensure(bytes.byteLength)
    this.#buffer.set(bytes, this.#at)
    this.#at += bytes.byteLength
  }

  #ensure(more: number): void {
    const needed = this.#at + more
    if (needed <= this.#buffer.byteLength) return
    if (needed > this.#maxBytes) throw new FrameTooLongError(`${needed} bytes are more than ${this.#maxBytes}`)
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(needed, this.#buffer.byteLength * 2)))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}

/** Where changes go. Keys are latin1 text. */
export interface ChangeTarget {
  set(key: string, value: Uint8Array | null): void
  clear(): void
}

/** Bytes with a right checksum that are no frame: another program wrote them, or a bug. */
export class FrameContentError extends Error {}

/** The length of the body that a frame header announces; undefined where its checksum is wrong. */
export function bodyBytesOf(bytes: Buffer, at: number): number | undefined {
  const expected = bytes.readUInt32BE(at + 8)
  return crc32c(bytes.subarray(at, at + 8)) === expected ? bytes.readUInt32BE(at) : undefined
}

/** Whether the frame at `at`, whose header was found right, has the body that was written. */
export function bodyIsWhole(bytes: Buffer, at: number, body: Uint8Array): boolean {
  return crc32c(body) === bytes.readUInt32BE(at + 4)
}

/** Carries out the changes of a body in their order, and returns the bytes of its marker (borrowed), or undefined. */
export function applyBody(body: Uint8Array, targetOf: (keyspaceId: string) => ChangeTarget): Buffer | undefined {
  const reader = new BodyReader(asBuffer(body))
  const markerJson = reader.bytes()
  const targets: ChangeTarget[] = []
  while (!reader.isAtEnd) {
    const head = reader.number()
    const number = head >>> 2
    if (number === targets.length) targets.push(targetOf(reader.bytes().toString()))
    const target = targets[number]
    if (target === undefined) throw new FrameContentError(`a change is in a key space ${number} that has no name`)
    applyChange(reader, target, head & 3)
  }
  return markerJson.byteLength === 0 ? undefined : markerJson
}

function applyChange(reader: BodyReader, target: ChangeTarget, kind: number): void {
  switch (kind) {
    case kinds.put: {
      const key = reader.text()
      target.set(key, reader.bytes())
      return
    }
    case kinds.delete:
      target.set(reader.text(), null)
      return
    case kinds.clear:
      target.clear()
      return
    default:
      throw new FrameContentError(`a change is of an unknown kind ${kind}`)
  }
}

/** The marker that those bytes are; throws where they are none of this version. */
export function parseMarker(json: Buffer): Marker {
  let parsed: unknown
  try {
    parsed = JSON.parse(json.toString())
  } catch {
    throw new FrameContentError('a marker is no JSON')
  }
  const version = (parsed as Partial<Marker> | null)?.formatVersion
  if (version !== markerFormatVersion) {
    throw new FrameContentError(
      `its marker has the version ${version}, and this version of millrace knows ${markerFormatVersion} only`,
    )
  }
  return parsed as Marker
}

class BodyReader {
  readonly #body: Buffer
  readonly #cursor: ByteCursor

  constructor(body: Buffer) {
    this.#body = body
    this.#cursor = { buffer: body, position: 0 }
  }

  get isAtEnd(): boolean {
    return this.#cursor.position >= this.#body.byteLength
  }

  number(): number {
    const value = readVarint(this.#cursor)
    if (value === undefined || value < 0) throw new FrameContentError('a number is cut off or negative')
    return value
  }

  /** A view, as long as the body lives. */
  bytes(): Buffer {
    const start = this.#skip()
    return this.#body.subarray(start, this.#cursor.position)
  }

  text(): string {
    const start = this.#skip()
    return this.#body.toString('latin1', start, this.#cursor.position)
  }

  /** Past bytes with their length before them; returns where they begin. */
  #skip(): number {
    const length = this.number()
    const start = this.#cursor.position
    if (start + length > this.#body.byteLength) throw new FrameContentError('bytes are cut off')
    this.#cursor.position = start + length
    return start
  }
}

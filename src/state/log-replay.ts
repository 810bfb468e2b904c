/**
 * Reads a state log back: how far it can be believed, and the state up to there. It must never let a change through that
 * is not in a whole commit, nor hold more of the file than one chunk or one frame at a time.
 *
 * The longest prefix of whole commits counts. What is behind it was being written when the process or the machine ended
 * (`torn`, an everyday end), or it is damage. Where not even the beginning can be believed the file is `unreadable`.
 */
import type { OpenFile } from '../common/file-system.ts'
import {
  applyBody,
  bodyBytesOf,
  bodyIsWhole,
  fileHeader,
  fileHeaderBytes,
  fileHeaderFault,
  FrameContentError,
  frameHeaderBytes,
  parseMarker,
} from './log-frame.ts'
import { MapKeyspaces } from './map-keyspace.ts'
import type { Marker } from './state-engine.ts'

export interface Replayed {
  readonly end: 'whole' | 'torn' | 'damaged' | 'unreadable'
  /** What was found, where the end is not whole. */
  readonly found: string
  /** Where the last whole commit ends. */
  readonly goodBytes: number
  readonly keyspaces: MapKeyspaces
  readonly marker: Marker | undefined
}

/** `chunkBytes` is read at once, or one frame where that is more. Errors of the disk are thrown. */
export async function replayLog(file: OpenFile, chunkBytes: number): Promise<Replayed> {
  try {
    return await new LogReplay(file, chunkBytes).run()
  } catch (error) {
    if (!(error instanceof FrameContentError)) throw error
    return unreadable(error.message)
  }
}

/** Of a log that has no file yet. */
export function emptyLog(): Replayed {
  return { end: 'whole', found: '', goodBytes: 0, keyspaces: new MapKeyspaces(), marker: undefined }
}

function unreadable(found: string): Replayed {
  return { ...emptyLog(), end: 'unreadable', found }
}

class LogReplay {
  readonly #file: OpenFile
  readonly #chunkBytes: number
  readonly #keyspaces = new MapKeyspaces()
  /** Of the first frame that was not taken yet. */
  #offset = fileHeaderBytes
  /** As far as is known. */
  #nextFrameBytes = frameHeaderBytes
  #goodBytes = fileHeaderBytes
  #markerJson: Buffer | undefined
  #fault: string | undefined

  constructor(file: OpenFile, chunkBytes: number) {
    this.#file = file
    this.#chunkBytes = chunkBytes
  }

  async run(): Promise<Replayed> {
    const header = await this.#file.read(0, fileHeaderBytes)
    if (header.byteLength < fileHeaderBytes) return this.#withoutHeader(header)
    const fault = fileHeaderFault(header)
    if (fault !== undefined) return unreadable(fault)
    while (this.#offset + this.#nextFrameBytes <= this.#file.size && this.#fault === undefined) {
      const left = this.#file.size - this.#offset
      const wanted = Math.min(left, Math.max(this.#chunkBytes, this.#nextFrameBytes))
      const chunk = await this.#file.read(this.#offset, wanted)
      const taken = this.#takeFrames(chunk)
      this.#offset += taken
      // Somebody else shortened the file.
      if (taken === 0 && chunk.byteLength < wanted) break
    }
    return this.#result()
  }

  /** Its first append was cut short, or it is no log. */
  #withoutHeader(bytes: Buffer): Replayed {
    if (!bytes.equals(fileHeader.subarray(0, bytes.byteLength))) {
      return unreadable('it does not begin as a state log does')
    }
    const end = bytes.byteLength === 0 ? 'whole' : 'torn'
    const found = `${bytes.byteLength} bytes of a header`
    return { end, found, goodBytes: 0, keyspaces: this.#keyspaces, marker: undefined }
  }

  /** Takes all frames that are whole in `chunk`; returns their bytes. */
  #takeFrames(chunk: Buffer): number {
    let at = 0
    for (;;) {
      this.#nextFrameBytes = frameHeaderBytes
      if (at + frameHeaderBytes > chunk.byteLength) return at
      const bodyBytes = bodyBytesOf(chunk, at)
      if (bodyBytes === undefined) {
        this.#badHeader(chunk.subarray(at, at + frameHeaderBytes), this.#offset + at)
        return at
      }
      const end = at + frameHeaderBytes + bodyBytes
      this.#nextFrameBytes = end - at
      if (end > chunk.byteLength) return at
      const body = chunk.subarray(at + frameHeaderBytes, end)
      if (!bodyIsWhole(chunk, at, body)) {
        this.#fault = `the checksum of the commit at byte ${this.#offset + at} is wrong`
        return at
      }
      this.#take(body, this.#offset + end)
      at = end
    }
  }

  #take(body: Buffer, endOffset: number): void {
    const markerJson = applyBody(body, (id) => this.#keyspaces.keyspace(id))
    if (markerJson !== undefined) {
      // A copy: the chunk is many times as large.
      this.#markerJson = Buffer.from(markerJson)
      this.#goodBytes = endOffset
    } else if (this.#markerJson !== undefined) {
      throw new FrameContentError('a part of a state that was written anew stands behind a commit')
    }
  }

  #badHeader(header: Buffer, offset: number): void {
    if (header.every((byte) => byte === 0)) {
      // What a power cut leaves where the file system had only made room: a frame that nothing completes.
      this.#nextFrameBytes = Infinity
    } else {
      this.#fault = `the checksum of the header of the commit at byte ${offset} is wrong`
    }
  }

  #result(): Replayed {
    const json = this.#markerJson
    if (json === undefined && this.#fault !== undefined) return unreadable(this.#fault)
    if (json === undefined && this.#offset > fileHeaderBytes) {
      return unreadable(`a state that was written anew ends at byte ${this.#offset} without its marker`)
    }
    return {
      end: this.#fault !== undefined ? 'damaged' : this.#goodBytes < this.#file.size ? 'torn' : 'whole',
      found: this.#fault ?? `the commit at byte ${this.#goodBytes} is incomplete`,
      goodBytes: this.#goodBytes,
      keyspaces: this.#keyspaces,
      marker: json === undefined ? undefined : parseMarker(json),
    }
  }
}

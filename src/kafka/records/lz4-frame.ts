/**
 * Looks into LZ4 frames without decompressing them, only to bound what they can become; the decompression itself is
 * WebAssembly, which takes no bound.
 */
import { ProtocolError } from '../../errors/protocol-error.ts'

const magic = 0x184d2204
const uncompressedBit = 0x8000_0000

/** An upper bound of the decompressed size. Blocks count as full where only decompression could tell. */
export function lz4MaxBytes(frame: Buffer): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== magic) throw malformed('no frame begins here')
  const flags = frame[4] ?? 0
  const blockMaxBytes = 2 ** (8 + 2 * (((frame[5] ?? 0) >> 4) & 7))
  const hasContentSize = (flags & 0x08) !== 0
  const blockChecksumBytes = (flags & 0x10) !== 0 ? 4 : 0
  const contentChecksumBytes = (flags & 0x04) !== 0 ? 4 : 0
  const dictionaryIdBytes = (flags & 0x01) !== 0 ? 4 : 0
  let at = 6 + (hasContentSize ? 8 : 0) + dictionaryIdBytes + 1
  let total = 0
  for (;;) {
    if (at + 4 > frame.length) throw malformed('it ends without an end mark')
    const word = frame.readUInt32LE(at)
    if (word === 0) {
      if (at + 4 + contentChecksumBytes !== frame.length) throw malformed('bytes follow its end')
      return total
    }
    const isStored = word >= uncompressedBit
    const size = isStored ? word - uncompressedBit : word
    if (size > frame.length - at - 4) throw malformed('a block is cut off')
    total += isStored ? size : compressedBlockMaxBytes(size, blockMaxBytes)
    at += 4 + size + blockChecksumBytes
  }
}

/** One compressed byte can stand for at most 255. */
function compressedBlockMaxBytes(size: number, blockMaxBytes: number): number {
  return Math.min(blockMaxBytes, size * 255)
}

function malformed(what: string): ProtocolError {
  return new ProtocolError('MILLRACE_BATCH_MALFORMED', `The LZ4 frame of a record batch is not valid: ${what}.`)
}

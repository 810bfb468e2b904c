/**
 * Snappy as Java's producer writes it: the framing of the xerial library (magic, two versions, then blocks of length and
 * raw snappy). Other producers write one raw block; both are read.
 */
import { snappyCompress, snappyDecompress } from '@platformatic/wasm-utils'
import { ProtocolError } from '../../errors/protocol-error.ts'

const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
const magicBytes = 8
/** The xerial library's default. */
const blockBytes = 32 * 1024

export function compressXerial(data: Buffer): Buffer {
  const parts: Buffer[] = [header]
  for (let at = 0; at < data.length; at += blockBytes) {
    const block = snappyCompress(data.subarray(at, at + blockBytes))
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

export function decompressSnappy(data: Buffer, maxBytes: number): Buffer {
  const blocks = data.indexOf(header.subarray(0, magicBytes)) === 0 ? framedBlocks(data) : [data]
  const total = blocks.reduce((sum, block) => sum + uncompressedBytes(block), 0)
  if (total > maxBytes) {
    throw new ProtocolError(
      'MILLRACE_BATCH_TOO_LARGE',
      `The ${data.length} bytes of a record batch announce ${total} bytes behind snappy; the bound is ${maxBytes}.`,
    )
  }
  const parts = blocks.map((block) => snappyDecompress(block))
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

function framedBlocks(data: Buffer): Buffer[] {
  if (data.length < header.length) throw malformed('its header is cut off')
  const blocks: Buffer[] = []
  let at = header.length
  while (at < data.length) {
    const length = at + 4 <= data.length ? data.readInt32BE(at) : -1
    if (length <= 0 || length > data.length - at - 4) throw malformed('a block is cut off')
    blocks.push(data.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return blocks
}

/** A raw block begins with the size of its content. */
function uncompressedBytes(block: Buffer): number {
  let size = 0
  for (let index = 0; index < 5; index++) {
    const byte = block[index]
    if (byte === undefined) break
    size += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return size
  }
  throw malformed('a block does not say its size')
}

function malformed(what: string): ProtocolError {
  return new ProtocolError('MILLRACE_BATCH_MALFORMED', `The snappy bytes of a record batch are not valid: ${what}.`)
}

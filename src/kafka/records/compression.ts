/**
 * Kafka's five compression types. Every decompression is bounded before it allocates: by the sizes the format announces
 * where it does (snappy), by the blocks it has (lz4), by node:zlib's limit (gzip, zstd).
 */
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { lz4Compress, lz4Decompress } from '@platformatic/wasm-utils'
import { ProtocolError } from '../../errors/protocol-error.ts'
import { lz4MaxBytes } from './lz4-frame.ts'
import { compressXerial, decompressSnappy } from './snappy-framing.ts'

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** In the order of their numbers in a batch's attributes. */
const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** A batch on disk is at most `max.message.bytes`, 1 MiB by default; this is a hundred times more. */
export const defaultMaxBatchBytes: number = 128 * 1024 * 1024

export function compressionOf(id: number): Compression {
  const compression = compressions[id]
  if (compression === undefined) {
    throw new ProtocolError(
      'MILLRACE_BATCH_FORMAT',
      `A record batch is compressed with type ${id}, which is none of ${compressions.join(', ')}.`,
    )
  }
  return compression
}

export function compressionId(compression: Compression): number {
  return compressions.indexOf(compression)
}

export function compress(compression: Compression, data: Buffer): Buffer {
  switch (compression) {
    case 'none':
      return data
    case 'gzip':
      return gzipSync(data)
    case 'snappy':
      return compressXerial(data)
    case 'lz4':
      return lz4Compress(data)
    case 'zstd':
      return zstdCompressSync(data)
  }
}

/** The decompressed bytes in memory of their own. More than `maxBytes`, or bytes that are not of the format, throw. */
export function decompress(compression: Compression, data: Buffer, maxBytes: number): Buffer {
  try {
    switch (compression) {
      case 'none':
        return data
      case 'gzip':
        return gunzipSync(data, { maxOutputLength: maxBytes })
      case 'snappy':
        return decompressSnappy(data, maxBytes)
      case 'lz4':
        return decompressLz4(data, maxBytes)
      case 'zstd':
        return zstdDecompressSync(data, { maxOutputLength: maxBytes })
    }
  } catch (error) {
    throw explain(error, compression, data, maxBytes)
  }
}

function decompressLz4(data: Buffer, maxBytes: number): Buffer {
  if (lz4MaxBytes(data) > maxBytes) throw tooLarge('lz4', data, maxBytes)
  return lz4Decompress(data)
}

function explain(error: unknown, compression: Compression, data: Buffer, maxBytes: number): ProtocolError {
  if (error instanceof ProtocolError) return error
  if (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
    return tooLarge(compression, data, maxBytes)
  }
  return new ProtocolError(
    'MILLRACE_BATCH_MALFORMED',
    `The ${data.length} bytes of a record batch are not valid ${compression}, although its checksum is right: ` +
      'the producer wrote them so.',
    { cause: error },
  )
}

export function tooLarge(compression: Compression, data: Buffer, maxBytes: number): ProtocolError {
  return new ProtocolError(
    'MILLRACE_BATCH_TOO_LARGE',
    `The ${data.length} bytes of a record batch decompress (${compression}) to more than the bound of ${maxBytes} bytes.`,
  )
}

/**
 * CRC-32C (Castagnoli), unsigned: every record batch carries one. Native code where the platform has it, else WebAssembly,
 * which copies its input. Measured on Node 24 (`test/bench/records.bench.ts`): native 0.5 GB/s on 100 bytes, 3 GB/s on
 * 1 KB and 6 GB/s from 16 KB on; WebAssembly 0.97, 1.6 and 1.7 GB/s; a slice-by-8 table in JavaScript about 0.7 GB/s.
 */
import { createRequire } from 'node:module'
import { crc32c as crc32cInWasm } from '@platformatic/wasm-utils'

type Checksum = (data: Uint8Array) => number

/** Below it the call into native code costs more than it saves. */
const nativeFromBytes = 512

const native = loadNative()

/** Without it the checksum of a large batch takes three times as long. */
export const isCrc32cNative: boolean = native !== undefined

export function crc32c(data: Uint8Array): number {
  // The WebAssembly fails on empty input once its memory has grown.
  if (data.byteLength === 0) return 0
  return native !== undefined && data.byteLength >= nativeFromBytes ? native(data) : crc32cInWasm(data)
}

/** An optional dependency: undefined where npm found no binary for this platform, or was told to leave it out. */
function loadNative(): Checksum | undefined {
  try {
    const found: unknown = createRequire(import.meta.url)('@node-rs/crc32')
    return (found as { readonly crc32c: Checksum }).crc32c
  } catch {
    return undefined
  }
}

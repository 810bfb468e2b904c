import { crc32c as crc32cInWasm } from '@platformatic/wasm-utils'

/**
 * CRC-32C (Castagnoli), unsigned. WebAssembly, although it copies its input: measured on Node 24 it does 0.97 GB/s on
 * 100 bytes and 1.4 GB/s from 1 KB to 1 MB, a slice-by-8 table in JavaScript 0.67 and 0.7 GB/s (`test/bench/records`).
 */
export function crc32c(data: Uint8Array): number {
  // The library fails on empty input once its memory has grown.
  return data.byteLength === 0 ? 0 : crc32cInWasm(data)
}

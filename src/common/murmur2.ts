const multiplier = 0x5bd1e995

/**
 * Java's `org.apache.kafka.common.utils.Utils.murmur2` (seed 0x9747b28c), as a signed 32-bit number: it decides the
 * partition of every key and must never differ from Java's by a bit.
 */
export function murmur2(data: Uint8Array): number {
  const { length } = data
  const tail = length & ~3
  let hash = 0x9747b28c ^ length
  for (let at = 0; at < tail; at += 4) {
    let word = wordAt(data, at)
    word = Math.imul(word, multiplier)
    word ^= word >>> 24
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier)
  }
  for (let at = length - 1; at >= tail; at--) hash ^= (data[at] ?? 0) << ((at - tail) * 8)
  if (length > tail) hash = Math.imul(hash, multiplier)
  hash ^= hash >>> 13
  hash = Math.imul(hash, multiplier)
  return hash ^ (hash >>> 15)
}

/** Java's `Utils.toPositive`: not the absolute value, the sign bit is cut off. */
export function toPositive(hash: number): number {
  return hash & 0x7fffffff
}

/** The partition Java's producer gives a key. */
export function murmur2Partition(key: Uint8Array, partitionCount: number): number {
  return toPositive(murmur2(key)) % partitionCount
}

function wordAt(data: Uint8Array, at: number): number {
  return (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24)
}

/**
 * The order in which Java walks over a HashSet of byte strings. Where Java's Kafka Streams logs from such a set, that
 * order is the order of the records. Keys are latin1 text.
 */
const minTableSize = 16

export class HashSetOrder {
  /** A power of two. It grows with the set, and keeps its size when the set is emptied. */
  #tableSize = minTableSize

  /** `keys` in order of insertion, all that there are in the set since it was empty. */
  sort(keys: Iterable<string>): string[] {
    const sorted = [...keys]
    while (sorted.length > this.#tableSize * 0.75) this.#tableSize *= 2
    if (sorted.length < 2) return sorted
    const mask = this.#tableSize - 1
    const buckets = new Map(sorted.map((key) => [key, bucketHash(key) & mask]))
    // Within a bucket the order is that of insertion, and the sort is stable.
    return sorted.sort((one, two) => (buckets.get(one) as number) - (buckets.get(two) as number))
  }
}

/** java.util.Arrays.hashCode of the bytes, spread as java.util.HashMap does it. */
function bucketHash(key: string): number {
  let hash = 1
  for (let i = 0; i < key.length; i++) hash = (Math.imul(31, hash) + ((key.charCodeAt(i) << 24) >> 24)) | 0
  return hash ^ (hash >>> 16)
}

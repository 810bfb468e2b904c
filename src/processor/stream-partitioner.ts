import type { Headers } from '../common/headers.ts'

/** null = the default partitioner; an empty array = drop the record; several = multicast (KIP-873). */
export type StreamPartitioner<K, V> = (
  value: V | null,
  key: K | null,
  options: { readonly topic: string; readonly partitions: number; readonly headers: Headers },
) => number | readonly number[] | null

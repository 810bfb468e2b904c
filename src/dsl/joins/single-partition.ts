/** The partitioners of a foreign-key join's internal topics (KIP-775, KIP-837). */
import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'
import type { StreamPartitioner } from '../../processor/stream-partitioner.ts'

/**
 * The user's partitioner, which sees keys only, since the values are the join's own, and may choose one partition only:
 * a row is in one place. `sink` is named when it does not.
 */
export function singlePartition<K>(
  sink: string,
  partitioner: StreamPartitioner<K, unknown> | undefined,
): StreamPartitioner<K, unknown> | undefined {
  if (partitioner === undefined) return undefined
  return (_value, key, options) => {
    const chosen: unknown = partitioner(null, key, options)
    if (isThenable(chosen)) refusePromise(sink, 'partitioner', chosen)
    if (!Array.isArray(chosen)) return chosen as number | null
    const [partition] = chosen as readonly number[]
    if (partition !== undefined && chosen.length === 1) return partition
    return refuseResult(sink, 'partitioner', 'one partition, or null, as a row of a table is in one partition', chosen)
  }
}

/** What only each broker knows of itself: which groups and transactions it coordinates. */
import { retrying } from './backoff.ts'
import type { RetryOptions } from './backoff.ts'
import type { Cluster } from './cluster.ts'

/**
 * Asks all brokers of the newest metadata; an answer of one is kept while others are asked again. A broker that is gone
 * from the metadata meanwhile is not waited for: others answer for what it coordinated.
 */
export async function onEveryBroker<T>(
  cluster: Cluster,
  options: RetryOptions,
  attempt: (nodeId: number) => Promise<T>,
): Promise<readonly T[]> {
  const answers = new Map<number, T>()
  return retrying(cluster, options, async () => {
    await cluster.refresh()
    const nodeIds = [...cluster.metadata.nodes.keys()]
    const open = nodeIds.filter((nodeId) => !answers.has(nodeId))
    const results = await Promise.allSettled(open.map(async (nodeId) => answers.set(nodeId, await attempt(nodeId))))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return nodeIds.flatMap((nodeId) => {
      const answer = answers.get(nodeId)
      return answer === undefined ? [] : [answer]
    })
  })
}

/** Input topics that are deleted, or deleted and made anew, under a running application: it stops and says so. */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import type { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

function failureOf(app: KafkaStreams): Promise<Error & { readonly code?: string }> {
  return new Promise((resolve) => app.on('error', ({ error }) => resolve(error)))
}

async function countOne(cluster: Cluster): Promise<KafkaStreams> {
  const app = cluster.app(countByKey())
  await app.start()
  await cluster.produce('in', [['k', 'a']])
  await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
  return app
}

describe('an application whose input topic', () => {
  it('is deleted stops, naming it', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = await countOne(cluster)
    const failed = failureOf(app)
    await cluster.client.admin.deleteTopics(['in'])
    const error = await failed
    expect(error.code).toBe('MILLRACE_TOPIC_DELETED')
    expect(error.message).toContain("'in'")
  })

  it('is deleted and made anew stops, and counts nothing of the new one', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = await countOne(cluster)
    const failed = failureOf(app)
    await cluster.client.admin.deleteTopics(['in'])
    await cluster.kafka.createTopic('in', { partitions: 1 })
    await cluster.produce('in', [
      ['k', 'b'],
      ['k', 'c'],
      ['k', 'd'],
    ])
    expect((await failed).code).toBe('MILLRACE_TOPIC_RECREATED')
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 1]]))
  })
})

/** Global tables on Apache Kafka: two instances have all of the table, and a restart goes on with what is on disk. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { noHeaders } from '../../src/common/headers.ts'
import { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { lookUpNames, output, produceTo, restoresOf, untilJoined } from '../support/global-app.ts'
import { useRealCluster } from '../support/real-cluster.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'

const lacks = await whatRealKafkaLacks()
if (lacks !== undefined) console.log(lacks)

describe.skipIf(lacks !== undefined)('a global table on Apache Kafka', () => {
  const cluster = useRealCluster()

  it('is complete in two instances, has nothing that was aborted, and is on disk after a restart', async () => {
    const { kafka, client } = cluster()
    await kafka.createTopics({ names: 3, in: 2, out: 1 })
    for (const [partition, row] of [['a', 'Anna'] as const, ['b', 'Bert'] as const].entries()) {
      await produceTo(client, 'names', partition, [row])
    }
    const producer = client.producer({ transactionalId: 'names', transactionTimeoutMs: 30_000 })
    await producer.init()
    producer.append('names', 2, Buffer.from('a'), Buffer.from('aborted'), 1, noHeaders)
    await producer.flush()
    await producer.abort()
    await producer.close()

    const stateDir = await mkdtemp(path.join(tmpdir(), 'millrace-global-'))
    const app = (): KafkaStreams =>
      new KafkaStreams(lookUpNames(), { applicationId: 'global', kafka: kafka.connection, stateDir })
    try {
      {
        await using one = app()
        await using other = app()
        await Promise.all([one.start(), other.start()])
        await produceTo(client, 'in', 0, [['k', 'a']])
        await produceTo(client, 'in', 1, [['k', 'b']])
        const values = await output(client, 2)
        expect(new Set(values)).toEqual(new Set(['a=Anna', 'b=Bert']))
      }
      await using again = app()
      const events = restoresOf(again)
      await again.start()
      expect(events.at(-1)).toMatchObject({ store: 'names', restored: 0, done: true })
      await produceTo(client, 'names', 2, [['c', 'Carl']])
      await untilJoined(client, 'c', 'c=Carl', 2)
    } finally {
      await rm(stateDir, { recursive: true, force: true })
    }
  })
})

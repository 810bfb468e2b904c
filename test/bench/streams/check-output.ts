/** Whether a run wrote what it should have: read as a read_committed consumer reads it. */
import { partitionsOf, readToEnd } from '../../../src/cli/topic-reader.ts'
import { systemClock } from '../../../src/common/clock.ts'
import { noHeaders } from '../../../src/common/headers.ts'
import { silentLogger } from '../../../src/common/logger.ts'
import { systemRandom } from '../../../src/common/random.ts'
import { createKafkaClient } from '../../../src/kafka/client/client.ts'
import { KafkajsTransport } from '../../../src/kafka/transport/kafkajs-transport.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { BenchCase } from './cases.ts'

/** Throws where records, or counts, do not add up to `n`. */
export async function checkOutput(port: number, { workload }: BenchCase, topic: string, n: number): Promise<void> {
  const transport = new KafkajsTransport({
    bootstrap: [{ host: '127.0.0.1', port }],
    clientId: 'check',
    clock: systemClock,
  })
  const client = createKafkaClient({
    transport,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    clientId: 'check',
  })
  await client.connect()
  try {
    const isCount = workload === 'count' || workload === 'rekey'
    const counts = new Map<string, number>()
    let records = 0
    await readToEnd(client, partitionsOf(topic, 4), (key, value) => {
      records++
      if (!isCount || key === null || value === null) return
      const count = serdes.int64.deserialize(value, topic, noHeaders)
      const word = key.toString('latin1')
      if (count <= (counts.get(word) ?? 0))
        throw new Error(`${topic}: ${word} counts ${counts.get(word)}, then ${count}`)
      counts.set(word, count)
    })
    const found = isCount ? [...counts.values()].reduce((sum, count) => sum + count, 0) : records
    if (found !== n) throw new Error(`${topic}: ${isCount ? 'the counts add up to' : 'there are'} ${found}, not ${n}`)
  } finally {
    await client.close()
  }
}

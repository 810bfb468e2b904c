/** One run of `client-bench.ts`: prints records, CPU and wall time as JSON. */
import { Kafka, logLevel } from 'kafkajs'
import { systemClock } from '../../../src/common/clock.ts'
import { noHeaders } from '../../../src/common/headers.ts'
import { silentLogger } from '../../../src/common/logger.ts'
import { systemRandom } from '../../../src/common/random.ts'
import { topicPartitionKey } from '../../../src/common/topic-partition.ts'
import { createKafkaClient } from '../../../src/kafka/client/client.ts'
import type { KafkaClient } from '../../../src/kafka/client/kafka-client.ts'
import { KafkajsTransport } from '../../../src/kafka/transport/kafkajs-transport.ts'

const [client = '', job = '', port = '', topic = '', count = '0'] = process.argv.slice(2)
const records = Number(count)
const partitions = 4
const keys = Array.from({ length: 1000 }, (_, index) => Buffer.from(`key-${index}`.padEnd(16)))
const value = Buffer.alloc(84, 'v')

async function ours(): Promise<KafkaClient> {
  const bootstrap = [{ host: '127.0.0.1', port: Number(port) }]
  const made = createKafkaClient({
    transport: new KafkajsTransport({ bootstrap, clientId: 'bench', clock: systemClock }),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    clientId: 'bench',
  })
  await made.connect()
  return made
}

const jobs: Readonly<Record<string, () => Promise<void>>> = {
  'millrace produce': async () => {
    const kafka = await ours()
    await kafka.admin.createTopics([{ name: topic, partitions, replicationFactor: 1, config: {} }])
    const producer = kafka.producer({})
    await producer.init()
    const now = Date.now()
    for (let index = 0; index < records; index++) {
      const key = keys[index % keys.length] ?? null
      if (!producer.append(topic, index % partitions, key, value, now, noHeaders)) await producer.drained()
      if (index % 10_000 === 0) await systemClock.yieldTurn()
    }
    await producer.flush()
    await kafka.close()
  },
  'millrace consume': async () => {
    const kafka = await ours()
    const fetcher = kafka.fetcher({ name: 'bench', isolation: 'read_committed' })
    fetcher.assign(new Map(Array.from({ length: partitions }, (_, index) => [topicPartitionKey(topic, index), 0])))
    let seen = 0
    let bytes = 0
    while (seen < records) {
      await fetcher.wait(1000)
      for (const set of fetcher.take()) {
        const cursor = set.cursor()
        while (cursor.next()) {
          seen++
          bytes += cursor.keyLength + cursor.valueLength
        }
      }
    }
    if (bytes !== records * 100) throw new Error(`${bytes} bytes`)
    await kafka.close()
  },
  'kafkajs produce': async () => {
    const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] })
    await admin.disconnect()
    const producer = kafka.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    for (let from = 0; from < records; from += 10_000) {
      const messages = Array.from({ length: Math.min(10_000, records - from) }, (_, index) => ({
        key: keys[index % keys.length] ?? null,
        value,
        partition: index % partitions,
      }))
      await producer.send({ topic, messages })
    }
    await producer.disconnect()
  },
  'kafkajs consume': async () => {
    const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING })
    const consumer = kafka.consumer({ groupId: `${topic}-group` })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    let seen = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    await consumer.run({
      eachBatch: async ({ batch }) => {
        seen += batch.messages.length
        if (seen >= records) resolve()
      },
    })
    await promise
  },
}

const began = performance.now()
const cpu = process.cpuUsage()
await jobs[`${client} ${job}`]?.()
const { user, system } = process.cpuUsage(cpu)
process.stdout.write(JSON.stringify({ records, cpuMs: (user + system) / 1000, wallMs: performance.now() - began }))
process.exit(0)

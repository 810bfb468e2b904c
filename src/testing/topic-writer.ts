/** Writing typed records to a topic of a real broker for a test: acknowledged by all replicas, and written once. */
import { systemClock } from '../common/clock.ts'
import { noHeaders } from '../common/headers.ts'
import type { Headers } from '../common/headers.ts'
import { murmur2Partition } from '../common/murmur2.ts'
import { systemRandom } from '../common/random.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { bytesSerde } from '../serde/basic-serdes.ts'
import type { Serde } from '../serde/serde.ts'
import { refuseTimestamp } from './test-topics.ts'
import type { InputRecord } from './test-topics.ts'
import type { TestSerdes } from './topic-records.ts'

export interface WriteOptions {
  /** All records in one transaction, which is committed or aborted; default: none. */
  readonly transaction?: 'commit' | 'abort'
}

const transactionTimeoutMs = 60_000
const lingerMs = 5

export async function writeRecords<K, V>(
  client: KafkaClient,
  target: { readonly topic: string; readonly partitions: number },
  serdes: TestSerdes<K, V>,
  records: Iterable<InputRecord<K, V>>,
  { transaction }: WriteOptions,
): Promise<void> {
  const producer = client.producer({
    lingerMs,
    ...(transaction !== undefined && {
      transactionalId: `millrace-test-kit-${systemRandom.uuid()}`,
      transactionTimeoutMs,
    }),
  })
  const { topic, partitions } = target
  try {
    await producer.init()
    let index = 0
    for (const record of records) {
      check(record, target)
      const { key = null, value = null, headers = noHeaders, timestamp = systemClock.now() } = record
      const keyBytes = bytesOf(serdes.key, key, topic, headers)
      const valueBytes = bytesOf(serdes.value, value, topic, headers)
      const chosen = keyBytes === null ? index % partitions : murmur2Partition(keyBytes, partitions)
      index++
      if (!producer.append(topic, record.partition ?? chosen, keyBytes, valueBytes, timestamp, headers)) {
        await producer.drained()
      }
    }
    await producer.flush()
    if (transaction === 'commit') await producer.commit()
    if (transaction === 'abort') await producer.abort()
  } finally {
    await producer.close()
  }
}

function check<K, V>(
  { timestamp, partition }: InputRecord<K, V>,
  { topic, partitions }: { readonly topic: string; readonly partitions: number },
): void {
  if (timestamp !== undefined && !Number.isInteger(timestamp)) refuseTimestamp(topic, timestamp)
  if (partition === undefined || (Number.isInteger(partition) && partition >= 0 && partition < partitions)) return
  throw new TestingError(
    'MILLRACE_TEST_PARTITION_UNKNOWN',
    `topic ${topic} has no partition ${partition}, only 0 to ${partitions - 1}`,
  )
}

/** Without a serde the values are bytes, which the types of the callers say. */
function bytesOf<T>(serde: Serde<T> | undefined, value: T | null, topic: string, headers: Headers): Uint8Array | null {
  if (value === null) return null
  return (serde ?? (bytesSerde as unknown as Serde<T>)).serialize(value, topic, headers)
}

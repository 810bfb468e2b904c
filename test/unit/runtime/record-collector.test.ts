import { describe, expect, it } from 'vitest'
import { noHeaders } from '../../../src/common/headers.ts'
import type { Headers } from '../../../src/common/headers.ts'
import { singleRecordBatchBytes } from '../../../src/kafka/records/batch-builder.ts'
import type { Producer } from '../../../src/kafka/client/kafka-client.ts'
import { noTimestamp } from '../../../src/processor/record-sink.ts'
import { RecordCollector } from '../../../src/runtime/record-collector.ts'
import { FakeKafka } from '../../support/fake-kafka.ts'
import { ManualClock } from '../../support/manual-clock.ts'

interface Bed {
  readonly kafka: FakeKafka
  readonly collector: RecordCollector
  /** `topic-partition key=value` of every append. */
  readonly appended: string[]
  readonly producer: { isFull: boolean; flushes: number }
  readonly send: (
    topic: string,
    partition: number,
    key: string | null,
    value?: string | null,
    headers?: Headers,
  ) => void
}

function bed(topics: Readonly<Record<string, number>>, limits: Readonly<Record<string, number>> = {}): Bed {
  const kafka = new FakeKafka()
  for (const [name, partitions] of Object.entries(topics)) kafka.topics.set(name, partitions)
  for (const [name, limit] of Object.entries(limits)) {
    kafka.topicConfigs.set(name, new Map([['max.message.bytes', String(limit)]]))
  }
  const appended: string[] = []
  const state = { isFull: false, flushes: 0 }
  const producer: Partial<Producer> = {
    append: (topic, partition, key, value) => {
      appended.push(`${topic}-${partition} ${text(key)}=${text(value)}`)
      return !state.isFull
    },
    recordBytes: singleRecordBatchBytes,
    drained: () => Promise.resolve(),
    flush: async () => void state.flushes++,
  }
  const collector = new RecordCollector(kafka.client, producer as Producer)
  const send: Bed['send'] = (topic, partition, key, value = 'v', headers = noHeaders) =>
    collector.append(topic, partition, bytes(key), bytes(value), 0, headers)
  return { kafka, collector, appended, producer: state, send }
}

const text = (part: Uint8Array | null): string => (part === null ? 'null' : Buffer.from(part).toString())
const bytes = (part: string | null): Buffer | null => (part === null ? null : Buffer.from(part))

describe('RecordCollector', () => {
  it('gives a record without a timestamp the time of its clock', async () => {
    const kafka = new FakeKafka()
    kafka.topics.set('out', 1)
    const times: number[] = []
    const producer: Partial<Producer> = { append: (_t, _p, _k, _v, timestamp) => times.push(timestamp) > 0 }
    const collector = new RecordCollector(kafka.client, producer as Producer, new ManualClock(77))
    await collector.prepareTopics(['out'])
    for (const timestamp of [noTimestamp, 5]) collector.append('out', 0, null, null, timestamp, noHeaders)
    expect(times).toEqual([77, 5])
  })

  it("chooses partitions as Java's producer does: by murmur2 of the key, or as it is told", async () => {
    const { collector, send, appended } = bed({ out: 10 })
    await collector.prepareTopics(['out'])
    // Hashes known of org.apache.kafka.common.utils.Utils: 479470107, -790332482 and -973932308.
    for (const key of ['abc', 'foobar', '21']) send('out', -1, key)
    send('out', 9, 'abc')
    expect(appended).toEqual(['out-7 abc=v', 'out-6 foobar=v', 'out-0 21=v', 'out-9 abc=v'])
  })

  it("keeps records without a key on one partition for a batch's worth of bytes, then moves on", async () => {
    const { collector, send, appended } = bed({ out: 3 })
    await collector.prepareTopics(['out'])
    const value = 'x'.repeat(4096)
    for (let i = 0; i < 13; i++) send('out', -1, null, value)
    const partitions = appended.map((record) => Number(record.slice(4, 5)))
    expect(partitions).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2])
  })

  it('partitions by the new count once a topic has another, and says what it goes by', async () => {
    const { collector, send, appended } = bed({ out: 1 })
    await collector.prepareTopics(['out'])
    send('out', -1, 'abc')
    const metadata = { name: 'out', topicId: 'b', internal: false, partitionCount: 10 }
    collector.resize(metadata)
    send('out', -1, 'abc')
    expect(appended).toEqual(['out-0 abc=v', 'out-7 abc=v'])
    expect(collector.partitionCount('out')).toBe(10)
    expect(collector.written).toEqual(new Map([['out', metadata]]))
  })

  it('leaves no record without a key on a partition that a smaller topic of the same name lacks', async () => {
    const { collector, send, appended } = bed({ out: 3 })
    await collector.prepareTopics(['out'])
    for (let i = 0; i < 5; i++) send('out', -1, null, 'x'.repeat(4096))
    collector.resize({ name: 'out', topicId: 'b', internal: false, partitionCount: 1 })
    send('out', -1, null)
    expect(appended.at(-2)).toMatch(/^out-1 /)
    expect(appended.at(-1)).toMatch(/^out-0 /)
  })

  it('admits a record whose batch is as large as the topic admits, and refuses one byte more', async () => {
    const limit = 1000
    const { collector, send, appended } = bed({ out: 1 }, { out: limit })
    await collector.prepareTopics(['out'])
    const overhead = singleRecordBatchBytes(Buffer.from('k'), Buffer.alloc(900), noHeaders) - 900
    send('out', 0, 'k', 'x'.repeat(limit - overhead))
    expect(appended).toHaveLength(1)
    expect(() => send('out', 0, 'k', 'x'.repeat(limit - overhead + 1))).toThrowError(
      expect.objectContaining({ code: 'MILLRACE_RECORD_TOO_LARGE', topic: 'out' }),
    )
    expect(appended).toHaveLength(1)
  })

  it('counts headers, too', async () => {
    const { collector, send } = bed({ out: 1 }, { out: 1000 })
    await collector.prepareTopics(['out'])
    expect(() => send('out', 0, 'k', 'small', [['h', Buffer.alloc(1000)]])).toThrowError(
      expect.objectContaining({ code: 'MILLRACE_RECORD_TOO_LARGE' }),
    )
  })

  it('lets those who write to a topic that it does not know wait until the broker was asked, in their order', async () => {
    const { kafka, collector, send, appended, producer } = bed({})
    const sends: string[] = []
    const later = (topic: string, name: string): void =>
      collector.whenKnown(topic, 1, (missing) => {
        sends.push(`${name} ${missing === undefined ? 'sends' : 'misses'}`)
        if (missing === undefined) send(topic, -1, name)
      })
    later('new', 'one')
    later('other', 'two')
    later('new', 'three')
    expect(collector.partitionCount('new')).toBeUndefined()
    kafka.topics.set('new', 1)
    await collector.flush()
    expect(sends).toEqual(['one sends', 'two misses', 'three sends'])
    expect(appended).toEqual(['new-0 one=v', 'new-0 three=v'])
    expect(producer.flushes).toBe(1)
    expect(collector.partitionCount('new')).toBe(1)
  })

  it('resolves what those who waited wait for in turn', async () => {
    const { kafka, collector, send, appended } = bed({})
    kafka.topics.set('first', 1).set('second', 1)
    collector.whenKnown('first', 1, () => collector.whenKnown('second', 1, () => send('second', -1, 'k')))
    await collector.drained()
    expect(appended).toEqual(['second-0 k=v'])
  })

  it('forgets at a rollback who waits, also while the broker is being asked', async () => {
    const { kafka, collector, send, appended } = bed({})
    kafka.topics.set('new', 1)
    collector.whenKnown('new', 1, () => send('new', -1, 'before'))
    const resolved = collector.resolveTopics()
    collector.discard()
    collector.whenKnown('new', 1, () => send('new', -1, 'after'))
    await resolved
    expect(appended).toEqual(['new-0 after=v'])
  })

  it('has sealed all batches when flush returns, so that what is appended next is not among them', () => {
    const { collector, producer } = bed({})
    void collector.flush()
    expect(producer.flushes).toBe(1)
  })

  it('names the output topic that does not exist and is not created on first use', async () => {
    const { collector } = bed({ there: 1 })
    await expect(collector.prepareTopics(['there', 'missing'])).rejects.toMatchObject({
      code: 'MILLRACE_SINK_TOPIC_MISSING',
      topic: 'missing',
    })
  })

  it('is full when the producer says so or too much waits, until it is drained or rolled back', async () => {
    const { kafka, collector, send, producer } = bed({ out: 1 })
    await collector.prepareTopics(['out'])
    producer.isFull = true
    send('out', 0, 'k')
    expect(collector.isFull).toBe(true)
    producer.isFull = false
    await collector.drained()
    expect(collector.isFull).toBe(false)

    for (let i = 0; i < 10_000; i++) collector.whenKnown('new', 1, () => undefined)
    expect(collector.isFull).toBe(true)
    collector.discard()
    expect(collector.isFull).toBe(false)
    collector.whenKnown('new', 20_000_000, () => undefined)
    expect(collector.isFull).toBe(true)
    collector.discard()
    expect(collector.isFull).toBe(false)
    kafka.topics.set('new', 1)
    await collector.flush()
    expect(collector.partitionCount('new')).toBeUndefined()
  })
})

import { describe, expect, it } from 'vitest'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { errorCodes } from '../../src/kafka/protocol/error-codes.ts'
import { fetchFrom, produceTo, rawBatch, type RawKafka } from '../support/raw-kafka.ts'
import { eventually, type Suite } from './broker-suite-context.ts'

export function logCases(suite: Suite): void {
  describe('producing', () => {
    it('assigns offsets and leaves the batch as it is', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const batch = rawBatch({ values: ['a', 'b', 'c'], compression: 'gzip' })
      expect((await produceTo(kafka, topic, batch)).baseOffset).toBe(0)
      expect(await produceTo(kafka, topic, { values: ['d'] })).toMatchObject({ errorCode: 0, baseOffset: 3 })
      const { records, batches, highWatermark } = await fetchFrom(kafka, topic, 0)
      expect(records).toEqual(['0:a', '1:b', '2:c', '3:d'])
      expect(highWatermark).toBe(4)
      expect(batches[0]?.bytes.subarray(16).equals(batch.subarray(16))).toBe(true)
      expect(batches[1]?.partitionLeaderEpoch).toBe(0)
    })

    it('does not answer with acks 0, and appends', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const partitionData = [{ index: 0, records: rawBatch({ values: ['a'] }) }]
      kafka.write(apis.Produce, 9, { acks: 0, timeoutMs: 1000, topicData: [{ name: topic, partitionData }] })
      expect(await produceTo(kafka, topic, { values: ['b'] })).toMatchObject({ errorCode: 0, baseOffset: 1 })
    })

    it('closes the connection when it refuses what has acks 0, after those before it', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const send = (index: number): void => {
        const partitionData = [{ index, records: rawBatch({ values: ['a'] }) }]
        kafka.write(apis.Produce, 9, { acks: 0, timeoutMs: 1000, topicData: [{ name: topic, partitionData }] })
      }
      send(0)
      send(1)
      await expect(fetchFrom(kafka, topic, 0)).rejects.toThrow('the broker closed the connection')
      expect((await fetchFrom(await suite.connect(), topic, 0)).records).toEqual(['0:a'])
    })

    it.each([
      ['a changed byte', () => flipLast(rawBatch({ values: ['a'] })), errorCodes.CORRUPT_MESSAGE],
      ['no records', () => Buffer.alloc(0), errorCodes.INVALID_RECORD],
      [
        'a record from the future',
        () => rawBatch({ values: ['a'], timestamps: [Date.now() + 7_200_000] }),
        errorCodes.INVALID_TIMESTAMP,
      ],
      ['a batch above max.message.bytes', () => rawBatch({ values: ['x'.repeat(3000)] }), errorCodes.MESSAGE_TOO_LARGE],
    ])('refuses %s', async (_, batch, errorCode) => {
      const topic = await suite.createTopic({ config: { 'max.message.bytes': '2000' } })
      const kafka = await suite.connect()
      expect((await produceTo(kafka, topic, batch())).errorCode).toBe(errorCode)
      expect((await fetchFrom(kafka, topic, 0)).highWatermark).toBe(0)
    })

    it('refuses acks that do not exist, topics and partitions that do not exist', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const code = async (name: string, options: Parameters<typeof produceTo>[3]): Promise<number> =>
        (await produceTo(kafka, name, { values: ['a'] }, options)).errorCode
      expect(await code(topic, { acks: 7 })).toBe(errorCodes.INVALID_REQUIRED_ACKS)
      expect(await code(topic, { partition: 1 })).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
      expect(await code(suite.name('absent'), {})).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('refuses a record without key on a compacted topic', async () => {
      const topic = await suite.createTopic({ config: { 'cleanup.policy': 'compact' } })
      const kafka = await suite.connect()
      const answer = await produceTo(kafka, topic, { values: ['a'], key: null })
      expect(answer.errorCode).toBe(errorCodes.INVALID_RECORD)
      expect((await produceTo(kafka, topic, { values: ['a', null] })).errorCode).toBe(0)
    })

    it('stamps its own time where the topic says LogAppendTime', async () => {
      const topic = await suite.createTopic({ config: { 'message.timestamp.type': 'LogAppendTime' } })
      const kafka = await suite.connect()
      const before = Date.now()
      const answer = await produceTo(kafka, topic, { values: ['a'], timestamps: [5] })
      expect(answer.logAppendTimeMs).toBeGreaterThanOrEqual(before)
      const [batch] = (await fetchFrom(kafka, topic, 0)).batches
      expect(batch?.isLogAppendTime).toBe(true)
      expect(batch?.maxTimestamp).toBe(answer.logAppendTimeMs)
      expect(batch?.isCrcValid).toBe(true)
    })

    it('takes topic ids from version 13 on', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const { topics } = await kafka.send(apis.Metadata, 12, { topics: [{ name: topic }] })
      const topicId = topics[0]?.topicId ?? ''
      const send = async (id: string): Promise<number | undefined> => {
        const partitionData = [{ index: 0, records: rawBatch({ values: ['a'] }) }]
        const topicData = [{ topicId: id, partitionData }]
        const answer = await kafka.send(apis.Produce, 13, { acks: -1, timeoutMs: 1000, topicData })
        return answer.responses[0]?.partitionResponses[0]?.errorCode
      }
      expect(await send(topicId)).toBe(0)
      expect(await send('00000000-0000-0000-0000-0000000000aa')).toBe(errorCodes.UNKNOWN_TOPIC_ID)
      const fetched = async (id: string): Promise<number | undefined> => {
        const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
        const answer = await kafka.send(apis.Fetch, 17, { topics: [{ topicId: id, partitions }] })
        return answer.responses[0]?.partitions[0]?.errorCode
      }
      expect(await fetched(topicId)).toBe(0)
      expect(await fetched('00000000-0000-0000-0000-0000000000aa')).toBe(errorCodes.UNKNOWN_TOPIC_ID)
    })
  })

  describe('idempotence', () => {
    it('acknowledges a repeated batch with its first offset, up to five batches back', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const producerId = await newProducerId(kafka)
      const send = (sequence: number) => produceTo(kafka, topic, { values: ['a', 'b'], producerId, sequence })
      for (const sequence of [0, 2, 4, 6, 8, 10]) expect((await send(sequence)).baseOffset).toBe(sequence)
      expect(await send(2)).toMatchObject({ errorCode: 0, baseOffset: 2 })
      expect(await send(10)).toMatchObject({ errorCode: 0, baseOffset: 10 })
      expect((await send(0)).errorCode).toBe(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER)
      expect((await fetchFrom(kafka, topic, 0)).highWatermark).toBe(12)
    })

    it('refuses a gap, and takes what was expected after it', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const producerId = await newProducerId(kafka)
      const send = (sequence: number) => produceTo(kafka, topic, { values: ['a'], producerId, sequence })
      expect((await send(0)).errorCode).toBe(0)
      expect((await send(2)).errorCode).toBe(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER)
      expect((await send(1)).errorCode).toBe(0)
    })

    it('goes on from 2^31 - 1 with 0', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const producerId = await newProducerId(kafka)
      const last = 2 ** 31 - 1
      expect((await produceTo(kafka, topic, { values: ['a'], producerId, sequence: last - 1 })).errorCode).toBe(0)
      expect((await produceTo(kafka, topic, { values: ['b', 'c', 'd'], producerId, sequence: last })).errorCode).toBe(0)
      expect((await produceTo(kafka, topic, { values: ['e'], producerId, sequence: 2 })).errorCode).toBe(0)
    })

    it('begins at 0 with a new epoch and refuses the old one', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const producerId = await newProducerId(kafka)
      const send = (epoch: number, sequence: number) =>
        produceTo(kafka, topic, { values: ['a'], producerId, epoch, sequence })
      expect((await send(0, 0)).errorCode).toBe(0)
      expect((await send(1, 1)).errorCode).toBe(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER)
      expect((await send(1, 0)).errorCode).toBe(0)
      expect((await send(0, 1)).errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
    })
  })

  describe('fetching', () => {
    it('waits for bytes, and not longer than it may', async () => {
      const topic = await suite.createTopic()
      const [reader, writer] = [await suite.connect(), await suite.connect()]
      expect((await fetchFrom(reader, topic, 0, { maxWaitMs: 50 })).records).toEqual([])
      const waiting = fetchFrom(reader, topic, 0, { maxWaitMs: 20_000 })
      await produceTo(writer, topic, { values: ['a'] })
      expect((await waiting).records).toEqual(['0:a'])
      const filling = fetchFrom(reader, topic, 1, { maxWaitMs: 20_000, minBytes: 400 })
      await produceTo(writer, topic, { values: ['b'] })
      await produceTo(writer, topic, { values: ['c'.repeat(400)] })
      expect((await filling).records).toHaveLength(2)
    })

    it('gives the batch that holds the offset, and one batch above every limit', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      await produceTo(kafka, topic, { values: ['a', 'b', 'c'] })
      await produceTo(kafka, topic, { values: ['d'.repeat(500)] })
      expect((await fetchFrom(kafka, topic, 2)).records.slice(0, 3)).toEqual(['0:a', '1:b', '2:c'])
      const limits = { partitionMaxBytes: 10, maxBytes: 10 }
      expect((await fetchFrom(kafka, topic, 3, limits)).records).toHaveLength(1)
      expect((await fetchFrom(kafka, topic, 0, { partitionMaxBytes: 10 })).records).toEqual(['0:a', '1:b', '2:c'])
    })

    it('refuses offsets outside of the log, and knows leader epochs', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      await produceTo(kafka, topic, { values: ['a'] })
      const code = async (offset: number, options = {}): Promise<number> =>
        (await fetchFrom(kafka, topic, offset, options)).errorCode
      expect(await code(1)).toBe(0)
      expect(await code(2)).toBe(errorCodes.OFFSET_OUT_OF_RANGE)
      expect(await code(-1)).toBe(errorCodes.OFFSET_OUT_OF_RANGE)
      expect(await code(0, { currentLeaderEpoch: 0 })).toBe(0)
      expect(await code(0, { currentLeaderEpoch: 1 })).toBe(errorCodes.UNKNOWN_LEADER_EPOCH)
      expect(await code(0, { partition: 1 })).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('shares the bytes of one answer among partitions, in the order of the request', async () => {
      const topic = await suite.createTopic({ partitions: 2 })
      const kafka = await suite.connect()
      for (const partition of [0, 1]) await produceTo(kafka, topic, { values: ['a'.repeat(300)] }, { partition })
      const asked = (partition: number) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1000 })
      const { responses } = await kafka.send(apis.Fetch, 11, {
        maxBytes: 200,
        minBytes: 1,
        maxWaitMs: 100,
        topics: [{ topic, partitions: [asked(1), asked(0)] }],
      })
      const byIndex = new Map(responses[0]?.partitions.map((one) => [one.partitionIndex, one.records?.length]))
      expect(byIndex.get(1)).toBeGreaterThan(300)
      expect(byIndex.get(0)).toBe(0)
    })

    it('refuses a session that it did not open', async () => {
      const kafka = await suite.connect()
      const { errorCode } = await kafka.send(apis.Fetch, 12, { sessionId: 77, sessionEpoch: 3, topics: [] })
      expect(errorCode).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
    })
  })

  describe('offsets of a log', () => {
    it('are found by earliest, latest, largest timestamp and time', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      const now = Date.now()
      await produceTo(kafka, topic, { values: ['a', 'b'], timestamps: [now - 100, now - 10] })
      await produceTo(kafka, topic, { values: ['c', 'd'], timestamps: [now - 50, now - 60] })
      const at = async (timestamp: number): Promise<readonly number[]> => listOffset(kafka, topic, timestamp)
      expect(await at(-1)).toEqual([4, -1])
      expect(await at(-2)).toEqual([0, -1])
      expect(await at(-3)).toEqual([1, now - 10])
      expect(await at(now - 100)).toEqual([0, now - 100])
      expect(await at(now - 60)).toEqual([1, now - 10])
      expect(await at(now)).toEqual([-1, -1])
    })

    it('are none for a log without records', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      expect(await listOffset(kafka, topic, -3)).toEqual([-1, -1])
      expect(await listOffset(kafka, topic, -2)).toEqual([0, -1])
      expect(await listOffset(kafka, topic, 0)).toEqual([-1, -1])
    })

    it('are known by leader epoch', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      await produceTo(kafka, topic, { values: ['a', 'b'] })
      const end = async (leaderEpoch: number): Promise<unknown> => {
        const partitions = [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch }]
        const { topics } = await kafka.send(apis.OffsetForLeaderEpoch, 4, {
          replicaId: -1,
          topics: [{ topic, partitions }],
        })
        return topics[0]?.partitions[0]
      }
      expect(await end(0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 2 })
      expect(await end(5)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1 })
    })

    it('move up with DeleteRecords', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      await produceTo(kafka, topic, { values: ['a', 'b', 'c'] })
      const remove = async (offset: number): Promise<unknown> => {
        const partitions = [{ partitionIndex: 0, offset }]
        const { topics } = await kafka.send(apis.DeleteRecords, 2, {
          timeoutMs: 5000,
          topics: [{ name: topic, partitions }],
        })
        return topics[0]?.partitions[0]
      }
      expect(await remove(2)).toMatchObject({ errorCode: 0, lowWatermark: 2 })
      expect(await listOffset(kafka, topic, -2)).toEqual([2, -1])
      expect((await fetchFrom(kafka, topic, 1)).errorCode).toBe(errorCodes.OFFSET_OUT_OF_RANGE)
      expect((await fetchFrom(kafka, topic, 2)).records).toContain('2:c')
      expect(await remove(9)).toMatchObject({ errorCode: errorCodes.OFFSET_OUT_OF_RANGE })
      expect(await remove(-1)).toMatchObject({ errorCode: 0, lowWatermark: 3 })
    })

    it('cannot be deleted from a topic that is only compacted', async () => {
      const topic = await suite.createTopic({ config: { 'cleanup.policy': 'compact' } })
      const kafka = await suite.connect()
      const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset: 0 }] }]
      const answer = await kafka.send(apis.DeleteRecords, 2, { timeoutMs: 5000, topics })
      expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(errorCodes.POLICY_VIOLATION)
    })
  })
}

export async function newProducerId(kafka: RawKafka): Promise<number> {
  const request = { transactionalId: null, transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 }
  let producerId = -1
  await eventually(async () => {
    producerId = (await kafka.send(apis.InitProducerId, 4, request)).producerId
    return producerId >= 0
  })
  return producerId
}

/** Offset and timestamp. */
export async function listOffset(
  kafka: RawKafka,
  topic: string,
  timestamp: number,
  committed = false,
): Promise<readonly number[]> {
  const { topics } = await kafka.send(apis.ListOffsets, 7, {
    replicaId: -1,
    isolationLevel: committed ? 1 : 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }],
  })
  const [found] = topics[0]?.partitions ?? []
  return [found?.offset ?? NaN, found?.timestamp ?? NaN]
}

function flipLast(batch: Buffer): Buffer {
  batch[batch.length - 1] = (batch.at(-1) ?? 0) ^ 1
  return batch
}

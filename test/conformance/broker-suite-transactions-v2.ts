/** Transaction protocol v2 (KIP-890): writes announce themselves, and every end gives a new epoch. */
import { describe, expect, it } from 'vitest'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { errorCodes } from '../../src/kafka/protocol/error-codes.ts'
import { fetchFrom, produceTo, type RawKafka } from '../support/raw-kafka.ts'
import { Owner, committedOffset, initProducerId, untilStable } from './broker-suite-transactions.ts'
import { eventually, type Suite } from './broker-suite-context.ts'

const v2 = { version: 12 }
const lastEpoch = 32_766

export function newEpochCases(suite: Suite): void {
  const begin = async (transactionTimeoutMs?: number): Promise<{ topic: string; kafka: RawKafka; owner: Owner }> => {
    const [topic, kafka] = [await suite.createTopic({ partitions: 2 }), await suite.connect()]
    return { topic, kafka, owner: await Owner.init(kafka, suite.name('tid'), transactionTimeoutMs) }
  }
  const partitionsOf = async (kafka: RawKafka, { transactionalId }: Owner): Promise<[string | undefined, number[]]> => {
    const { transactionStates } = await kafka.send(apis.DescribeTransactions, 0, {
      transactionalIds: [transactionalId],
    })
    const [found] = transactionStates
    const partitions = (found?.topics ?? []).flatMap((of) => of.partitions)
    return [found?.transactionState, partitions.toSorted((one, other) => one - other)]
  }

  describe('transactions with an epoch each', () => {
    it('are what the broker asks for', async () => {
      const kafka = await suite.connect()
      const { finalizedFeatures } = await kafka.send(apis.ApiVersions, 3, {
        clientSoftwareName: 'raw',
        clientSoftwareVersion: '1',
      })
      const found = finalizedFeatures.find(({ name }) => name === 'transaction.version')
      expect(found).toMatchObject({ maxVersionLevel: 2 })
    })

    it('begin with their first write, and contain what is written to', async () => {
      const { topic, kafka, owner } = await begin()
      expect(await owner.produce(topic, ['a'], v2)).toMatchObject({ errorCode: 0, baseOffset: 0 })
      expect(await partitionsOf(kafka, owner)).toEqual(['Ongoing', [0]])
      expect(await owner.produce(topic, ['b'], { ...v2, partition: 1, sequence: 0 })).toMatchObject({ errorCode: 0 })
      expect(await partitionsOf(kafka, owner)).toEqual(['Ongoing', [0, 1]])
      expect((await fetchFrom(kafka, topic, 0, { committed: true })).records).toEqual([])
      expect((await owner.endWithNewEpoch(true)).errorCode).toBe(0)
      await untilStable(kafka, topic, 2)
      expect((await fetchFrom(kafka, topic, 0, { committed: true })).records).toEqual(['0:a', '1:<commit>'])
    })

    it('give the next epoch at every end, and their markers carry it', async () => {
      const { topic, kafka, owner } = await begin()
      await owner.produce(topic, ['a'], v2)
      const second = await owner.next(true)
      expect([second.producerId, second.epoch]).toEqual([owner.producerId, owner.epoch + 1])
      await second.produce(topic, ['b'], v2)
      const third = await second.next(false)
      expect([third.producerId, third.epoch]).toEqual([owner.producerId, owner.epoch + 2])
      await untilStable(kafka, topic, 4)
      const { batches, aborted } = await fetchFrom(kafka, topic, 0, { committed: true })
      expect(batches.map(({ producerEpoch, isControl }) => [producerEpoch, isControl])).toEqual([
        [0, false],
        [1, true],
        [1, false],
        [2, true],
      ])
      expect(aborted).toEqual([{ producerId: owner.producerId, firstOffset: 2 }])
    })

    it('begin their sequences with 0, also on a partition that does not know the producer', async () => {
      const { topic, owner } = await begin()
      expect((await owner.produce(topic, ['a'], { ...v2, sequence: 5 })).errorCode).toBe(
        errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
      )
      expect((await owner.produce(topic, ['a'], v2)).errorCode).toBe(0)
      const next = await owner.next(true)
      expect((await next.produce(topic, ['b'], { ...v2, sequence: 1 })).errorCode).toBe(
        errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
      )
      expect((await next.produce(topic, ['b'], v2)).errorCode).toBe(0)
      expect((await next.endWithNewEpoch(true)).errorCode).toBe(0)
    })

    it.for([true, false])(
      'answer a repeated end (commit: %s) as the first time, and its opposite never',
      async (committed) => {
        const { topic, owner } = await begin()
        await owner.produce(topic, ['a'], v2)
        const first = await owner.endWithNewEpoch(committed)
        expect(first).toEqual({ errorCode: 0, producerId: owner.producerId, producerEpoch: owner.epoch + 1 })
        expect(await owner.endWithNewEpoch(committed)).toEqual(first)
        expect(await owner.endWithNewEpoch(!committed)).toMatchObject({ errorCode: errorCodes.INVALID_TXN_STATE })
        expect(await owner.endWithNewEpoch(committed)).toEqual(first)
      },
    )

    it('cannot be committed when there is none, and an abort then only gives the next epoch', async () => {
      const { owner } = await begin()
      expect((await owner.endWithNewEpoch(true)).errorCode).toBe(errorCodes.INVALID_TXN_STATE)
      const next = await owner.next(false)
      expect(next.epoch).toBe(owner.epoch + 1)
      expect((await next.endWithNewEpoch(true)).errorCode).toBe(errorCodes.INVALID_TXN_STATE)
      expect((await next.next(false)).epoch).toBe(owner.epoch + 2)
    })

    it('are closed to the epoch before', async () => {
      const { topic, kafka, owner } = await begin()
      await owner.produce(topic, ['a'], v2)
      const next = await owner.next(true)
      await untilStable(kafka, topic, 2)
      for (const version of [11, 12]) {
        expect((await owner.produce(topic, ['late'], { version })).errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      }
      expect((await new Owner(kafka, next.transactionalId, next.producerId, 9).endWithNewEpoch(false)).errorCode).toBe(
        errorCodes.PRODUCER_FENCED,
      )
      expect((await new Owner(kafka, next.transactionalId, 1e9, 0).endWithNewEpoch(false)).errorCode).toBe(
        errorCodes.INVALID_PRODUCER_ID_MAPPING,
      )
      expect(await owner.end(true, 4)).toBe(errorCodes.PRODUCER_FENCED)
      expect((await fetchFrom(kafka, topic, 0)).highWatermark).toBe(2)
    })

    it('need the transactional id, and its owner', async () => {
      const { topic, kafka, owner } = await begin()
      const { producerId, epoch } = owner
      const records = { values: ['a'], producerId, epoch, transactional: true }
      expect((await produceTo(kafka, topic, records, v2)).errorCode).toBe(
        errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      )
      const strange = { ...v2, transactionalId: suite.name('nobody') }
      expect((await produceTo(kafka, topic, records, strange)).errorCode).toBe(errorCodes.INVALID_PRODUCER_ID_MAPPING)
    })

    it('that time out can still be aborted by their owner, who goes on, and are never committed', async () => {
      const { topic, kafka, owner } = await begin(100)
      await owner.produce(topic, ['a'], v2)
      await untilStable(kafka, topic, 2)
      expect((await owner.produce(topic, ['late'], v2)).errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      expect((await owner.endWithNewEpoch(true)).errorCode).toBe(errorCodes.INVALID_TXN_STATE)
      const next = await owner.next(false)
      expect(next.epoch).toBe(owner.epoch + 1)
      expect((await next.produce(topic, ['b'], v2)).errorCode).toBe(0)
      await next.endWithNewEpoch(true)
      await untilStable(kafka, topic, 4)
      expect((await fetchFrom(kafka, topic, 0)).records).toEqual(['0:a', '1:<abort>', '2:b', '3:<commit>'])
    })

    it('are aborted by the next owner, after whom neither end is possible', async () => {
      const { topic, kafka, owner } = await begin()
      await owner.produce(topic, ['a'], v2)
      const usurper = await Owner.init(kafka, owner.transactionalId)
      expect(usurper.epoch).toBe(owner.epoch + 2)
      for (const committed of [true, false]) {
        expect((await owner.endWithNewEpoch(committed)).errorCode).toBe(errorCodes.PRODUCER_FENCED)
      }
      expect((await owner.produce(topic, ['late'], v2)).errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
    })

    it('and those without follow one another on one transactional id', async () => {
      const { topic, kafka, owner } = await begin()
      await owner.add(topic)
      expect((await owner.produce(topic, ['v1'], { version: 11 })).errorCode).toBe(0)
      expect(await owner.end(true, 4)).toBe(0)
      await untilStable(kafka, topic, 2)
      expect((await owner.produce(topic, ['v2'], v2)).errorCode).toBe(0)
      const next = await owner.next(true)
      await next.add(topic)
      expect((await next.produce(topic, ['v1 again'], { version: 11 })).errorCode).toBe(0)
      expect(await next.end(true, 4)).toBe(0)
      await untilStable(kafka, topic, 6)
      expect((await next.endWithNewEpoch(true)).errorCode).toBe(errorCodes.INVALID_TXN_STATE)
      expect((await next.next(false)).epoch).toBe(next.epoch + 1)
    })

    it('go on with another producer id when the epochs of one are used up', { timeout: 60_000 }, async () => {
      const { topic, kafka, owner } = await begin()
      let last = { producerId: owner.producerId, epoch: owner.epoch }
      while (last.epoch < lastEpoch) {
        const request = { transactionalId: owner.transactionalId, transactionTimeoutMs: 60_000 }
        const count = Math.min(500, lastEpoch - last.epoch)
        const answers = await Promise.all(
          Array.from({ length: count }, () =>
            kafka.send(apis.InitProducerId, 4, { ...request, producerId: -1, producerEpoch: -1 }),
          ),
        )
        const { producerId, producerEpoch } = answers.at(-1) ?? { producerId: -1, producerEpoch: -1 }
        last = { producerId, epoch: producerEpoch }
      }
      const old = new Owner(kafka, owner.transactionalId, last.producerId, last.epoch)
      expect([old.producerId, old.epoch]).toEqual([owner.producerId, lastEpoch])
      await old.produce(topic, ['a'], v2)
      const next = await old.next(true)
      expect(next.epoch).toBe(0)
      expect(next.producerId).not.toBe(old.producerId)
      await untilStable(kafka, topic, 2)
      const repeated = { errorCode: 0, producerId: next.producerId, producerEpoch: 0 }
      expect(await old.endWithNewEpoch(true)).toEqual(repeated)
      expect((await old.endWithNewEpoch(false)).errorCode).toBe(errorCodes.INVALID_TXN_STATE)
      const exhausted = { producerId: old.producerId, producerEpoch: old.epoch }
      expect(await initProducerId(kafka, owner.transactionalId, exhausted)).toMatchObject(repeated)
      expect((await next.produce(topic, ['b'], v2)).errorCode).toBe(0)
      expect((await old.produce(topic, ['late'], v2)).errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      expect((await next.next(true)).epoch).toBe(1)
      await untilStable(kafka, topic, 4)
      const { batches } = await fetchFrom(kafka, topic, 0)
      expect(batches.map(({ producerId, producerEpoch }) => [producerId, producerEpoch])).toEqual([
        [old.producerId, lastEpoch],
        [old.producerId, lastEpoch + 1],
        [next.producerId, 0],
        [next.producerId, 1],
      ])
      const stale = { producerId: old.producerId, producerEpoch: old.epoch - 1 }
      expect((await initProducerId(kafka, owner.transactionalId, stale)).errorCode).toBe(errorCodes.PRODUCER_FENCED)
    })
  })

  describe('offsets in a transaction with an epoch of its own', () => {
    it('need no announcement, and take effect with the commit', async () => {
      const { topic, kafka, owner } = await begin()
      const group = suite.name('group')
      expect(await owner.commitOffset(group, topic, 5, 5)).toBe(0)
      expect(await committedOffset(kafka, group, topic, true)).toEqual([errorCodes.UNSTABLE_OFFSET_COMMIT, -1])
      const next = await owner.next(true)
      await eventually(async () => (await committedOffset(kafka, group, topic, true))[0] === 0)
      expect(await committedOffset(kafka, group, topic, true)).toEqual([0, 5])
      expect(await owner.commitOffset(group, topic, 9, 5)).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      expect(await next.commitOffset(group, topic, 7, 5)).toBe(0)
      await next.endWithNewEpoch(false)
      await eventually(async () => (await committedOffset(kafka, group, topic, true))[0] === 0)
      expect(await committedOffset(kafka, group, topic, true)).toEqual([0, 5])
    })

    it('are refused from who is not a member, with the group in the transaction none the less', async () => {
      const { topic, kafka, owner } = await begin()
      const group = suite.name('group')
      const member = { generationId: 3, memberId: 'nobody' }
      expect(await owner.commitOffset(group, topic, 5, 5, member)).toBe(errorCodes.ILLEGAL_GENERATION)
      expect((await partitionsOf(kafka, owner))[0]).toBe('Ongoing')
      const stranger = new Owner(kafka, owner.transactionalId, 1e9, 0)
      expect(await stranger.commitOffset(group, topic, 5, 5)).toBe(errorCodes.INVALID_PRODUCER_ID_MAPPING)
      expect((await owner.endWithNewEpoch(false)).errorCode).toBe(0)
    })
  })
}

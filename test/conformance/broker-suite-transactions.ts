import { describe, expect, it } from 'vitest'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { errorCodes } from '../../src/kafka/protocol/error-codes.ts'
import { fetchFrom, produceTo, type RawKafka } from '../support/raw-kafka.ts'
import { eventually, type Suite } from './broker-suite-context.ts'
import { listOffset } from './broker-suite-log.ts'

export function transactionCases(suite: Suite): void {
  describe('transactions', () => {
    it('are invisible to read_committed until their marker, then readable', async () => {
      const [topic, kafka] = [await suite.createTopic(), await suite.connect()]
      const owner = await Owner.init(kafka, suite.name('tid'))
      await owner.add(topic)
      expect((await owner.produce(topic, ['a', 'b'])).baseOffset).toBe(0)
      await produceTo(kafka, topic, { values: ['outside'] })
      expect(await fetchFrom(kafka, topic, 0, { committed: true })).toMatchObject({
        records: [],
        lastStableOffset: 0,
        highWatermark: 3,
        aborted: [],
      })
      expect((await fetchFrom(kafka, topic, 0)).records).toEqual(['0:a', '1:b', '2:outside'])
      expect(await listOffset(kafka, topic, -1, true)).toEqual([0, -1])
      expect(await listOffset(kafka, topic, -1)).toEqual([3, -1])
      expect(await owner.end(true)).toBe(0)
      await untilStable(kafka, topic, 4)
      expect((await fetchFrom(kafka, topic, 0, { committed: true })).records).toEqual([
        '0:a',
        '1:b',
        '2:outside',
        '3:<commit>',
      ])
    })

    it('that are aborted are listed with their first offset, also to a fetch at the marker', async () => {
      const [topic, kafka] = [await suite.createTopic(), await suite.connect()]
      const owners = [await Owner.init(kafka, suite.name('tid')), await Owner.init(kafka, suite.name('tid'))] as const
      for (const owner of owners) {
        await owner.add(topic)
        await owner.produce(topic, ['x'])
      }
      for (const owner of owners) expect(await owner.end(false)).toBe(0)
      await untilStable(kafka, topic, 4)
      const [one, two] = owners.map(({ producerId }, firstOffset) => ({ producerId, firstOffset }))
      const all = await fetchFrom(kafka, topic, 0, { committed: true })
      expect(all.records).toEqual(['0:x', '1:x', '2:<abort>', '3:<abort>'])
      expect(sorted(all.aborted)).toEqual([one, two])
      expect(sorted((await fetchFrom(kafka, topic, 2, { committed: true })).aborted)).toEqual([one, two])
      expect((await fetchFrom(kafka, topic, 3, { committed: true })).aborted).toEqual([two])
      expect((await fetchFrom(kafka, topic, 0)).aborted).toBeNull()
    })

    it('of one producer one after the other keep their sequence', async () => {
      const [topic, kafka] = [await suite.createTopic(), await suite.connect()]
      const owner = await Owner.init(kafka, suite.name('tid'))
      for (const committed of [true, false, true]) {
        await owner.add(topic)
        expect((await owner.produce(topic, ['v'])).errorCode).toBe(0)
        expect(await owner.end(committed)).toBe(0)
      }
      await untilStable(kafka, topic, 6)
      expect((await fetchFrom(kafka, topic, 0, { committed: true })).aborted).toEqual([
        { producerId: owner.producerId, firstOffset: 2 },
      ])
    })

    it('hold back the last stable offset at the earliest that is open', async () => {
      const [topic, kafka] = [await suite.createTopic(), await suite.connect()]
      const [one, two] = [await Owner.init(kafka, suite.name('tid')), await Owner.init(kafka, suite.name('tid'))]
      for (const owner of [one, two]) {
        await owner.add(topic)
        await owner.produce(topic, ['v'])
      }
      await two.end(true)
      await eventually(async () => (await fetchFrom(kafka, topic, 0)).highWatermark === 3)
      expect((await fetchFrom(kafka, topic, 0)).lastStableOffset).toBe(0)
      await one.end(true)
      await untilStable(kafka, topic, 4)
    })

    it('refuse a write to a partition that was not added', async () => {
      const [topic, kafka] = [await suite.createTopic(), await suite.connect()]
      const owner = await Owner.init(kafka, suite.name('tid'))
      expect((await owner.produce(topic, ['v'], { version: 11 })).errorCode).toBe(errorCodes.TRANSACTION_ABORTABLE)
      expect((await owner.produce(topic, ['v'], { version: 9 })).errorCode).toBe(errorCodes.INVALID_TXN_STATE)
      const anonymous = { values: ['v'], producerId: owner.producerId, transactional: true }
      expect((await produceTo(kafka, topic, anonymous)).errorCode).toBe(
        errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      )
      expect((await fetchFrom(kafka, topic, 0)).highWatermark).toBe(0)
    })

    it('end as decided however often they are ended, and not the other way', async () => {
      const [topic, kafka] = [await suite.createTopic(), await suite.connect()]
      const owner = await Owner.init(kafka, suite.name('tid'))
      expect(await owner.end(true)).toBe(errorCodes.INVALID_TXN_STATE)
      await owner.add(topic)
      await owner.produce(topic, ['v'])
      expect(await owner.end(true)).toBe(0)
      await untilStable(kafka, topic, 2)
      await eventually(async () => (await owner.end(true)) === 0)
      expect(await owner.end(false)).toBe(errorCodes.INVALID_TXN_STATE)
    })

    it('refuse partitions that do not exist together with those that do', async () => {
      const [topic, kafka] = [await suite.createTopic(), await suite.connect()]
      const owner = await Owner.init(kafka, suite.name('tid'))
      const { resultsByTopicV3AndBelow: results } = await kafka.send(apis.AddPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: owner.transactionalId,
        v3AndBelowProducerId: owner.producerId,
        v3AndBelowProducerEpoch: owner.epoch,
        v3AndBelowTopics: [{ name: topic, partitions: [0, 9] }],
      })
      const codes = new Map(results[0]?.resultsByPartition.map((one) => [one.partitionIndex, one.partitionErrorCode]))
      expect(codes.get(9)).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
      expect(codes.get(0)).toBe(errorCodes.OPERATION_NOT_ATTEMPTED)
    })
  })

  describe('owners of a transactional id', () => {
    it('get the next epoch with each InitProducerId', async () => {
      const [kafka, tid] = [await suite.connect(), suite.name('tid')]
      const first = await Owner.init(kafka, tid)
      const second = await Owner.init(kafka, tid)
      expect([first.epoch, second.epoch]).toEqual([0, 1])
      expect(second.producerId).toBe(first.producerId)
      const fenced = { producerId: first.producerId, producerEpoch: first.epoch }
      expect((await initProducerId(kafka, tid, fenced)).errorCode).toBe(errorCodes.PRODUCER_FENCED)
    })

    it('bump their epoch themselves, once however often the request is repeated', async () => {
      const [kafka, tid] = [await suite.connect(), suite.name('tid')]
      const { producerId, epoch } = await Owner.init(kafka, tid)
      const bump = () => initProducerId(kafka, tid, { producerId, producerEpoch: epoch })
      expect(await bump()).toMatchObject({ errorCode: 0, producerEpoch: 1 })
      expect(await bump()).toMatchObject({ errorCode: 0, producerEpoch: 1 })
      await Owner.init(kafka, tid)
      expect(await bump()).toMatchObject({ errorCode: errorCodes.PRODUCER_FENCED })
      expect(await initProducerId(kafka, tid, { producerId, producerEpoch: epoch }, 3)).toMatchObject({
        errorCode: errorCodes.INVALID_PRODUCER_EPOCH,
      })
    })

    it('are fenced by the next, who aborts what they left open', async () => {
      const [topic, kafka, tid] = [await suite.createTopic(), await suite.connect(), suite.name('tid')]
      const zombie = await Owner.init(kafka, tid)
      await zombie.add(topic)
      await zombie.produce(topic, ['v'])
      expect((await initProducerId(kafka, tid)).errorCode).toBe(errorCodes.CONCURRENT_TRANSACTIONS)
      const owner = await Owner.init(kafka, tid)
      expect(owner.epoch).toBe(2)
      await untilStable(kafka, topic, 2)
      expect((await fetchFrom(kafka, topic, 0)).records).toEqual(['0:v', '1:<abort>'])
      expect((await zombie.produce(topic, ['late'])).errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      expect(await zombie.end(true, 1)).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      expect(await zombie.end(true, 3)).toBe(errorCodes.PRODUCER_FENCED)
      expect(await zombie.tryAdd(topic, 1)).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      expect(await zombie.tryAdd(topic, 3)).toBe(errorCodes.PRODUCER_FENCED)
      expect(await zombie.addOffsets('g', 3)).toBe(errorCodes.PRODUCER_FENCED)
    })

    it('are fenced when their transaction takes too long, and may go on with the next epoch', async () => {
      const [topic, kafka, tid] = [await suite.createTopic(), await suite.connect(), suite.name('tid')]
      const owner = await Owner.init(kafka, tid, 100)
      await owner.add(topic)
      await owner.produce(topic, ['v'])
      await untilStable(kafka, topic, 2)
      expect((await fetchFrom(kafka, topic, 0)).records).toEqual(['0:v', '1:<abort>'])
      expect((await owner.produce(topic, ['late'])).errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      expect(await owner.end(true)).toBe(errorCodes.PRODUCER_FENCED)
      const again = { producerId: owner.producerId, producerEpoch: owner.epoch }
      await eventually(async () => (await initProducerId(kafka, tid, again)).errorCode === 0)
      expect(await initProducerId(kafka, tid, again)).toMatchObject({ producerEpoch: 1 })
    })

    it('fence the open transaction of the present owner even with an old epoch', async () => {
      const [topic, kafka, tid] = [await suite.createTopic(), await suite.connect(), suite.name('tid')]
      const zombie = await Owner.init(kafka, tid)
      const owner = await Owner.init(kafka, tid)
      await owner.add(topic)
      await owner.produce(topic, ['v'])
      const stale = { producerId: zombie.producerId, producerEpoch: zombie.epoch }
      expect((await initProducerId(kafka, tid, stale)).errorCode).toBe(errorCodes.CONCURRENT_TRANSACTIONS)
      await untilStable(kafka, topic, 2)
      expect(await owner.end(true)).toBe(errorCodes.PRODUCER_FENCED)
    })

    it('are refused with another producer id, an empty id, a time-out that is too long', async () => {
      const [topic, kafka, tid] = [await suite.createTopic(), await suite.connect(), suite.name('tid')]
      const owner = await Owner.init(kafka, tid)
      const stranger = new Owner(kafka, tid, owner.producerId + 1000, 0)
      expect(await stranger.tryAdd(topic, 3)).toBe(errorCodes.INVALID_PRODUCER_ID_MAPPING)
      expect((await initProducerId(kafka, '')).errorCode).toBe(errorCodes.INVALID_REQUEST)
      const { errorCode } = await initProducerId(kafka, tid, undefined, 4, 900_001)
      expect(errorCode).toBe(errorCodes.INVALID_TRANSACTION_TIMEOUT)
    })

    it('are described with state, partitions and producers', async () => {
      const [topic, kafka, tid] = [await suite.createTopic(), await suite.connect(), suite.name('tid')]
      const owner = await Owner.init(kafka, tid)
      await owner.add(topic)
      await owner.produce(topic, ['v'])
      const { producerId, epoch } = owner
      const described = await kafka.send(apis.DescribeTransactions, 0, { transactionalIds: [tid, 'absent'] })
      expect(described.transactionStates[0]).toMatchObject({
        errorCode: 0,
        transactionState: 'Ongoing',
        producerId,
        producerEpoch: epoch,
        topics: [{ topic, partitions: [0] }],
      })
      expect(described.transactionStates[1]?.errorCode).toBe(errorCodes.TRANSACTIONAL_ID_NOT_FOUND)
      const listed = await kafka.send(apis.ListTransactions, 0, {
        stateFilters: ['Ongoing'],
        producerIdFilters: [producerId],
      })
      expect(listed.transactionStates).toEqual([{ transactionalId: tid, producerId, transactionState: 'Ongoing' }])
      const producers = await kafka.send(apis.DescribeProducers, 0, {
        topics: [{ name: topic, partitionIndexes: [0] }],
      })
      expect(producers.topics[0]?.partitions[0]?.activeProducers).toMatchObject([
        { producerId, producerEpoch: epoch, lastSequence: 0, currentTxnStartOffset: 0 },
      ])
      await owner.end(false)
    })
  })

  describe('offsets in a transaction', () => {
    it('take effect with the commit, and are unstable until then', async () => {
      const [topic, kafka, group] = [await suite.createTopic(), await suite.connect(), suite.name('group')]
      const owner = await Owner.init(kafka, suite.name('tid'))
      expect(await owner.addOffsets(group, 3)).toBe(0)
      expect(await owner.commitOffset(group, topic, 5)).toBe(0)
      expect(await committedOffset(kafka, group, topic, true)).toEqual([errorCodes.UNSTABLE_OFFSET_COMMIT, -1])
      expect(await committedOffset(kafka, group, topic, false)).toEqual([0, -1])
      await owner.end(true)
      await eventually(async () => (await committedOffset(kafka, group, topic, true))[0] === 0)
      expect(await committedOffset(kafka, group, topic, true)).toEqual([0, 5])
    })

    it('are forgotten with the abort', async () => {
      const [topic, kafka, group] = [await suite.createTopic(), await suite.connect(), suite.name('group')]
      const owner = await Owner.init(kafka, suite.name('tid'))
      for (const [offset, committed] of [
        [3, true],
        [7, false],
      ] as const) {
        await eventually(async () => (await owner.addOffsets(group, 3)) === 0)
        expect(await owner.commitOffset(group, topic, offset)).toBe(0)
        expect(await owner.end(committed)).toBe(0)
        await eventually(async () => (await committedOffset(kafka, group, topic, true))[0] === 0)
      }
      expect(await committedOffset(kafka, group, topic, true)).toEqual([0, 3])
    })

    it('need AddOffsetsToTxn, and an owner who is not fenced', async () => {
      const [topic, kafka, group] = [await suite.createTopic(), await suite.connect(), suite.name('group')]
      const tid = suite.name('tid')
      const zombie = await Owner.init(kafka, tid)
      expect(await zombie.commitOffset(group, topic, 5, 3)).toBe(errorCodes.INVALID_TXN_STATE)
      expect(await zombie.commitOffset(group, topic, 5, 4)).toBe(errorCodes.TRANSACTION_ABORTABLE)
      const owner = await Owner.init(kafka, tid)
      expect(await zombie.commitOffset(group, topic, 5, 3)).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      await owner.addOffsets(group, 3)
      expect(await owner.commitOffset(group, topic, 5, 3)).toBe(0)
      await owner.end(false)
    })
  })
}

interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
}

export async function initProducerId(
  kafka: RawKafka,
  transactionalId: string,
  { producerId, producerEpoch }: Identity = { producerId: -1, producerEpoch: -1 },
  version = 4,
  transactionTimeoutMs = 60_000,
): Promise<Identity & { readonly errorCode: number }> {
  await untilCoordinated(kafka, transactionalId)
  return kafka.send(apis.InitProducerId, version, { transactionalId, transactionTimeoutMs, producerId, producerEpoch })
}

/** The first use of a coordinator makes a real cluster create its internal topic. */
async function untilCoordinated(kafka: RawKafka, key: string): Promise<void> {
  if (key === '') return
  await eventually(async () => (await kafka.send(apis.FindCoordinator, 2, { key, keyType: 1 })).errorCode === 0)
}

/** One owner of a transactional id. */
export class Owner {
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
  readonly #kafka: RawKafka
  #sequence = 0

  constructor(kafka: RawKafka, transactionalId: string, producerId: number, epoch: number) {
    this.#kafka = kafka
    this.transactionalId = transactionalId
    this.producerId = producerId
    this.epoch = epoch
  }

  /** Waits for what an earlier owner left to be aborted. */
  static async init(kafka: RawKafka, transactionalId: string, timeoutMs = 60_000): Promise<Owner> {
    let owner: Owner | undefined
    await eventually(async () => {
      const given = await initProducerId(kafka, transactionalId, undefined, 4, timeoutMs)
      if (given.errorCode === 0) owner = new Owner(kafka, transactionalId, given.producerId, given.producerEpoch)
      else expect(waitingCodes).toContain(given.errorCode)
      return owner !== undefined
    })
    if (owner === undefined) throw new Error('no producer id')
    return owner
  }

  async add(topic: string): Promise<void> {
    await eventually(async () => (await this.tryAdd(topic, 3)) === 0)
  }

  async tryAdd(topic: string, version: number): Promise<number | undefined> {
    const { resultsByTopicV3AndBelow: results } = await this.#kafka.send(apis.AddPartitionsToTxn, version, {
      v3AndBelowTransactionalId: this.transactionalId,
      v3AndBelowProducerId: this.producerId,
      v3AndBelowProducerEpoch: this.epoch,
      v3AndBelowTopics: [{ name: topic, partitions: [0] }],
    })
    return results[0]?.resultsByPartition[0]?.partitionErrorCode
  }

  async produce(
    topic: string,
    values: readonly string[],
    { sequence = this.#sequence, ...options }: { version?: number; sequence?: number; partition?: number } = {},
  ) {
    const { producerId, epoch, transactionalId } = this
    const records = { values, producerId, epoch, sequence, transactional: true }
    let answer = await produceTo(this.#kafka, topic, records, { transactionalId, ...options })
    // Right after a commit a real broker cannot verify yet.
    await eventually(async () => {
      if (
        !([errorCodes.NOT_ENOUGH_REPLICAS, errorCodes.CONCURRENT_TRANSACTIONS] as number[]).includes(answer.errorCode)
      ) {
        return true
      }
      answer = await produceTo(this.#kafka, topic, records, { transactionalId, ...options })
      return false
    })
    if (answer.errorCode === 0) this.#sequence = sequence + values.length
    return answer
  }

  async end(committed: boolean, version = 3): Promise<number> {
    const { transactionalId, producerId, epoch: producerEpoch } = this
    return (await this.#kafka.send(apis.EndTxn, version, { transactionalId, producerId, producerEpoch, committed }))
      .errorCode
  }

  /** EndTxn 5, once the markers of the end before are written. */
  async endWithNewEpoch(committed: boolean): Promise<{ errorCode: number; producerId: number; producerEpoch: number }> {
    const { transactionalId, producerId, epoch: producerEpoch } = this
    const request = { transactionalId, producerId, producerEpoch, committed }
    let answer = await this.#kafka.send(apis.EndTxn, 5, request)
    await eventually(async () => {
      if (answer.errorCode !== errorCodes.CONCURRENT_TRANSACTIONS) return true
      answer = await this.#kafka.send(apis.EndTxn, 5, request)
      return false
    })
    return { errorCode: answer.errorCode, producerId: answer.producerId, producerEpoch: answer.producerEpoch }
  }

  /** Who goes on after that end. */
  async next(committed: boolean): Promise<Owner> {
    const { errorCode, producerId, producerEpoch } = await this.endWithNewEpoch(committed)
    expect(errorCode).toBe(0)
    return new Owner(this.#kafka, this.transactionalId, producerId, producerEpoch)
  }

  async addOffsets(groupId: string, version: number): Promise<number> {
    const { transactionalId, producerId, epoch: producerEpoch } = this
    await eventually(async () => (await this.#kafka.send(apis.FindCoordinator, 2, { key: groupId })).errorCode === 0)
    return (
      await this.#kafka.send(apis.AddOffsetsToTxn, version, { transactionalId, producerId, producerEpoch, groupId })
    ).errorCode
  }

  async commitOffset(
    groupId: string,
    topic: string,
    offset: number,
    version = 3,
    member: { generationId?: number; memberId?: string; groupInstanceId?: string | null } = {},
  ): Promise<number | undefined> {
    const { transactionalId, producerId, epoch: producerEpoch } = this
    await eventually(async () => (await this.#kafka.send(apis.FindCoordinator, 2, { key: groupId })).errorCode === 0)
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: '' }]
    const request = { transactionalId, groupId, producerId, producerEpoch, topics: [{ name: topic, partitions }] }
    let code: number | undefined
    await eventually(async () => {
      const { topics } = await this.#kafka.send(apis.TxnOffsetCommit, version, { ...request, ...member })
      code = topics[0]?.partitions[0]?.errorCode
      return code === undefined || !waitingCodes.includes(code)
    })
    return code
  }
}

const waitingCodes: readonly number[] = [
  errorCodes.CONCURRENT_TRANSACTIONS,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
  errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  errorCodes.NOT_COORDINATOR,
]

/** Error code and offset of partition 0. */
export async function committedOffset(
  kafka: RawKafka,
  groupId: string,
  topic: string,
  requireStable: boolean,
): Promise<readonly number[]> {
  const { topics } = await kafka.send(apis.OffsetFetch, 7, {
    groupId,
    requireStable,
    topics: [{ name: topic, partitionIndexes: [0] }],
  })
  const [found] = topics[0]?.partitions ?? []
  return [found?.errorCode ?? NaN, found?.committedOffset ?? NaN]
}

export async function untilStable(kafka: RawKafka, topic: string, offset: number): Promise<void> {
  await eventually(async () => (await fetchFrom(kafka, topic, 0)).lastStableOffset === offset)
}

function sorted<T extends { readonly firstOffset: number }>(aborted: readonly T[] | null): T[] {
  return (aborted ?? []).toSorted((one, other) => one.firstOffset - other.firstOffset)
}

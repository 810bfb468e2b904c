import { expect, test } from 'vitest'
import type { GroupIdentity, KafkaClient, Producer } from '../../src/kafka/client/kafka-client.ts'
import { reactionOf } from '../../src/errors/streams-error.ts'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { appendText, eventually, producerOf, readUntil, valuesOf } from '../support/client-bed.ts'
import type { ClientBed } from '../support/client-bed.ts'

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)
export const nobody = (groupId: string): GroupIdentity => ({
  groupId,
  generationId: -1,
  memberId: '',
  instanceId: undefined,
})

export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

export async function lastStableOffset(client: KafkaClient, topic: string): Promise<number | undefined> {
  return (await client.listOffsets([{ topic, partition: 0, timestamp: -1 }], 'read_committed')).get(`${topic}-0`)
}

/** On a real cluster the markers, and so the last stable offset, come a moment after the end was answered. */
export async function expectCommitted(client: KafkaClient, topic: string, values: readonly string[]): Promise<void> {
  let found: readonly (string | null)[] = []
  const deadline = Date.now() + 10_000
  do {
    const until = (await lastStableOffset(client, topic)) ?? 0
    found = valuesOf(await readUntil(client, topic, { until }))
  } while (found.length < values.length && Date.now() < deadline)
  expect(found).toEqual(values)
}

/** Of both protocols. */
export function transactionCases(bed: () => ClientBed): void {
  const transactional = (client: KafkaClient, transactionalId = bed().name('tx')): Promise<Producer> =>
    producerOf(client, { transactionalId })

  test('records and offsets become visible together with the commit', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 3)
    const group = bed().name('group')
    const producer = await transactional(client)
    for (let partition = 0; partition < 3; partition++) appendText(producer, topic, ['a'], { partition })
    await producer.flush()
    await producer.sendOffsets(
      new Map(
        [0, 1, 2].map((partition) => [`${topic}-${partition}` as const, { offset: 7, metadata: `m${partition}` }]),
      ),
      nobody(group),
    )
    expect(await lastStableOffset(client, topic)).toBe(0)
    await producer.commit()
    const partitions = [0, 1, 2].map((partition) => ({ topic, partition }))
    const committed = await client.committedOffsets(group, partitions, { requireStable: true })
    expect([...committed.values()].map(({ offset, metadata }) => [offset, metadata])).toEqual([
      [7, 'm0'],
      [7, 'm1'],
      [7, 'm2'],
    ])
    expect(valuesOf(await readUntil(client, topic, { until: 2 }))).toEqual(['a'])
  })

  test('aborted records are never read, and the producer goes on', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    for (const round of [0, 1]) {
      appendText(producer, topic, numbers(5), { key: Buffer.alloc(4) })
      await producer.flush()
      await producer.abort()
      appendText(producer, topic, [`committed ${round}`])
      await producer.commit()
    }
    const end = 2 * (5 + 1 + 1 + 1)
    expect(valuesOf(await readUntil(client, topic, { until: end }))).toEqual(['committed 0', 'committed 1'])
    expect(await readUntil(client, topic, { until: end, isolation: 'read_uncommitted' })).toHaveLength(12)
  })

  test('an abort marker beyond the fetch still hides its records', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await producerOf(client, { transactionalId: bed().name('tx'), batchMaxBytes: 300 })
    appendText(producer, topic, numbers(500))
    await producer.flush()
    await producer.abort()
    appendText(producer, topic, ['after'])
    await producer.commit()
    const records = await readUntil(client, topic, { until: 503, fetcher: { maxPartitionBytes: 300, maxBytes: 300 } })
    expect(valuesOf(records)).toEqual(['after'])
  })

  test('fetches that begin inside two open aborted transactions, or at a marker, leak nothing', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const [one, two] = await Promise.all([transactional(client), transactional(client)])
    for (const value of ['a', 'b']) {
      appendText(one, topic, [`one ${value}`])
      await one.flush()
      appendText(two, topic, [`two ${value}`])
      await two.flush()
    }
    await one.abort()
    await two.abort()
    appendText(one, topic, ['end'])
    await one.commit()
    for (const from of [0, 1, 2, 3, 4, 5]) {
      expect(valuesOf(await readUntil(client, topic, { from, until: 8 }))).toEqual(['end'])
    }
  })

  test('the last stable offset holds back readers until the transaction ends', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    appendText(producer, topic, ['open'])
    await producer.flush()
    const other = await producerOf(client)
    appendText(other, topic, ['other'])
    await other.flush()
    expect(await lastStableOffset(client, topic)).toBe(0)
    expect(await readUntil(client, topic, { until: 2, isolation: 'read_uncommitted' })).toHaveLength(2)
    await producer.commit()
    expect(valuesOf(await readUntil(client, topic, { until: 3 }))).toEqual(['open', 'other'])
  })

  test('offsets of a pending transaction are waited for with requireStable', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const group = bed().name('group')
    const producer = await transactional(client)
    await producer.sendOffsets(new Map([[`${topic}-0` as const, { offset: 5 }]]), nobody(group))
    const ask = (requireStable: boolean): Promise<ReadonlyMap<string, { readonly offset: number }>> =>
      client.committedOffsets(group, [{ topic, partition: 0 }], { requireStable })
    expect((await ask(false)).size).toBe(0)
    const stable = ask(true)
    await producer.commit()
    expect((await stable).get(`${topic}-0`)?.offset).toBe(5)
  })

  test('a new producer of the same transactional id aborts the old one’s transaction and fences it', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const id = bed().name('tx')
    const old = await transactional(client, id)
    appendText(old, topic, ['zombie'])
    await old.flush()
    const young = await transactional(client, id)
    appendText(young, topic, ['young'])
    await young.commit()
    appendText(old, topic, ['zombie again'])
    expect(reactionOf(await failure(old.flush()))).toBe('producer-fenced')
    expect(await readUntil(client, topic, { until: 4 })).toMatchObject([{ value: 'young' }])
  })

  test('the first failure is kept until an abort, and nothing unsent survives it', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    appendText(producer, topic, ['lost'])
    await producer.flush()
    appendText(producer, topic, ['of the next transaction'])
    const stranger = { ...nobody(bed().name('group')), generationId: 7, memberId: 'stranger' }
    const first = await failure(producer.sendOffsets(new Map([[`${topic}-0` as const, { offset: 1 }]]), stranger))
    expect(reactionOf(first)).toBe('member-fenced')
    expect(await failure(producer.flush())).toBe(first)
    expect(await failure(producer.commit())).toBe(first)
    expect(() => appendText(producer, topic, ['more'])).toThrow(first)
    await producer.abort()
    appendText(producer, topic, ['kept'])
    await producer.commit()
    await expectCommitted(client, topic, ['kept'])
  })

  test('what is appended between flush and commit belongs to the next transaction', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    appendText(producer, topic, ['one'])
    await producer.flush()
    appendText(producer, topic, ['two'])
    const committing = producer.commit()
    appendText(producer, topic, ['three'])
    await committing
    expect(producer.inTransaction).toBe(true)
    expect(valuesOf(await readUntil(client, topic, { until: 2 }))).toEqual(['one'])
    await producer.commit()
    expect(producer.inTransaction).toBe(false)
    expect(valuesOf(await readUntil(client, topic, { until: 5 }))).toEqual(['one', 'two', 'three'])
  })

  test('back-to-back transactions over many partitions lose nothing', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 8)
    const producer = await transactional(client)
    for (let round = 0; round < 20; round++) {
      for (let partition = 0; partition < 8; partition++) {
        if ((round + partition) % 3 !== 0) appendText(producer, topic, [`${round}`], { partition })
      }
      await producer.commit()
    }
    for (let partition = 0; partition < 8; partition++) {
      const wanted = numbers(20).filter((round) => (Number(round) + partition) % 3 !== 0)
      const records = await readUntil(client, topic, { partition, until: wanted.length * 2 })
      expect(valuesOf(records)).toEqual(wanted)
    }
  })

  test('a commit with nothing sent asks the broker nothing', async () => {
    const { client, transport } = await bed().faultyClient()
    const producer = await transactional(client)
    const before = transport.sent.length
    await producer.flush()
    await producer.commit()
    expect(producer.inTransaction).toBe(false)
    expect(transport.sent).toHaveLength(before)
  })

  test('closing a producer ends its open transaction', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    appendText(producer, topic, ['open'])
    await producer.flush()
    await producer.close()
    await eventually(async () => (await lastStableOffset(client, topic)) === 2)
  })

  test('a commit that is refused has an unknown outcome, and an abort makes it known', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const id = bed().name('tx')
    const producer = await transactional(client, id)
    appendText(producer, topic, ['first'])
    await producer.flush()
    await transactional(client, id)
    appendText(producer, topic, ['of the next transaction'])
    const refused = await failure(producer.commit())
    expect(reactionOf(refused)).toBe('unknown-outcome')
    expect(() => appendText(producer, topic, ['more'])).toThrow(refused)
    await producer.abort()
    appendText(producer, topic, ['second'])
    await producer.commit()
    await expectCommitted(client, topic, ['second'])
  })

  test.for(['request', 'answer'] as const)(
    'a commit whose %s is lost until its time is up has an unknown outcome, and an abort makes it known',
    async (loss) => {
      const { client, transport } = await bed().faultyClient({ apiTimeoutMs: 500 })
      const topic = await bed().topic(client)
      const producer = await transactional(client)
      appendText(producer, topic, ['first'])
      await producer.flush()
      const lost = transport.lose(loss, apis.EndTxn, Infinity)
      expect(reactionOf(await failure(producer.commit()))).toBe('unknown-outcome')
      lost.end()
      await producer.abort()
      appendText(producer, topic, ['second'])
      await producer.commit()
      await expectCommitted(client, topic, loss === 'request' ? ['second'] : ['first', 'second'])
    },
  )

  test('closing a producer whose broker answers nothing takes no longer than some seconds', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const id = bed().name('tx')
    const producer = await transactional(client, id)
    appendText(producer, topic, ['open'])
    await producer.flush()
    const held = transport.hold('request', apis.EndTxn)
    await producer.close()
    const young = await transactional(client, id)
    appendText(young, topic, ['young'])
    held.release()
    await young.commit()
    await expectCommitted(client, topic, ['young'])
    // Less than the time that a request that is tried again may take as a whole.
  }, 30_000)
}

/** Of protocol v1: who was not answered takes a new epoch. */
export function sameEpochCases(bed: () => ClientBed): void {
  const transactional = (client: KafkaClient): Promise<Producer> =>
    producerOf(client, { transactionalId: bed().name('tx') })

  test.for(['request', 'answer'] as const)(
    'a commit whose %s was lost has an unknown outcome, and an abort makes it known',
    async (loss) => {
      const { client, transport } = await bed().faultyClient()
      const topic = await bed().topic(client)
      const producer = await transactional(client)
      appendText(producer, topic, ['first'])
      await producer.flush()
      transport.lose(loss, apis.EndTxn)
      expect(reactionOf(await failure(producer.commit()))).toBe('unknown-outcome')
      await producer.abort()
      appendText(producer, topic, ['second'])
      await producer.commit()
      const values = valuesOf(await readUntil(client, topic, { until: 4 }))
      expect(values).toEqual(loss === 'request' ? ['second'] : ['first', 'second'])
    },
  )

  test.for(['AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit'] as const)(
    'a lost answer to %s makes the transaction abortable; it is not repeated under the same epoch',
    async (name) => {
      const { client, transport } = await bed().faultyClient()
      const topic = await bed().topic(client)
      const group = bed().name('group')
      const producer = await transactional(client)
      const attempt = async (value: string, offset: number): Promise<void> => {
        appendText(producer, topic, [value])
        await producer.flush()
        await producer.sendOffsets(new Map([[`${topic}-0` as const, { offset }]]), nobody(group))
        await producer.commit()
      }
      await attempt('one', 1)
      transport.lose('answer', apis[name])
      expect(reactionOf(await failure(attempt('lost', 99)))).toBe('abortable')
      await producer.abort()
      expect(transport.count(apis.InitProducerId)).toBeGreaterThan(1)
      await attempt('two', 2)
      const committed = await client.committedOffsets(group, [{ topic, partition: 0 }], { requireStable: true })
      expect(committed.get(`${topic}-0`)?.offset).toBe(2)
      await expectCommitted(client, topic, ['one', 'two'])
    },
  )

  test('a clean abort keeps the epoch', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    appendText(producer, topic, ['a'])
    await producer.flush()
    await producer.abort()
    expect(transport.count(apis.EndTxn)).toBe(1)
    expect(transport.count(apis.InitProducerId)).toBe(1)
  })
}

/** Of protocol v2: who was not answered asks again. */
export function newEpochCases(bed: () => ClientBed): void {
  const transactional = (client: KafkaClient): Promise<Producer> =>
    producerOf(client, { transactionalId: bed().name('tx') })

  test('nothing is announced: records and offsets begin the transaction by themselves', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const group = bed().name('group')
    const producer = await transactional(client)
    for (let round = 0; round < 3; round++) {
      appendText(producer, topic, [`${round}`])
      await producer.flush()
      await producer.sendOffsets(new Map([[`${topic}-0` as const, { offset: round }]]), nobody(group))
      await producer.commit()
    }
    expect([transport.count(apis.AddPartitionsToTxn), transport.count(apis.AddOffsetsToTxn)]).toEqual([0, 0])
    expect(valuesOf(await readUntil(client, topic, { until: 6 }))).toEqual(numbers(3))
  })

  test.for([
    ['commit', 'request'],
    ['commit', 'answer'],
    ['abort', 'request'],
    ['abort', 'answer'],
  ] as const)('a %s whose %s was lost is asked for again, and happens once', async ([end, loss]) => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    for (const round of [0, 1]) {
      appendText(producer, topic, [`${end} ${round}`])
      await producer.flush()
      transport.lose(loss, apis.EndTxn, 2)
      await producer[end]()
    }
    appendText(producer, topic, ['last'])
    await producer.commit()
    expect(transport.count(apis.InitProducerId)).toBe(1)
    const values = valuesOf(await readUntil(client, topic, { until: 6 }))
    expect(values).toEqual(end === 'commit' ? ['commit 0', 'commit 1', 'last'] : ['last'])
  })

  test.for(['request', 'answer'] as const)('offsets whose %s was lost are sent again', async (loss) => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const group = bed().name('group')
    const producer = await transactional(client)
    transport.lose(loss, apis.TxnOffsetCommit, 2)
    await producer.sendOffsets(new Map([[`${topic}-0` as const, { offset: 5 }]]), nobody(group))
    await producer.commit()
    const committed = await client.committedOffsets(group, [{ topic, partition: 0 }], { requireStable: true })
    expect(committed.get(`${topic}-0`)?.offset).toBe(5)
    expect(transport.count(apis.InitProducerId)).toBe(1)
  })

  test('an abort settles even records of which nobody knows whether they arrived', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    const held = transport.hold('request', apis.Produce)
    appendText(producer, topic, ['late'])
    const flushed = failure(producer.flush())
    await held.arrived
    await producer.abort()
    expect(reactionOf(await flushed)).toBe('abortable')
    appendText(producer, topic, ['kept'])
    await producer.flush()
    held.release()
    await producer.commit()
    expect(transport.count(apis.InitProducerId)).toBe(1)
    await expectCommitted(client, topic, ['kept'])
    expect(valuesOf(await readUntil(client, topic, { until: 2, isolation: 'read_uncommitted' }))).toEqual(['kept'])
  })

  test('a transaction that took too long is aborted, and its producer goes on', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const producer = await producerOf(client, { transactionalId: bed().name('tx'), transactionTimeoutMs: 100 })
    appendText(producer, topic, ['slow'])
    await producer.flush()
    await eventually(async () => (await lastStableOffset(client, topic)) === 2)
    appendText(producer, topic, ['late'])
    expect(reactionOf(await failure(producer.flush()))).toBe('producer-fenced')
    await producer.abort()
    appendText(producer, topic, ['again'])
    await producer.commit()
    expect(transport.count(apis.InitProducerId)).toBe(1)
    expect(valuesOf(await readUntil(client, topic, { until: 4 }))).toEqual(['again'])
  })
}

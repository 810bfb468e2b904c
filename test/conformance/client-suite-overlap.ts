/** What goes on while a transaction is being committed: `flush` is the cut, and nothing of the next one may pass it. */
import { expect, test } from 'vitest'
import type { KafkaClient, Producer, ProducerOptions } from '../../src/kafka/client/kafka-client.ts'
import { reactionOf } from '../../src/errors/streams-error.ts'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { appendText, producerOf, readUntil, valuesOf } from '../support/client-bed.ts'
import type { ClientBed } from '../support/client-bed.ts'
import { expectCommitted, failure, nobody } from './client-suite-transactions.ts'

const numbers = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${from + index}`)

export function overlapCases(bed: () => ClientBed): void {
  const transactional = (client: KafkaClient, options: ProducerOptions = {}): Promise<Producer> =>
    producerOf(client, { transactionalId: bed().name('tx'), ...options })
  test('nothing of the next transaction is sent before the commit is answered', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client, 2)
    const producer = await transactional(client, { batchMaxBytes: 100, lingerMs: 1 })
    appendText(producer, topic, numbers(0, 50))
    await producer.flush()
    const count = (): number => transport.count(apis.Produce) + transport.count(apis.AddPartitionsToTxn)
    const [sent, held] = [count(), transport.hold('answer', apis.EndTxn)]
    appendText(producer, topic, numbers(50, 50))
    const committing = producer.commit()
    appendText(producer, topic, numbers(100, 50))
    appendText(producer, topic, numbers(0, 50), { partition: 1 })
    await held.arrived
    // Some turns of the loop; full batches go out without the linger time.
    for (let turn = 0; turn < 5; turn++) await client.describeTopics([topic])
    expect(count()).toBe(sent)
    expect(producer.acknowledged(`${topic}-0`)).toBe(50)
    await expectCommitted(client, topic, numbers(0, 50))
    held.release()
    await committing
    await producer.flush()
    expect(producer.acknowledged(`${topic}-0`)).toBe(151)
    await expectCommitted(client, topic, numbers(0, 50))
    await producer.commit()
    await expectCommitted(client, topic, numbers(0, 150))
  })

  test('a flush of nothing is a cut, too: what follows does not go with offsets from before', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const group = bed().name('group')
    const producer = await transactional(client)
    await producer.flush()
    appendText(producer, topic, ['processed after the cut'])
    await producer.sendOffsets(new Map([[`${topic}-0` as const, { offset: 3 }]]), nobody(group))
    await producer.commit()
    expect(producer.inTransaction).toBe(true)
    await producer.abort()
    appendText(producer, topic, ['end'])
    await producer.commit()
    await expectCommitted(client, topic, ['end'])
    const committed = await client.committedOffsets(group, [{ topic, partition: 0 }], { requireStable: true })
    expect(committed.get(`${topic}-0`)?.offset).toBe(3)
  })

  test('the bytes of both transactions count, and there is room when those of the first have arrived', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const producer = await transactional(client, { bufferMaxBytes: 1000, lingerMs: 60_000 })
    const append = (): boolean => producer.append(topic, 0, null, Buffer.alloc(600), 1, [])
    const produce = transport.hold('answer', apis.Produce)
    expect(append()).toBe(true)
    const flushed = producer.flush()
    expect(append()).toBe(false)
    const order: string[] = []
    const room = producer.drained().then(() => order.push('room'))
    await produce.arrived
    expect(order).toEqual([])
    produce.release()
    await Promise.all([flushed, room])
    const end = transport.hold('answer', apis.EndTxn)
    const committing = producer.commit().then(() => order.push('committed'))
    expect(append()).toBe(false)
    const roomAgain = producer.drained().then(() => order.push('room again'))
    await end.arrived
    end.release()
    await Promise.all([committing, roomAgain])
    expect(order).toEqual(['room', 'committed', 'room again'])
    await producer.commit()
    expect(producer.acknowledged(`${topic}-0`)).toBe(4)
  })

  test('an abort in the middle of a flush ends the flush, and nothing of it is committed later', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    const held = transport.hold('answer', apis.Produce)
    appendText(producer, topic, ['cut off'])
    const flushed = failure(producer.flush())
    appendText(producer, topic, ['of the next transaction'])
    await held.arrived
    await producer.abort()
    expect(reactionOf(await flushed)).toBe('abortable')
    expect(producer.inTransaction).toBe(false)
    held.release()
    appendText(producer, topic, ['kept'])
    await producer.commit()
    await expectCommitted(client, topic, ['kept'])
  })

  test.for(['request', 'answer'] as const)(
    'offsets whose %s is late when the transaction is aborted harm neither this one nor the next',
    async (phase) => {
      const { client, transport } = await bed().faultyClient()
      const topic = await bed().topic(client)
      const group = bed().name('group')
      const offsets = (offset: number): ReadonlyMap<`${string}-${number}`, { readonly offset: number }> =>
        new Map([[`${topic}-0` as const, { offset }]])
      const producer = await transactional(client)
      await producer.sendOffsets(offsets(1), nobody(group))
      await producer.commit()
      const held = transport.hold(phase, apis.TxnOffsetCommit)
      appendText(producer, topic, ['aborted'])
      await producer.flush()
      const sending = failure(producer.sendOffsets(offsets(99), nobody(group)))
      await held.arrived
      await producer.abort()
      appendText(producer, topic, ['kept'])
      await producer.flush()
      await producer.sendOffsets(offsets(2), nobody(group))
      held.release()
      expect(reactionOf(await sending)).toBe('abortable')
      await producer.commit()
      const committed = await client.committedOffsets(group, [{ topic, partition: 0 }], { requireStable: true })
      expect(committed.get(`${topic}-0`)?.offset).toBe(2)
      await expectCommitted(client, topic, ['kept'])
    },
  )

  test('batches that are sent again keep their sequences in every transaction', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client, 2)
    const producer = await transactional(client, { batchMaxBytes: 120, lingerMs: 1 })
    for (let round = 0; round < 6; round++) {
      transport.lose(round % 2 === 0 ? 'answer' : 'request', apis.Produce, 1 + (round % 3))
      for (const partition of [0, 1]) appendText(producer, topic, numbers(round * 40, 40), { partition })
      await producer.flush()
      for (const partition of [0, 1]) expect(producer.acknowledged(`${topic}-${partition}`)).toBe(round * 41 + 40)
      await (round === 3 ? producer.abort() : producer.commit())
    }
    const kept = [...numbers(0, 120), ...numbers(160, 80)]
    for (const partition of [0, 1]) {
      expect(valuesOf(await readUntil(client, topic, { partition, until: 6 * 41 }))).toEqual(kept)
    }
  })

  test('closing while the commit is under way waits for its answer, and the next transaction is lost', async () => {
    const { client, transport } = await bed().faultyClient()
    const topic = await bed().topic(client)
    const producer = await transactional(client)
    appendText(producer, topic, ['one'])
    await producer.flush()
    const held = transport.hold('answer', apis.EndTxn)
    appendText(producer, topic, ['two'])
    const order: string[] = []
    const committing = producer.commit().then(() => order.push('committed'))
    await held.arrived
    const closing = producer.close().then(() => order.push('closed'))
    await client.describeTopics([topic])
    held.release()
    await Promise.all([committing, closing])
    expect(order).toEqual(['committed', 'closed'])
    await expectCommitted(client, topic, ['one'])
  })
}

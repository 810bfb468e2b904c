import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apis } from '../../../../src/kafka/protocol/apis.ts'
import { brokerBed, type BrokerClient } from '../../../support/broker-bed.ts'
import { fetchFrom, produceTo } from '../../../support/raw-kafka.ts'

const config = { 'cleanup.policy': 'compact', 'delete.retention.ms': '1000' }

describe('compaction', () => {
  it('leaves of each key the last value at its offset, as a plain map does', async () => {
    const write = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      value: fc.option(fc.string({ maxLength: 3 }), { nil: null }),
      count: fc.integer({ min: 1, max: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 20 }), async (writes) => {
        const { broker, connect } = brokerBed()
        broker.createTopic('t', { config })
        const client = connect()
        const last = new Map<string, { offset: number; value: string | null }>()
        let offset = 0
        for (const [index, { key, value, count }] of writes.entries()) {
          await produceTo(client, 't', { key, values: Array<string | null>(count).fill(value) })
          offset += count
          // The last batch is not compacted, and nothing is removed on its account.
          if (index < writes.length - 1) last.set(key, { offset: offset - 1, value })
        }
        broker.controls.compact('t', 0)
        const lastBatch = offset - (writes.at(-1)?.count ?? 0)
        const expected = [...last.values()]
        const kept = (await fetchFrom(client, 't', 0)).records.filter(
          (record) => Number(record.split(':')[0]) < lastBatch,
        )
        expect(kept).toEqual(
          expected.toSorted((one, other) => one.offset - other.offset).map((one) => `${one.offset}:${one.value}`),
        )
        expect((await fetchFrom(client, 't', 0)).highWatermark).toBe(offset)
      }),
      { numRuns: 50 },
    )
  })

  it('removes tombstones and markers after delete.retention.ms, counted from the first time', async () => {
    const { broker, clock, connect } = brokerBed()
    broker.createTopic('t', { config })
    const client = connect()
    await transaction(client, 'gone', true)
    await produceTo(client, 't', { key: 'k', values: [null], timestamps: [5] })
    await produceTo(client, 't', { key: 'last', values: ['v'] })
    const offsets = async () => (await fetchFrom(client, 't', 0)).records
    broker.controls.compact('t', 0)
    expect(await offsets()).toEqual(['0:gone', '1:<commit>', '2:null', '3:v'])
    await clock.advance(1001)
    broker.controls.compact('t', 0)
    expect(await offsets()).toEqual(['0:gone', '3:v'])
  })

  it('removes records of aborted transactions at once, their marker and its index entry together', async () => {
    const { broker, clock, connect } = brokerBed()
    broker.createTopic('t', { config })
    const client = connect()
    await produceTo(client, 't', { key: 'k', values: ['before'] })
    const { producerId } = await transaction(client, 'aborted', false)
    await produceTo(client, 't', { key: 'last', values: ['v'] })
    broker.controls.compact('t', 0)
    let read = await fetchFrom(client, 't', 0, { committed: true })
    expect(read.records).toEqual(['0:before', '2:<abort>', '3:v'])
    expect(read.aborted).toEqual([{ producerId, firstOffset: 1 }])
    await clock.advance(1001)
    broker.controls.compact('t', 0)
    read = await fetchFrom(client, 't', 0, { committed: true })
    expect(read).toMatchObject({ records: ['0:before', '3:v'], aborted: [] })
  })

  it('does not touch an open transaction, nor what came after it began', async () => {
    const { broker, connect } = brokerBed()
    broker.createTopic('t', { config })
    const client = connect()
    await transaction(client, 'open')
    await produceTo(client, 't', { key: 'k', values: ['a'] })
    await produceTo(client, 't', { key: 'k', values: ['b'] })
    broker.controls.compact('t', 0)
    expect((await fetchFrom(client, 't', 0)).records).toEqual(['0:open', '1:a', '2:b'])
  })

  it('comes by itself when enough was written', async () => {
    const { broker, connect } = brokerBed({ config: { compactionThresholdBytes: 2000 } })
    broker.createTopic('t', { config })
    const client = connect()
    for (let index = 0; index < 100; index++) await produceTo(client, 't', { key: 'k', values: [`v${index}`] })
    const { records } = await fetchFrom(client, 't', 0)
    expect(records.length).toBeLessThan(60)
    expect(records.at(-1)).toBe('99:v99')
  })
})

/** Of one record; left open when `committed` is not given. */
async function transaction(client: BrokerClient, value: string, committed?: boolean): Promise<{ producerId: number }> {
  const transactionalId = 'tid'
  const { producerId, producerEpoch } = await client.send(apis.InitProducerId, 4, {
    transactionalId,
    transactionTimeoutMs: 60_000,
    producerId: -1,
    producerEpoch: -1,
  })
  await client.send(apis.AddPartitionsToTxn, 3, {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: 't', partitions: [0] }],
  })
  const records = { key: 'of the transaction', values: [value], producerId, epoch: producerEpoch, transactional: true }
  await produceTo(client, 't', records, { transactionalId })
  if (committed !== undefined) {
    await client.send(apis.EndTxn, 3, { transactionalId, producerId, producerEpoch, committed })
  }
  return { producerId }
}

import { describe, expect, it } from 'vitest'
import type { ActiveProducer, TransactionDescription } from '../../../../src/kafka/client/admin-types.ts'
import type { KafkaClient } from '../../../../src/kafka/client/kafka-client.ts'
import { openTransactions } from '../../../../src/runtime/operations/open-transactions.ts'

const nowMs = 1_000_000

interface Told {
  readonly producers: Readonly<Record<string, readonly Partial<ActiveProducer>[]>>
  readonly transactions?: readonly Partial<TransactionDescription>[]
}

/** What brokers would say; asked for nothing else. */
function clientThatTells({ producers, transactions = [] }: Told): KafkaClient {
  const known = transactions.map((one) => ({
    transactionalId: 'tx',
    producerId: 1,
    producerEpoch: 0,
    state: 'Ongoing',
    timeoutMs: 10_000,
    startedAtMs: nowMs,
    partitions: [{ topic: 'in', partition: 0 }],
    ...one,
  }))
  return {
    admin: {
      transactions: {
        producers: async () =>
          new Map(
            Object.entries(producers).map(([key, active]) => [
              key,
              active.map((one) => ({
                producerId: 1,
                producerEpoch: 0,
                lastTimestamp: nowMs,
                transactionStart: 5,
                ...one,
              })),
            ]),
          ),
        list: async ({ producerIds }: { readonly producerIds: readonly number[] }) =>
          known.filter(({ producerId }) => producerIds.includes(producerId)),
        describe: async () => new Map(known.map((one) => [one.transactionalId, one])),
      },
    },
  } as unknown as KafkaClient
}

async function verdicts(told: Told): Promise<readonly unknown[]> {
  const facts = new Map([
    ['in-0' as const, { logStart: 0, highWatermark: 10, lastStableOffset: 5 }],
    ['in-1' as const, { logStart: 0, highWatermark: 10, lastStableOffset: 10 }],
  ])
  const found = await openTransactions(clientThatTells(told), facts, nowMs)
  return found.map(({ verdict, transactionalId, sinceMs }) => [verdict, transactionalId, sinceMs])
}

describe('A transaction that holds back a partition', () => {
  it('is open within its time-out, which coordinators look after every ten seconds', async () => {
    const producers = { 'in-0': [{}] }
    const startedAtMs = nowMs - 29_000
    expect(await verdicts({ producers, transactions: [{ startedAtMs }] })).toEqual([['open', 'tx', startedAtMs]])
  })

  it('is late beyond that', async () => {
    const startedAtMs = nowMs - 31_000
    expect(await verdicts({ producers: { 'in-0': [{}] }, transactions: [{ startedAtMs }] })).toEqual([
      ['late', 'tx', startedAtMs],
    ])
  })

  it('is hanging where no coordinator has it in that partition, and a minute has passed', async () => {
    const lastTimestamp = nowMs - 61_000
    const producers = { 'in-0': [{ lastTimestamp }] }
    expect(await verdicts({ producers })).toEqual([['hanging', null, lastTimestamp]])
    const elsewhere = [{ partitions: [{ topic: 'in', partition: 7 }] }]
    expect(await verdicts({ producers, transactions: elsewhere })).toEqual([['hanging', 'tx', lastTimestamp]])
    const ended = [{ startedAtMs: undefined, partitions: [], state: 'CompleteAbort' }]
    expect(await verdicts({ producers, transactions: ended })).toEqual([['hanging', 'tx', lastTimestamp]])
    const young = { 'in-0': [{ lastTimestamp: nowMs - 1000 }] }
    expect(await verdicts({ producers: young })).toEqual([['open', null, nowMs - 1000]])
  })

  it('is one, however many partitions it holds back; producers without one are none', async () => {
    const producers = { 'in-0': [{}, { producerId: 2, transactionStart: undefined }], 'in-1': [{}] }
    const facts = new Map([['in-0' as const, { logStart: 0, highWatermark: 10, lastStableOffset: 5 }]])
    const found = await openTransactions(clientThatTells({ producers, transactions: [{}] }), facts, nowMs)
    expect(found.map(({ partitions }) => partitions)).toEqual([
      [
        { topic: 'in', partition: 0, startOffset: 5 },
        { topic: 'in', partition: 1, startOffset: 5 },
      ],
    ])
  })

  it('is not looked for where nothing is held back', async () => {
    const facts = new Map([['in-0' as const, { logStart: 0, highWatermark: 10, lastStableOffset: 10 }]])
    // Would throw where it is asked.
    expect(await openTransactions({} as unknown as KafkaClient, facts, nowMs)).toEqual([])
  })
})

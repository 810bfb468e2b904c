/** What no real broker does on command: features that come and go, epochs used up, markers held back, pipelines cut. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/common/clock.ts'
import { silentLogger } from '../../../../src/common/logger.ts'
import { systemRandom } from '../../../../src/common/random.ts'
import { reactionOf } from '../../../../src/errors/streams-error.ts'
import { EmbeddedBroker } from '../../../../src/kafka/broker/embedded-broker.ts'
import { createKafkaClient } from '../../../../src/kafka/client/client.ts'
import type { KafkaClient, Producer } from '../../../../src/kafka/client/kafka-client.ts'
import { pauseAfterEndMs } from '../../../../src/kafka/client/transaction-protocol.ts'
import { apis } from '../../../../src/kafka/protocol/apis.ts'
import { errorCodes } from '../../../../src/kafka/protocol/error-codes.ts'
import type { MetadataResponse } from '../../../../src/kafka/protocol/messages/metadata.ts'
import type { ProduceRequest, ProduceResponse } from '../../../../src/kafka/protocol/messages/produce.ts'
import { RecordBatch } from '../../../../src/kafka/records/record-batch.ts'
import { RecordsCursor } from '../../../../src/kafka/records/records-cursor.ts'
import { InProcessTransport } from '../../../../src/kafka/transport/in-process-transport.ts'
import { valueView } from '../../../../src/processor/record-set.ts'
import { BrokerClient } from '../../../support/broker-bed.ts'
import { ClientBed, appendText, eventually, producerOf, readUntil, valuesOf } from '../../../support/client-bed.ts'
import { ManualClock, settled } from '../../../support/manual-clock.ts'
import { OldBrokers } from '../../../support/old-brokers.ts'

let broker: EmbeddedBroker
let bed: ClientBed

beforeEach(() => {
  broker = new EmbeddedBroker({ nodes: 2, config: { autoCreateTopics: false } })
  bed = new ClientBed({
    name: 'embedded',
    transport: (clientId) => new InProcessTransport(broker, { clientId, clock: systemClock }),
    stop: async () => broker.close(),
  })
})
afterEach(async () => {
  broker.controls.clearRules()
  await bed.close()
  broker.close()
})

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)

async function transact(producer: Producer, value: string): Promise<void> {
  appendText(producer, 't', [value])
  await producer.commit()
}

/** Producer id, epoch and first sequence of every batch with records. */
function batches(): (readonly [number, number, number])[] {
  return broker.controls
    .log('t', 0)
    .batches.filter(({ isControl }) => !isControl)
    .map(({ producerId, producerEpoch, baseSequence }) => [producerId, producerEpoch, baseSequence])
}

describe('the protocol of a transaction', () => {
  it('follows the feature of the cluster, from one transaction to the next', async () => {
    broker.createTopic('t')
    const { client, transport } = await bed.faultyClient()
    const producer = await producerOf(client, { transactionalId: 'tx' })
    const added: number[] = []
    const produceVersions: number[] = []
    broker.controls.observe(({ api, version }) => void (api === 'Produce' && produceVersions.push(version)))
    for (const id of ['tx', 'other']) broker.controls.moveCoordinator('transaction', id, broker.nodeIds[0] ?? 0)
    const round = async (level: 0 | 2): Promise<void> => {
      broker.controls.finalizeTransactionVersion(level)
      broker.controls.closeConnections()
      // In process nobody notices that an idle connection has ended: a request that may be repeated makes a new one.
      await client.fenceProducers(['other'], { transactionTimeoutMs: 60_000 })
      for (let count = 0; count < 3; count++) {
        await transact(producer, `${added.length}`)
        added.push(transport.count(apis.AddPartitionsToTxn))
      }
    }
    await round(2)
    await round(0)
    await round(2)
    // The first of each round was decided before the change.
    expect(added).toEqual([0, 0, 0, 0, 1, 2, 3, 3, 3])
    // Under v1 nothing may get into a transaction by itself: a late one could get into the next of the same epoch.
    expect(produceVersions).toEqual([12, 12, 12, 12, 11, 11, 11, 12, 12])
    expect(batches()).toEqual([
      [0, 0, 0],
      [0, 1, 0],
      [0, 2, 0],
      [0, 3, 0],
      [0, 4, 0],
      [0, 4, 1],
      [0, 4, 2],
      [0, 4, 3],
      [0, 5, 0],
    ])
    expect(valuesOf(await readUntil(client, 't', { until: 18 }))).toEqual(numbers(9))
  })

  it.each(['produce', 'transactions'])(
    'is v1 after an abort when the brokers on the lane %s have gone back to an older Kafka',
    async (lane) => {
      broker.createTopic('t')
      const brokers = new OldBrokers(new InProcessTransport(broker, { clientId: 'old', clock: systemClock }))
      const client = await bed.client({ transport: brokers })
      const producer = await producerOf(client, { transactionalId: 'tx' })
      await transact(producer, 'before')
      appendText(producer, 't', ['between'])
      if (lane === 'transactions') await producer.flush()
      brokers.goBack(lane)
      const error = await producer.commit().catch((cause: unknown) => cause)
      expect(reactionOf(error)).toBe('abortable')
      await producer.abort()
      await transact(producer, 'after')
      await transact(producer, 'again')
      const end = broker.controls.log('t', 0).endOffset
      expect(valuesOf(await readUntil(client, 't', { until: end }))).toEqual(['before', 'after', 'again'])
    },
  )

  it('keeps its identity where the broker gives none at the end', async () => {
    broker.createTopic('t')
    const producer = await producerOf(await bed.client(), { transactionalId: 'tx' })
    const identities: unknown[] = []
    broker.controls.observe(({ api, body }) => {
      if (api !== 'Produce') return
      const records = (body as ProduceRequest).topicData[0]?.partitionData[0]?.records
      const { producerId, producerEpoch } = new RecordBatch(Buffer.from(records ?? []))
      identities.push([producerId, producerEpoch])
    })
    const none = { producerId: -1, producerEpoch: -1 }
    broker.controls.alterAnswer({ api: 'EndTxn' }, (answer) => ({ ...(answer as object), ...none }))
    await transact(producer, 'a')
    await transact(producer, 'b').catch(() => undefined)
    expect(identities.slice(0, 2)).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  it('takes another producer id from the broker when the epochs of one are used up', async () => {
    broker.createTopic('t')
    const [node = 0] = broker.nodeIds
    broker.controls.moveCoordinator('transaction', 'tx', node)
    const raw = new BrokerClient(broker.openNode(node, 'test'))
    const request = { transactionalId: 'tx', transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
    for (let epoch = 0; epoch < 32_765; epoch++) await raw.send(apis.InitProducerId, 4, request)
    const client = await bed.client()
    const producer = await producerOf(client, { transactionalId: 'tx' })
    for (const value of numbers(4)) await transact(producer, value)
    expect(batches()).toEqual([
      [0, 32_765, 0],
      [0, 32_766, 0],
      [1, 0, 0],
      [1, 1, 0],
    ])
    expect(valuesOf(await readUntil(client, 't', { until: 8 }))).toEqual(numbers(4))
  })
})

describe('with time that stands still', () => {
  let clock: ManualClock
  let slow: EmbeddedBroker

  beforeEach(() => {
    clock = new ManualClock()
    slow = new EmbeddedBroker({ clock, config: { autoCreateTopics: false } })
    slow.createTopic('t')
  })
  afterEach(() => slow.close())

  async function open(protocol: 'v1' | 'v2'): Promise<{ readonly client: KafkaClient; readonly producer: Producer }> {
    const client = createKafkaClient({
      transport: new InProcessTransport(slow, { clientId: 'c', clock }),
      clientId: 'c',
      clock,
      random: systemRandom,
      logger: silentLogger,
      ...(protocol === 'v1' ? { transactionProtocol: protocol } : {}),
    })
    await client.connect()
    return { client, producer: await producerOf(client, { transactionalId: 'tx' }) }
  }

  function counted(...names: readonly string[]): () => number {
    let count = 0
    slow.controls.observe(({ api }) => void (count += names.includes(api) ? 1 : 0))
    return () => count
  }

  it.each([
    { protocol: 'v2', pauseMs: pauseAfterEndMs },
    { protocol: 'v1', pauseMs: 0 },
  ] as const)('the first Produce after an end waits $pauseMs ms under $protocol', async ({ protocol, pauseMs }) => {
    const produced = counted('Produce')
    const { client, producer } = await open(protocol)
    await transact(producer, 'one')
    appendText(producer, 't', ['two'])
    const flushed = producer.flush()
    for (let elapsedMs = 0; elapsedMs < pauseMs; elapsedMs++) {
      await settled()
      expect(produced()).toBe(1)
      await clock.advance(1)
    }
    await flushed
    expect(produced()).toBe(2)
    await client.close()
  })

  it.each(['v1', 'v2'] as const)(
    'a closed producer sends nothing more, whatever it waited for (%s)',
    async (protocol) => {
      const { client, producer } = await open(protocol)
      appendText(producer, 't', ['open'])
      await producer.flush()
      for (const api of ['EndTxn', 'InitProducerId'] as const) {
        slow.controls.disconnect('request', { api, times: Infinity })
      }
      const sent = counted('EndTxn', 'InitProducerId', 'Produce')
      const closed = producer.close().then(() => true)
      let waitedMs = 0
      while (!(await Promise.race([closed, clock.advance(100).then(() => false)]))) waitedMs += 100
      expect(waitedMs).toBeLessThanOrEqual(5000)
      const before = sent()
      expect(before).toBeGreaterThan(1)
      for (let second = 0; second < 90; second++) await clock.advance(1000)
      expect(sent()).toBe(before)
      await client.close()
    },
  )
})

describe.each(['v1', 'v2'] as const)('under protocol %s', (protocol) => {
  const client = (): Promise<KafkaClient> => bed.client(protocol === 'v1' ? { transactionProtocol: protocol } : {})

  it('the next transaction waits for markers that are late, however it meets them', async () => {
    broker.createTopic('t')
    const producer = await producerOf(await client(), { transactionalId: 'tx' })
    const letGo = broker.controls.holdMarkers('t', 0)
    await transact(producer, 'one')
    let asked = 0
    broker.controls.observe(({ api }) => void (asked += api === 'Produce' || api === 'AddPartitionsToTxn' ? 1 : 0))
    const next = transact(producer, 'two')
    await eventually(() => asked > 3)
    letGo()
    await next
    expect(valuesOf(await readUntil(await client(), 't', { until: 4 }))).toEqual(['one', 'two'])
  })

  it('fencing waits for the markers of a commit that had begun, and does not undo it', async () => {
    broker.createTopic('t')
    const producer = await producerOf(await client(), { transactionalId: 'tx' })
    const letGo = broker.controls.holdMarkers('t', 0)
    await transact(producer, 'committed')
    let asked = 0
    broker.controls.observe(({ api }) => void (asked += api === 'InitProducerId' ? 1 : 0))
    const other = await client()
    const fencing = other.fenceProducers(['tx'], { transactionTimeoutMs: 60_000 })
    await eventually(() => asked > 3)
    for (const node of broker.nodeIds) broker.controls.moveCoordinator('transaction', 'tx', node)
    await eventually(() => asked > 6)
    letGo()
    await fencing
    expect(valuesOf(await readUntil(other, 't', { until: 2 }))).toEqual(['committed'])
    expect(reactionOf(await transact(producer, 'late').catch((error: unknown) => error))).toBe('producer-fenced')
  })

  it('an answer to the end that is lost while markers are held is asked for until it comes', async () => {
    broker.createTopic('t')
    const producer = await producerOf(await client(), { transactionalId: 'tx' })
    const letGo = broker.controls.holdMarkers('t', 0)
    appendText(producer, 't', ['one'])
    await producer.flush()
    broker.controls.disconnect('answer', { api: 'EndTxn' })
    let ended = 0
    broker.controls.observe(({ api }) => void (ended += api === 'EndTxn' ? 1 : 0))
    const committing = producer.commit().catch((error: unknown) => error)
    if (protocol === 'v2') await eventually(() => ended > 3)
    else expect(reactionOf(await committing)).toBe('unknown-outcome')
    letGo()
    if (protocol === 'v2') expect(await committing).toBeUndefined()
    else await producer.abort()
    await transact(producer, 'two')
    expect(valuesOf(await readUntil(await client(), 't', { until: 4 }))).toEqual(['one', 'two'])
  })

  it.each(['abort', 'close'] as const)(
    'a transaction whose abort failed is ended by the next %s, and never gone on with',
    async (next) => {
      broker.createTopic('t')
      const brief = await bed.client({ apiTimeoutMs: 300, ...(protocol === 'v1' && { transactionProtocol: protocol }) })
      const producer = await producerOf(brief, { transactionalId: 'tx' })
      appendText(producer, 't', ['open'])
      await producer.flush()
      for (const node of broker.nodeIds) broker.controls.stopNode(node)
      expect(failureOf(() => appendText(producer, 't', ['more']))).toBeUndefined()
      await expect(producer.abort()).rejects.toThrow('no success in 300 ms')
      for (const node of broker.nodeIds) broker.controls.startNode(node)
      await producer[next]()
      expect(broker.controls.openTransactions()).toEqual([])
      const other = next === 'close' ? await producerOf(await client(), { transactionalId: 'tx' }) : producer
      await transact(other, 'kept')
      const { endOffset } = broker.controls.log('t', 0)
      expect(valuesOf(await readUntil(await client(), 't', { until: endOffset }))).toEqual(['kept'])
    },
  )

  it.each(['succeeds', 'is refused'])(
    'a commit that %s says so, whatever befalls the next transaction meanwhile',
    async (outcome) => {
      broker.createTopic('t')
      const [one, other] = [await client(), await client()]
      const producer = await producerOf(one, { transactionalId: 'tx' })
      await transact(producer, 'before')
      // What this transaction asks for is refused only when the next one has begun.
      const metadata = broker.controls.hold('request', { api: 'Metadata' })
      broker.controls.alterAnswer({ api: 'Metadata' }, (answer) => ({
        ...(answer as MetadataResponse),
        errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED,
      }))
      broker.controls.alterAnswer({ api: 'Produce' }, asIfLeaderMoved)
      appendText(producer, 't', ['one'])
      await Promise.all([producer.flush(), metadata.arrived])
      if (outcome === 'is refused') await other.fenceProducers(['tx'], { transactionTimeoutMs: 60_000 })
      const end = broker.controls.hold('request', { api: 'EndTxn' })
      const committing = producer.commit().catch((error: unknown) => error)
      await end.arrived
      metadata.release()
      await eventually(() => failureOf(() => appendText(producer, 't', ['two'])) !== undefined)
      end.release()
      const error = await committing
      if (outcome === 'succeeds') expect(error).toBeUndefined()
      else expect(reactionOf(error)).toBe('unknown-outcome')
      const kept = failureOf(() => appendText(producer, 't', ['two']))
      expect(reactionOf(kept)).toBe(outcome === 'succeeds' ? 'fatal' : 'unknown-outcome')
      await producer.abort()
      await transact(producer, 'after')
      const { endOffset } = broker.controls.log('t', 0)
      const values = outcome === 'succeeds' ? ['before', 'one', 'after'] : ['before', 'after']
      expect(valuesOf(await readUntil(other, 't', { until: endOffset }))).toEqual(values)
    },
  )

  it.each(['its leader moves', 'its connection ends', 'the answers are lost'])(
    'a pipeline of batches in which %s is sent again in order, every batch with the sequence it had',
    async (event) => {
      const [first = 0, second = 0] = broker.nodeIds
      broker.createTopic('t', { partitions: 1, replicationFactor: 2 })
      broker.controls.moveLeader('t', 0, first)
      const producer = await producerOf(await client(), { transactionalId: 'tx', batchMaxBytes: 90, lingerMs: 60_000 })
      const sequences = new Map<string, Set<number>>()
      let sent = 0
      broker.controls.observe(({ api, body }) => {
        if (api !== 'Produce') return
        const { value, sequence } = firstRecord(body as ProduceRequest)
        sequences.set(value, (sequences.get(value) ?? new Set()).add(sequence))
        sent++
      })
      appendText(producer, 't', ['begin'])
      await producer.flush()
      const values = numbers(30)
      let matched = 0
      const third = { api: 'Produce', where: () => ++matched === 3 } as const
      const held = broker.controls.hold('request', third)
      if (event === 'the answers are lost') broker.controls.disconnect('answer', { api: 'Produce' })
      if (event === 'its connection ends')
        broker.controls.disconnect('answer', { ...third, where: () => matched === 2 })
      appendText(producer, 't', values)
      const flushed = producer.flush()
      await Promise.race([held.arrived, eventually(() => sent > 10)])
      if (event === 'its leader moves') broker.controls.moveLeader('t', 0, second)
      held.release()
      await flushed
      expect(producer.acknowledged('t-0')).toBe(31)
      await producer.commit()
      expect(valuesOf(await readUntil(await client(), 't', { until: 32 }))).toEqual(['begin', ...values])
      expect(sent).toBeGreaterThan(sequences.size)
      expect([...sequences.values()].map(({ size }) => size)).toEqual([...sequences].map(() => 1))
    },
  )
})

function firstRecord({ topicData }: ProduceRequest): { readonly value: string; readonly sequence: number } {
  const batch = new RecordBatch(Buffer.from(topicData[0]?.partitionData[0]?.records ?? []))
  const cursor = new RecordsCursor([batch])
  cursor.next()
  return { value: valueView(cursor)?.toString() ?? '', sequence: batch.baseSequence }
}

function asIfLeaderMoved(answer: unknown): unknown {
  const { responses, ...rest } = answer as ProduceResponse
  const moved = { errorCode: errorCodes.NOT_LEADER_OR_FOLLOWER, baseOffset: -1 }
  return {
    ...rest,
    responses: responses.map((topic) => ({
      ...topic,
      partitionResponses: topic.partitionResponses.map((partition) => ({ ...partition, ...moved })),
    })),
  }
}

function failureOf(call: () => void): unknown {
  try {
    call()
    return undefined
  } catch (error) {
    return error
  }
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { topicPartitionKey } from '../../../../src/common/topic-partition.ts'
import { EmbeddedBroker } from '../../../../src/kafka/broker/embedded-broker.ts'
import type { GroupIdentity, KafkaClient } from '../../../../src/kafka/client/kafka-client.ts'
import { errorCodes } from '../../../../src/kafka/protocol/error-codes.ts'
import { InProcessTransport } from '../../../../src/kafka/transport/in-process-transport.ts'
import { ClientBed, producerOf } from '../../../support/client-bed.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** No member: whoever commits so is not fenced while the group is empty. */
const group: GroupIdentity = { groupId: 'g', generationId: -1, memberId: '', instanceId: undefined }
const offsets = new Map([[topicPartitionKey('gone', 0), { offset: 1 }]])

let clock: ManualClock
let broker: EmbeddedBroker
let bed: ClientBed
let client: KafkaClient

beforeEach(async () => {
  clock = new ManualClock()
  broker = new EmbeddedBroker({ clock, config: { autoCreateTopics: false } })
  const transport = (clientId: string): InProcessTransport => new InProcessTransport(broker, { clientId, clock })
  bed = new ClientBed({ name: 'embedded', transport, stop: async () => broker.close() }, { clock })
  client = await settling(bed.client())
})
afterEach(async () => {
  await settling(bed.close())
  broker.close()
})

/** Moves the time until it is settled. */
async function settling<T>(promise: Promise<T>): Promise<T> {
  const state = { isSettled: false }
  const settled = promise.finally(() => (state.isSettled = true))
  settled.catch(() => undefined)
  while (!state.isSettled) await clock.advance(10)
  return settled
}

describe('committing the offsets of a topic that was deleted', () => {
  const givenUp = { kafkaCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, reaction: 'abortable', topic: 'gone' }

  it('is given up soon, because whoever does it looks after nothing else meanwhile', async () => {
    const beganMs = clock.now()
    await expect(settling(client.commitOffsets(group, offsets))).rejects.toMatchObject(givenUp)
    expect(clock.now() - beganMs).toBeGreaterThan(4000)
    expect(clock.now() - beganMs).toBeLessThan(7000)
  })

  it('is given up soon in a transaction as well', async () => {
    const producer = await settling(producerOf(client, { transactionalId: 'tx', transactionTimeoutMs: 60_000 }))
    const beganMs = clock.now()
    await expect(settling(producer.sendOffsets(offsets, group))).rejects.toMatchObject(givenUp)
    expect(clock.now() - beganMs).toBeLessThan(7000)
  })

  it('is not tried again when nobody wants it any more', async () => {
    const stop = new AbortController()
    const reason = new Error('given up')
    let sent = 0
    broker.controls.observe(({ api }) => {
      if (api !== 'OffsetCommit') return
      sent++
      stop.abort(reason)
    })
    await expect(settling(client.commitOffsets(group, offsets, stop.signal))).rejects.toBe(reason)
    expect(sent).toBe(1)
  })
})

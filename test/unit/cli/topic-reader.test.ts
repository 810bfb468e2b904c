import { describe, expect, it } from 'vitest'
import { committedToEnd, readToEnd } from '../../../src/cli/topic-reader.ts'
import type { KafkaClient } from '../../../src/kafka/client/kafka-client.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

const partitions = [{ topic: 't', partition: 0 }]

/** A partition with ten offsets, of which so many are committed by the group, and stable. */
function clientAt(committed: () => number): KafkaClient {
  return {
    listOffsets: async (_: unknown, isolation: string) =>
      new Map([['t-0', isolation === 'read_committed' ? committed() : 10]]),
    committedOffsets: async () => new Map([['t-0', { offset: committed() }]]),
  } as unknown as KafkaClient
}

describe.each([
  [
    'a group that stands still',
    'the group',
    (client: KafkaClient, clock: ManualClock) => committedToEnd(client, 'g', partitions, clock),
  ],
  [
    'a transaction that stays open',
    'an open transaction',
    (client: KafkaClient, clock: ManualClock) => readToEnd(client, partitions, () => undefined, clock),
  ],
])('waiting for %s', (_, who, wait) => {
  it('ends with an error two minutes after the last change', async () => {
    const clock = new ManualClock()
    let committed = 3
    let outcome: unknown
    void wait(
      clientAt(() => committed),
      clock,
    ).catch((error: unknown) => (outcome = error))
    await settled()
    await clock.advance(119_000)
    committed = 7
    await clock.advance(119_000)
    expect(outcome).toBeUndefined()
    await clock.advance(2000)
    expect(outcome).toMatchObject({ code: 'MILLRACE_TIMEOUT', message: expect.stringMatching(`${who}.*7`) as string })
    expect(clock.pendingTimers).toBe(0)
  })
})

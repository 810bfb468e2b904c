import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lastRecords } from '../../../src/cli/last-records.ts'
import { textSerdeOf } from '../../../src/cli/text-serde.ts'
import { systemClock } from '../../../src/common/clock.ts'
import { EmbeddedBroker } from '../../../src/kafka/broker/embedded-broker.ts'
import { InProcessTransport } from '../../../src/kafka/transport/in-process-transport.ts'
import { ClientBed, appendText, producerOf } from '../../support/client-bed.ts'

const serde = textSerdeOf('string', '')
const format = {
  output: 'text',
  key: serde,
  value: serde,
  separator: undefined,
  timestampSeparator: undefined,
  nullText: 'null',
} as const

describe('the last records', () => {
  let broker: EmbeddedBroker
  let bed: ClientBed
  beforeEach(() => {
    broker = new EmbeddedBroker()
    bed = new ClientBed({
      name: 'embedded',
      transport: (clientId) => new InProcessTransport(broker, { clientId, clock: systemClock }),
      stop: async () => broker.close(),
    })
  })
  afterEach(async () => {
    await bed.close()
    broker.close()
  })

  it('are refused where they are more bytes than are kept at a time', async () => {
    broker.createTopic('t')
    const client = await bed.client()
    const producer = await producerOf(client, {})
    appendText(
      producer,
      't',
      Array.from({ length: 20 }, (_, i) => `${i}`.padStart(99, '-')),
    )
    await producer.flush()
    const printed: string[] = []
    const last = (count: number): Promise<void> =>
      lastRecords(
        client,
        new Map([['t-0', { start: 0, end: 20 }]]),
        count,
        format,
        async (text) => void printed.push(...text.toString().trimEnd().split('\n')),
        { maxBytes: 1000 },
      )
    await expect(last(11)).rejects.toMatchObject({ code: 'MILLRACE_USAGE' })
    expect(printed).toEqual([])
    await last(10)
    expect(printed.map((line) => Number(line.replaceAll('-', '')))).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  })

  it('keep the order of their partition, and are put among those of others by time', async () => {
    broker.createTopic('t', { partitions: 2 })
    const client = await bed.client()
    const producer = await producerOf(client, {})
    const append = (partition: number, timestamp: number): void => {
      producer.append('t', partition, null, Buffer.from(`${partition}@${timestamp}`), timestamp, [])
    }
    for (const timestamp of [10, 40, 20, 50]) append(0, timestamp)
    for (const timestamp of [15, 45]) append(1, timestamp)
    await producer.flush()
    const ranges = new Map([
      ['t-0', { start: 0, end: 4 }],
      ['t-1', { start: 0, end: 2 }],
    ] as const)
    const last = async (count: number): Promise<string[]> => {
      const printed: string[] = []
      await lastRecords(client, ranges, count, format, async (text) => void printed.push(text.toString()))
      return printed.join('').trimEnd().split('\n')
    }
    expect(await last(10)).toEqual(['0@10', '1@15', '0@40', '0@20', '1@45', '0@50'])
    expect(await last(3)).toEqual(['0@20', '1@45', '0@50'])
  })
})

/**
 * Events that a provider delivers at least once, each passed on exactly once: a window store remembers for an hour which
 * ids were there.
 */
import {
  defineTopology,
  serdes,
  stores,
  type FixedKeyProcessor,
  type FixedKeyProcessorContext,
  type StreamRecord,
  type WindowStore,
  type SerdeType,
} from 'millrace'
import { byItsTime, jsonOf } from '../json-of.ts'

export const event = jsonOf({ id: 'text', type: 'text', at: 'time' })
type Event = SerdeType<typeof event>

/** How far apart, in event time, a delivery and its repetition can be. The provider gives up after an hour. */
const repeatedWithinMs = 3_600_000

class PassOnce implements FixedKeyProcessor<string, Event, Event> {
  #context!: FixedKeyProcessorContext<Event>
  #seen!: WindowStore<string, string>

  init(context: FixedKeyProcessorContext<Event>): void {
    this.#context = context
    this.#seen = context.getStateStore('seen-events')
  }

  process(record: StreamRecord<string, Event>): void {
    if (this.#wasSeen(record)) return
    this.#seen.put(record.value.id, record.key, record.timestamp)
    this.#context.forward(record)
  }

  /** Before and after: a repetition may overtake. */
  #wasSeen({ value, timestamp }: StreamRecord<string, Event>): boolean {
    const around = this.#seen.range(value.id, timestamp - repeatedWithinMs, timestamp + repeatedWithinMs)
    for (const _ of around) return true
    return false
  }
}

export default defineTopology(
  'deduplication',
  (builder) => {
    builder.addStateStore(
      stores.window('seen-events', {
        key: serdes.string,
        value: serdes.string,
        windowSize: '1s',
        // Twice the hour: an event that is an hour late may still be the repetition of one an hour before.
        retention: '2h',
      }),
    )
    builder
      .stream('webhook-events', {
        // The account. A repetition has the key of what it repeats, and so comes to the same task.
        key: serdes.string,
        value: event,
        name: 'read-events',
        timestampExtractor: byItsTime,
        onDeserializationError: 'skip',
      })
      .processValues(() => new PassOnce(), { stores: ['seen-events'], name: 'pass-once' })
      .to('unique-events', { key: serdes.string, value: event, name: 'write-unique' })
  },
  { naming: 'explicit' },
)

/**
 * The takings of taxis by zone and hour, told once, when no ride can change them any more. Taxis without reception report
 * late: up to fifteen minutes their rides still count, later ones go to a topic of their own in place of being lost.
 */
import {
  defineTopology,
  serdes,
  tumbling,
  type FixedKeyProcessor,
  type FixedKeyProcessorContext,
  type KStream,
  type StreamRecord,
  type SerdeType,
} from 'millrace'
import { byItsTime, jsonOf } from '../json-of.ts'

export const ride = jsonOf({ taxi: 'text', cents: 'number', at: 'time' })
type Ride = SerdeType<typeof ride>
type Judged = Ride & { readonly isLate: boolean }
const judged = serdes.json<Judged>()

const hourMs = 3_600_000
const graceMs = 900_000

/** Late is what the hour, closed by then, would not take: by the same stream time, since both are in one task. */
class Judge implements FixedKeyProcessor<string, Ride, Judged> {
  #context!: FixedKeyProcessorContext<Judged>

  init(context: FixedKeyProcessorContext<Judged>): void {
    this.#context = context
  }

  process(record: StreamRecord<string, Ride>): void {
    const closesAt = Math.floor(record.timestamp / hourMs + 1) * hourMs + graceMs
    this.#context.forward({
      ...record,
      value: { ...record.value, isLate: this.#context.currentStreamTime >= closesAt },
    })
  }
}

function writeLate(rides: KStream<string, Judged>): void {
  rides.to('late-rides', { value: judged, name: 'write-late' })
}

function writeTakings(rides: KStream<string, Judged>): void {
  rides
    .groupByKey({ value: judged })
    .windowedBy(tumbling({ size: hourMs, grace: graceMs }))
    .aggregate(
      () => 0,
      (takings, { cents }) => takings + cents,
      {
        name: 'add-up',
        store: 'takings',
        value: serdes.int64,
      },
    )
    .suppress({ until: 'windowCloses', name: 'final-takings' })
    .toStream({ name: 'takings-as-stream' })
    .to('hourly-takings', { key: serdes.timeWindowed(serdes.string, hourMs), name: 'write-takings' })
}

export default defineTopology(
  'late-data',
  (builder) => {
    builder
      .stream('rides', {
        key: serdes.string,
        value: ride,
        name: 'read-rides',
        timestampExtractor: byItsTime,
        onDeserializationError: 'skip',
      })
      .processValues(() => new Judge(), { name: 'judge' })
      .split({ name: 'rides-' })
      .branch(({ isLate }) => isLate, { name: 'late', withConsumer: writeLate })
      .defaultBranch({ name: 'in-time', withConsumer: writeTakings })
  },
  { naming: 'explicit' },
)

/** Records that cannot be written or read, and timestamps that are none: of ErrorScenarios.java. */
import type { StreamPartitioner } from '../../../src/processor/stream-partitioner.ts'
import type { TimestampExtractor } from '../../../src/processor/timestamp-extractor.ts'
import { change, input, ok, picky, TO_PICKY, UNREAD } from './dead-letters.ts'
import { dsl, STRINGS, strings, type Text, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

const pickyPartitioner: StreamPartitioner<unknown, unknown> = (value) => (ok(value) === '' ? null : 0)
const toPartition = { ...strings, partitioner: pickyPartitioner }
const exclaim = (value: Text): string => `${value}!`

const outputs: VectorTopologies = {
  'dead letter: value that cannot be written': dsl((b) => {
    const s = input(b)
    s.to('out', TO_PICKY)
    s.to('last', strings)
  }),
  'dead letter: key that cannot be written': dsl((b) =>
    input(b)
      .map((v, k): [Text, Text] => [v, k])
      .process(change)
      .to('out', { key: picky, value: strings.value }),
  ),
  'dead letter: value that cannot be written, after a sink beside it': dsl((b) => {
    const s = input(b)
    s.to('first', strings)
    s.to('out', TO_PICKY)
  }),
  'dead letter: value that a repartition topic refuses': dsl((b) =>
    input(b)
      .selectKey(() => 'x')
      .groupByKey(TO_PICKY)
      .count({ store: 'n' })
      .toStream()
      .to('out'),
  ),
  'value that cannot be written, production fails, processing continues': dsl((b) =>
    input(b).mapValues(exclaim).to('out', TO_PICKY),
  ),
  'value that cannot be written below its source, production fails, processing continues': dsl(
    (b) => input(b).to('out', TO_PICKY),
    { error: 'MILLRACE_PRODUCTION_FAILED' },
  ),
  'value that cannot be written, handlers fail': dsl((b) => input(b).mapValues(exclaim).to('out', TO_PICKY), {
    error: 'MILLRACE_PRODUCTION_FAILED',
  }),
  'dead letter: partitioner throws': dsl((b) => input(b).mapValues(exclaim).to('out', toPartition)),
  'dead letter: topic name extractor throws': dsl((b) =>
    input(b)
      .mapValues(exclaim)
      .to((v) => `out${ok(v).length}`, { ...strings, topicLabel: 'by length' }),
  ),
  'partitioner throws, production continues': dsl((b) => input(b).mapValues(exclaim).to('out', toPartition), {
    error: 'MILLRACE_PRODUCTION_FAILED',
  }),
  'dead letter: after a sink beside it whose partitioner wants none': dsl((b) => {
    const s = input(b)
    s.to('first', { ...strings, partitioner: () => [] })
    s.mapValues(ok).to('out', strings)
  }),
  'dead letter: partitioner of a repartition throws': dsl((b) =>
    input(b)
      .repartition({ name: 'rep', ...STRINGS, partitioner: pickyPartitioner })
      .to('out', strings),
  ),
}

const later: TimestampExtractor = ({ timestamp }) => timestamp + 1000
const throwing: TimestampExtractor = ({ value }) => ok(value).length

function extracted(timestampExtractor: TimestampExtractor, rest: Partial<VectorTopology> = {}): VectorTopology {
  return dsl((b) => b.stream('in', { ...STRINGS, timestampExtractor }).to('out', strings), rest)
}

const reading: VectorTopologies = {
  'dead letter: value that cannot be read': dsl((b) =>
    b.stream('in', { ...STRINGS, value: UNREAD }).to('out', strings),
  ),
  'dead letter: key that cannot be read': dsl((b) => b.stream('in', { ...STRINGS, key: UNREAD }).to('out', strings)),
  'dead letter: table value that cannot be read': dsl((b) =>
    b
      .table('in', { ...STRINGS, value: UNREAD, store: 't' })
      .toStream()
      .to('out', strings),
  ),
  'dead letter: below a repartition topic, value that cannot be read': dsl((b) =>
    input(b)
      .selectKey((v) => v)
      .groupByKey({ key: strings.key, value: UNREAD })
      .count({ store: 'n' })
      .toStream()
      .to('out'),
  ),
  'dead letter: value that cannot be read, with a timestamp of its own': dsl((b) =>
    b.stream('in', { ...STRINGS, value: UNREAD, timestampExtractor: later }).to('out', strings),
  ),
  'dead letter: a timestamp extractor gives the time': dsl((b) =>
    b
      .stream('in', { ...STRINGS, timestampExtractor: later })
      .mapValues(ok)
      .to('out', strings),
  ),
  'timestamp extractor throws': extracted(throwing, { error: 'MILLRACE_TIMESTAMP_INVALID' }),
  'timestamp extractor throws, handlers CONTINUE': extracted(throwing, { error: 'MILLRACE_TIMESTAMP_INVALID' }),
  'timestamp extractor gives a negative time': extracted(({ value, timestamp }) =>
    String(value).includes('bad') ? -1 : timestamp,
  ),
  "timestamp extractor takes the partition's time": extracted(({ value, timestamp }, partitionTime) =>
    String(value).includes('bad') ? partitionTime : timestamp,
  ),
  'timestamp extractor gives a negative time to what cannot be read': dsl((b) =>
    b
      .stream('in', {
        ...STRINGS,
        value: UNREAD,
        timestampExtractor: ({ timestamp }) => (timestamp > 10 ? -1 : timestamp),
      })
      .to('out', strings),
  ),
}

export const deadLetterOutputVectors: VectorTopologies = { ...outputs, ...reading }

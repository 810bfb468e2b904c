/** What the instances of a kill test run: a word count through a repartition topic, as `millrace run` loads it. */
import { defineTopology, serdes } from 'millrace'

export default defineTopology(
  'kill-test',
  (builder) => {
    builder
      .stream('lines', { value: serdes.string })
      .flatMapValues((line) => line.split(' '))
      .groupBy((word) => word, { key: serdes.string, value: serdes.string })
      .count({ store: 'counts' })
      .toStream()
      .to('word-counts', { key: serdes.string, value: serdes.int64 })
  },
  { sessionTimeoutMs: 6000 },
)

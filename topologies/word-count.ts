import { defineTopology, serdes } from 'millrace'

/** Counts the words of all lines of `text-lines`; every new count goes to `word-counts`. */
export default defineTopology('word-count', (builder) => {
  builder
    .stream('text-lines', { value: serdes.string })
    .flatMapValues((line) => (line.match(/\w+/g) ?? []).map((word) => word.toLowerCase()))
    .groupBy((word) => word, { key: serdes.string, value: serdes.string })
    .count({ store: 'counts' })
    .toStream()
    .to('word-counts', { key: serdes.string, value: serdes.int64 })
})

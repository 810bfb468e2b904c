// The application under test of the small projects beside this file: what a user of each test runner would write.
import { defineTopology, serdes } from 'millrace'

export const lines = { value: serdes.string }
export const counts = { key: serdes.string, value: serdes.int64 }

export const wordCount = defineTopology('word-count', (builder) => {
  builder
    .stream('text-lines', lines)
    .flatMapValues((line) => line.split(' '))
    .groupBy((word) => word, { key: serdes.string, value: serdes.string })
    .count({ store: 'counts' })
    .toStream()
    .to('word-counts', counts)
})

export const topics = { 'text-lines': 2, 'word-counts': 1 }

/** The last count of each word. */
export function latest(records) {
  return Object.fromEntries(records.map(({ key, value }) => [key, value]))
}

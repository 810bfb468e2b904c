import { defineTopology, serdes } from 'millrace'

export default defineTopology('promise', (builder) => {
  builder
    .stream('text-lines', { value: serdes.string })
    // The types refuse it; a JavaScript user gets here.
    .mapValues(((line: string) => Promise.resolve(line)) as unknown as (line: string) => string, { name: 'later' })
    .to('word-counts', { value: serdes.string })
})

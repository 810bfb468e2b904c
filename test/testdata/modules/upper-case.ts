import { defineTopology, serdes } from 'millrace'

export default defineTopology('word-count', (builder) => {
  builder
    .stream('text-lines', { value: serdes.string })
    .mapValues((line) => line.toUpperCase())
    .to('upper', { key: serdes.bytes, value: serdes.string })
})

import { defineTopology, serdes } from 'millrace'

export default defineTopology('int32-input', (builder) => {
  builder.stream('text-lines', { value: serdes.int32 }).to('word-counts', { value: serdes.int32 })
})

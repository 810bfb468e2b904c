import { defineTopology, serdes } from 'millrace'

export default defineTopology('missing-topic', (builder) => {
  builder.stream('nowhere', { value: serdes.string }).to('word-counts', { value: serdes.string })
})

import { defineTopology } from 'millrace'

export default defineTopology('unknown-key', (builder) => builder.stream('text-lines').to('word-counts'), {
  // A JavaScript user's slip.
  comitIntervalMs: 5,
} as object)

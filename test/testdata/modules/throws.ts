import { defineTopology, serdes } from 'millrace'

export default defineTopology('throws', (builder) => {
  builder
    .stream('text-lines', { value: serdes.string })
    .mapValues((line) => explode(line), { name: 'shout' })
    .to('word-counts', { value: serdes.string })
})

function explode(line: string): string {
  throw new TypeError(`no use for ${line.length} characters`)
}

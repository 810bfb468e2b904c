import { expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { deadLetterTopics } from '../../../src/runtime/dead-letter-topics.ts'
import { serdes } from '../../../src/serde/serdes.ts'

const strings = { key: serdes.string, value: serdes.string }

it('collects the dead-letter topics of the nodes, each with its own policy or that of the configuration', () => {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { ...strings, onDeserializationError: { deadLetter: 'unreadable' } })
    .mapValues((value) => value, { onProcessingError: { deadLetter: { topic: 'unmappable' } } })
    .filter(() => true)
    .to('out', strings)
  const [subTopology] = builder.build().compile().subTopologies
  if (subTopology === undefined) throw new Error('no sub-topology')
  const config = {
    onDeserializationError: { deadLetter: 'never used' },
    onProcessingError: { deadLetter: 'others' },
    onProductionError: () => 'skip' as const,
  }
  expect(deadLetterTopics(subTopology, config)).toEqual(['unreadable', 'unmappable', 'others'])
})

import { expect, test } from 'vitest'
import { savedDescription } from '../../../src/topology/saved-description.ts'
import { shop } from '../../support/described-topologies.ts'

const json = (): Record<string, unknown> => JSON.parse(JSON.stringify(shop().describe())) as Record<string, unknown>

test('a description that was saved is read as it was', () => {
  const saved = { schemaVersion: 1, applicationId: 'shop', ...json() }
  expect(savedDescription(saved)).toEqual(saved)
})

test.each([
  [undefined, 'it is not an object'],
  [[], 'it is not an object'],
  [{}, 'its version is undefined, and this millrace knows version 1'],
  [{ version: 2 }, 'its version is 2, and this millrace knows version 1'],
  [{ version: 1 }, "'subTopologies' is no list"],
  [{ ...json(), topics: undefined }, "'topics' is no list"],
  [{ ...json(), subTopologies: [{ id: 0 }] }, 'a node is not an object'],
  [{ ...json(), stores: [{ name: 's', kind: 'keyValue', nodes: [] }] }, "the store 's' has no 'naming'"],
  [
    { ...json(), topics: [{ name: 't', kind: 'external', naming: 'given', readBy: [] }] },
    "the topic 't' has no 'writtenBy'",
  ],
])('what is none is refused with the reason (%#)', (value, reason) => {
  expect(savedDescription(value)).toBe(reason)
})

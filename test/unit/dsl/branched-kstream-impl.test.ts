import { expect, test } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { Branched, BranchedKStream, KStream } from '../../../src/dsl/streams.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'

const strings = { key: serdes.string, value: serdes.string }

function split(builder = new StreamsBuilder()): BranchedKStream<string, string> {
  return builder.stream('in', strings).split({ name: 's-' })
}

test('the map has the branches in their order, by the name of the split and their own', () => {
  const branches = split()
    .branch(() => true, { name: 'one' })
    .branch(() => true)
    .defaultBranch()
  expect([...branches.keys()]).toEqual(['s-one', 's-2', 's-0'])
})

test('a branch with a consumer is not in the map, one with a function as what that returns', () => {
  let inner: KStream<string, number> | undefined
  const branches = split()
    .branch(() => true, { name: 'consumed', withConsumer: () => undefined })
    .branch(() => true, { name: 'kept', withFunction: () => null })
    .branch(() => true, { name: 'mapped', withFunction: (stream) => (inner = stream.mapValues(Number)) })
    .noDefaultBranch()
  expect([...branches]).toEqual([['s-mapped', inner]])
})

test('the map refuses a name that it does not have, and says which one is meant', () => {
  const branches = split()
    .branch(() => true, { name: 'large' })
    .branch(() => true, { name: 'consumed', withConsumer: () => undefined })
    .branch(() => true, { name: 'kept', withFunction: () => null })
    .defaultBranch({ name: 'other' })
  expect(branches.get('s-large')).toBe([...branches.values()][0])
  const refused = { code: 'MILLRACE_BRANCH_UNKNOWN', node: 's-' }
  expect(() => branches.get('s-lrage')).toThrow(expect.objectContaining(refused))
  expect(() => branches.get('s-lrage')).toThrow("has no 's-lrage'; did you mean 's-large'? it has: s-large, s-other")
  expect(() => branches.get('other')).toThrow("did you mean 's-other'?")
  expect(() => branches.get('refunds-of-all-kinds')).toThrow("'refunds-of-all-kinds'; it has: s-large, s-other")
  expect(() => branches.get('s-consumed')).toThrow('was given to its withConsumer')
  expect(() => branches.get('s-kept')).toThrow('its withFunction returned nothing')
  expect(() => split().noDefaultBranch().get('s-0')).toThrow('it is empty')
  expect(branches.has('s-lrage')).toBe(false)
})

test('serdes and the need to repartition go into the branches', () => {
  const builder = new StreamsBuilder()
  const keyed = builder.stream('in', strings).selectKey((value) => value)
  const [branch] = keyed.split({ name: 's-' }).defaultBranch().values()
  branch?.groupByKey({ key: serdes.string }).count({ store: 'n' })
  expect(builder.build().describe().toString()).toContain('n-repartition')
})

test('what contradicts itself is refused', () => {
  const isA = (value: string): boolean => value === 'a'
  const done = split()
  done.defaultBranch()
  expect(() => done.branch(isA)).toThrow('branch() comes after defaultBranch(), which ends the branches')
  expect(() => done.defaultBranch()).toThrow('defaultBranch() comes after defaultBranch()')
  const both: Branched<string, string> = { withFunction: (stream) => stream, withConsumer: () => undefined }
  expect(() => split().branch(isA, both)).toThrow('was given withFunction and withConsumer; give one of them')
  expect(() => split().branch('a' as never)).toThrow('branch() needs a predicate, found string')
  expect(() => split().branch(isA, { nam: 'a' } as never)).toThrow("branch() has no option 'nam'; did you mean 'name'?")
  expect(() => split().branch(isA, { name: 1 as never })).toThrow('the name of a branch is a string, found number')
  const other = new StreamsBuilder().stream('x', strings)
  expect(() => split().branch(isA, { withFunction: () => other })).toThrow('is not one of this StreamsBuilder')
})

test('a predicate that returns a promise is refused', () => {
  const builder = new StreamsBuilder()
  split(builder)
    .branch((() => Promise.resolve(true)) as never)
    .noDefaultBranch()
  const driver = new TopologyTestDriver(builder.build())
  const input = driver.createInputTopic('in', serdes.string, serdes.string)
  expect(() => input.pipeInput({ key: 'k', value: 'v' })).toThrow('the predicate returned a promise')
})

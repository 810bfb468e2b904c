import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import wordCount from './topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(wordCount.build(), wordCount.config)
})

afterEach(() => driver.close())

function count(line: string | null): (string | null)[] {
  const lines = driver.createInputTopic('text-lines', serdes.bytes, serdes.string)
  const counts = driver.createOutputTopic('word-counts', serdes.string, serdes.int64)
  lines.pipeInput({ value: line })
  return counts.readRecords().map(({ key, value }) => `${key} ${value}`)
}

it('counts every word, whatever its case', () => {
  expect(count('To be, or not to be')).toEqual(['to 1', 'be 1', 'or 1', 'not 1', 'to 2', 'be 2'])
})

it('goes on counting where it was', () => {
  count('to be')
  expect(count('or not to be')).toEqual(['or 1', 'not 1', 'to 2', 'be 2'])
  expect(driver.keyValueStore<string, number>('counts').get('to')).toBe(2)
})

it('says nothing of a line without words', () => {
  expect(count('')).toEqual([])
  expect(count('… !?')).toEqual([])
})

it('keeps its counts when the process ends suddenly', () => {
  count('to be')
  driver.crash()
  expect(count('to')).toEqual(['to 2'])
})

it('stops at a line that is null, which its serde does not admit, and not behind it', () => {
  expect(() => count(null)).toThrow(/null/)
})

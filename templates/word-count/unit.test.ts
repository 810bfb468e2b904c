/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { nullable, serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application from '../../topologies/word-count.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

test('every occurrence of a word counts', () => {
  const lines = driver.createInputTopic('text-lines', nullable(serdes.bytes), serdes.string)
  const counts = driver.createOutputTopic('word-counts', serdes.string, serdes.int64)
  lines.pipeInput({ value: 'to be or' })
  lines.pipeInput({ value: 'not to be' })
  const newest = Object.fromEntries(counts.readRecords().map(({ key, value }) => [key, value]))
  assert.deepEqual(newest, { to: 2, be: 2, or: 1, not: 1 })
})

test('the counts are there after a crash', () => {
  const lines = driver.createInputTopic('text-lines', nullable(serdes.bytes), serdes.string)
  lines.pipeInput({ value: 'to' })
  driver.crash()
  lines.pipeInput({ value: 'to' })
  assert.equal(driver.createOutputTopic('word-counts', serdes.string, serdes.int64).readRecords().at(-1)?.value, 2)
})

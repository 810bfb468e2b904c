/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application, { event } from '../../topologies/deduplication/topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

/** An event at a time such as `12:05`; what is passed on because of it. */
function deliver(id: string, time: string): (string | undefined)[] {
  const events = driver.createInputTopic('webhook-events', serdes.string, event)
  events.pipeInput({ key: 'account-1', value: { id, type: 'paid', at: `2026-11-02T${time}:00Z` } })
  const output = driver.createOutputTopic('unique-events', serdes.string, event)
  return output.readRecords().map(({ value }) => value?.id)
}

test('an event is passed on once, however often it comes within the hour', () => {
  assert.deepEqual(deliver('e1', '12:00'), ['e1'])
  assert.deepEqual(deliver('e1', '12:00'), [])
  assert.deepEqual(deliver('e2', '12:01'), ['e2'])
  assert.deepEqual(deliver('e1', '13:00'), [])
})

test('an event is recognised when its repetition has overtaken it', () => {
  assert.deepEqual(deliver('e1', '12:30'), ['e1'])
  assert.deepEqual(deliver('e1', '12:00'), [])
})

test('what was seen is known after a crash', () => {
  deliver('e1', '12:00')
  driver.crash()
  assert.deepEqual(deliver('e1', '12:01'), [])
})

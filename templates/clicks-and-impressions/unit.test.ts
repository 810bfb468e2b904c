/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application, { click, impression, outcome } from '../../topologies/clicks-and-impressions/topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

/** An ad that is shown at a time such as `12:05`. */
function show(id: string, time: string): void {
  const impressions = driver.createInputTopic('impressions', serdes.string, impression)
  impressions.pipeInput({ key: id, value: { ad: 'pens', at: `2026-11-02T${time}:00Z` } })
}

function press(id: string, time: string): void {
  const clicks = driver.createInputTopic('clicks', serdes.string, click)
  clicks.pipeInput({ key: id, value: { user: 'ada', at: `2026-11-02T${time}:00Z` } })
}

function read(topic: string): (string | null)[] {
  const output = driver.createOutputTopic(topic, serdes.string, outcome)
  return output.readRecords().map(({ key }) => key)
}

test('an ad that is clicked within ten minutes is told at once', () => {
  show('i1', '12:00')
  press('i1', '12:10')
  assert.deepEqual(read('clicked-ads'), ['i1'])
})

test('an ad that nobody clicks is told when nobody can any more', () => {
  show('i1', '12:00')
  show('i2', '12:11')
  assert.deepEqual(read('ignored-ads'), [])
  show('i3', '12:12')
  assert.deepEqual(read('ignored-ads'), ['i1'])
})

test('a click on an ad that was never shown is suspicious', () => {
  press('i7', '12:00')
  show('i8', '12:12')
  assert.deepEqual(read('suspicious-clicks'), ['i7'])
})

/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application, { reading } from '../../topologies/sensor-averages/topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

interface Average {
  readonly average: number
  readonly readings: number
}

/** A temperature at a time such as `12:00:05`. */
function measure(sensor: string, time: string, celsius: number): void {
  const readings = driver.createInputTopic('readings', serdes.string, reading)
  readings.pipeInput({ key: sensor, value: { celsius, at: `2026-11-02T${time}Z` } })
}

function read(topic: string, size: '1m' | '5m'): string[] {
  const output = driver.createOutputTopic(topic, serdes.timeWindowed(serdes.string, size), serdes.json<Average>())
  return output.readRecords().map(({ key, value }) => `${key?.key} ${value?.average} of ${value?.readings}`)
}

test('a minute has one average, when it and its grace are over', () => {
  measure('roof', '12:00:10', 20)
  measure('roof', '12:01:10', 30)
  measure('roof', '12:00:50', 22)
  assert.deepEqual(read('minute-averages', '1m'), [])
  measure('roof', '12:01:30', 30)
  assert.deepEqual(read('minute-averages', '1m'), ['roof 21 of 2'])
})

test('a reading that is too late for its minute counts in the moving average', () => {
  measure('roof', '12:04:10', 20)
  measure('cellar', '12:05:29', 12)
  measure('cellar', '12:05:30', 12)
  assert.deepEqual(read('minute-averages', '1m'), ['roof 20 of 1'])
  measure('roof', '12:04:20', 40)
  measure('cellar', '12:10:00', 12)
  assert.deepEqual(read('minute-averages', '1m'), ['cellar 12 of 2'])
  assert.ok(read('moving-averages', '5m').includes('roof 30 of 2'))
})

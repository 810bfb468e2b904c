/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application, { ride } from '../../topologies/late-data/topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

/** A ride at a time such as `12:05`. */
function drive(zone: string, time: string, cents: number): void {
  const rides = driver.createInputTopic('rides', serdes.string, ride)
  rides.pipeInput({ key: zone, value: { taxi: 't1', cents, at: `2026-11-02T${time}:00Z` } })
}

function takings(): string[] {
  const output = driver.createOutputTopic('hourly-takings', serdes.timeWindowed(serdes.string, '1h'), serdes.int64)
  return output.readRecords().map(({ key, value }) => `${key?.key} ${value}`)
}

test('the takings of an hour are told once, when its quarter of an hour of grace is over', () => {
  drive('north', '12:10', 1000)
  drive('north', '13:10', 1)
  drive('north', '12:59', 200)
  assert.deepEqual(takings(), [])
  drive('north', '13:15', 1)
  assert.deepEqual(takings(), ['north 1200'])
})

test('a ride that is too late is told apart, and changes nothing', () => {
  drive('south', '12:10', 1000)
  drive('north', '13:15', 1)
  drive('south', '12:40', 9000)
  assert.deepEqual(takings(), ['south 1000'])
  const late = driver.createOutputTopic('late-rides', serdes.string, serdes.json<{ readonly cents: number }>())
  assert.deepEqual(
    late.readRecords().map(({ key, value }) => [key, value?.cents]),
    [['south', 9000]],
  )
})

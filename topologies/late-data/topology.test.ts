import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import lateData, { ride } from './topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(lateData.build(), lateData.config)
})

afterEach(() => driver.close())

/** A ride at a time such as `12:05`. */
function drive(zone: string, time: string, cents: number): void {
  const value = { taxi: 't1', cents, at: `2026-11-02T${time}:00Z` }
  driver.createInputTopic('rides', serdes.string, ride).pipeInput({ key: zone, value })
}

function takings(): string[] {
  const key = serdes.timeWindowed(serdes.string, '1h')
  return driver
    .createOutputTopic('hourly-takings', key, serdes.int64)
    .readRecords()
    .map(({ key: hour, value }) => `${hour?.key} ${new Date(hour?.window.start ?? 0).getUTCHours()}h ${value}`)
}

function lateRides(): (string | null)[] {
  return driver
    .createOutputTopic('late-rides', serdes.string, serdes.json<{ at: string }>())
    .readRecords()
    .map(({ key, value }) => `${key} ${value?.at.slice(11, 16)}`)
}

describe('the takings of an hour', () => {
  it('are told once, a quarter of an hour after its end', () => {
    drive('north', '12:10', 1000)
    drive('north', '12:50', 500)
    drive('north', '13:14', 700)
    expect(takings()).toEqual([])
    drive('north', '13:15', 100)
    expect(takings()).toEqual(['north 12h 1500'])
  })

  it('have rides that were reported late, but before that', () => {
    drive('north', '12:10', 1000)
    drive('north', '13:10', 700)
    drive('north', '12:59', 200)
    drive('north', '14:20', 100)
    expect(takings()).toEqual(['north 12h 1200', 'north 13h 700'])
    expect(lateRides()).toEqual([])
  })

  it('are told by zone', () => {
    drive('north', '12:10', 1000)
    drive('south', '12:20', 2000)
    drive('north', '13:30', 1)
    expect(takings()).toEqual(['north 12h 1000', 'south 12h 2000'])
  })

  it('are told after a sudden end of the process in between', () => {
    drive('north', '12:10', 1000)
    driver.crash()
    drive('north', '13:15', 100)
    expect(takings()).toEqual(['north 12h 1000'])
  })
})

describe('a ride that is reported later than that', () => {
  it('is kept apart, and changes nothing that was told', () => {
    drive('north', '12:10', 1000)
    drive('north', '13:15', 100)
    drive('north', '12:40', 9000)
    expect(takings()).toEqual(['north 12h 1000'])
    expect(lateRides()).toEqual(['north 12:40'])
  })

  it('is judged as the window would: none is dropped behind the judge', () => {
    for (const time of ['12:10', '13:14', '12:59', '13:15', '12:59', '13:00', '15:00', '13:59']) drive('north', time, 1)
    expect(lateRides()).toEqual(['north 12:59', 'north 13:59'])
    expect(driver.metric('dropped-records-total', { reason: 'expired window' })).toBe(0)
  })
})

it('skips what is no ride, tombstones too, and counts it', () => {
  const raw = driver.createInputTopic('rides', serdes.string, serdes.string)
  for (const value of ['off duty', '{"taxi":"t1","cents":1,"at":"soon"}', null]) raw.pipeInput({ key: 'north', value })
  expect(driver.metric('dropped-records-total', { reason: 'deserialization' })).toBe(3)
})

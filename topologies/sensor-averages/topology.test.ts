import { serdes } from 'millrace'
import type { Windowed } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import sensors, { reading } from './topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(sensors.build(), sensors.config)
})

afterEach(() => driver.close())

/** A reading at a time such as `12:00:05`. */
function measure(sensor: string, time: string, celsius: number): void {
  const value = { celsius, at: `2026-11-02T${time}Z` }
  driver.createInputTopic('readings', serdes.string, reading).pipeInput({ key: sensor, value })
}

interface Average {
  readonly average: number
  readonly lowest: number
  readonly highest: number
  readonly readings: number
}

function clock(timeMs = 0): string {
  return new Date(timeMs).toISOString().slice(11, 16)
}

function read(topic: string, size: '1m' | '5m'): string[] {
  const output = driver.createOutputTopic(topic, serdes.timeWindowed(serdes.string, size), serdes.json<Average>())
  const show = (key: Windowed<string> | null, value: Average | null): string =>
    `${key?.key} ${clock(key?.window.start)}-${clock(key?.window.end)} ${value?.average}`
  return output.readRecords().map(({ key, value }) => show(key, value))
}

const minutes = (): string[] => read('minute-averages', '1m')

describe('the average of a minute', () => {
  it('comes once, when the minute and the grace are over', () => {
    measure('roof', '12:00:10', 20)
    measure('roof', '12:00:50', 23)
    measure('roof', '12:01:29', 30)
    expect(minutes()).toEqual([])
    measure('roof', '12:01:30', 30)
    expect(minutes()).toEqual(['roof 12:00-12:01 21.5'])
    measure('roof', '12:01:40', 30)
    expect(minutes()).toEqual([])
  })

  it('tells the lowest, the highest and how many readings there were', () => {
    for (const celsius of [-3, 4, 0]) measure('roof', '12:00:10', celsius)
    measure('roof', '12:05:00', 9)
    const output = driver.createOutputTopic('minute-averages', serdes.bytes, serdes.json<Average>())
    expect(output.readRecord()?.value).toEqual({ average: 0.33, lowest: -3, highest: 4, readings: 3 })
  })

  it('counts a late reading within the grace, and drops a later one', () => {
    measure('roof', '12:00:10', 20)
    measure('roof', '12:01:20', 99)
    measure('roof', '12:00:40', 30)
    measure('roof', '12:02:00', 99)
    expect(minutes()).toEqual(['roof 12:00-12:01 25'])
    measure('roof', '12:00:41', 99)
    expect(minutes()).toEqual([])
  })

  it('waits for a reading of any sensor of its partition', () => {
    measure('roof', '12:00:10', 20)
    measure('cellar', '12:10:00', 12)
    expect(minutes()).toEqual(['roof 12:00-12:01 20'])
  })

  it('can be looked up for a day, after a restart as well', () => {
    measure('roof', '12:00:10', 20)
    measure('roof', '18:00:00', 20)
    driver.crash()
    const start = Date.parse('2026-11-02T12:00:00Z')
    expect(driver.windowStore('per-minute').fetch('roof', start)).toMatchObject({ readings: 1, sum: 20 })
  })
})

describe('the moving average', () => {
  it('has each reading in five windows, one every minute', () => {
    measure('roof', '12:04:00', 20)
    measure('roof', '12:05:00', 30)
    measure('roof', '12:30:00', 0)
    expect(read('moving-averages', '5m')).toEqual([
      'roof 12:00-12:05 20',
      'roof 12:01-12:06 25',
      'roof 12:02-12:07 25',
      'roof 12:03-12:08 25',
      'roof 12:04-12:09 25',
      'roof 12:05-12:10 30',
    ])
  })
})

it('skips what is no reading, and counts it', () => {
  const raw = driver.createInputTopic('readings', serdes.string, serdes.string)
  for (const value of ['ERR', '{"celsius":"warm","at":"2026-11-02T12:00:00Z"}', null]) {
    raw.pipeInput({ key: 'roof', value })
  }
  expect(driver.metric('dropped-records-total', { reason: 'deserialization' })).toBe(3)
})

import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import deduplication, { event } from './topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(deduplication.build(), deduplication.config)
})

afterEach(() => driver.close())

/** An event at a time such as `12:05`; what is passed on because of it. */
function deliver(id: string, time: string): (string | undefined)[] {
  const input = driver.createInputTopic('webhook-events', serdes.string, event)
  const output = driver.createOutputTopic('unique-events', serdes.string, event)
  input.pipeInput({ key: 'account-1', value: { id, type: 'paid', at: `2026-11-02T${time}:00Z` } })
  return output.readRecords().map(({ value }) => value?.id)
}

describe('an event', () => {
  it('is passed on the first time, and not again', () => {
    expect(deliver('e1', '12:00')).toEqual(['e1'])
    expect(deliver('e1', '12:00')).toEqual([])
    expect(deliver('e2', '12:01')).toEqual(['e2'])
    expect(deliver('e1', '12:59')).toEqual([])
  })

  it('is recognised for an hour', () => {
    deliver('e1', '12:00')
    expect(deliver('e1', '13:00')).toEqual([])
    expect(deliver('e1', '13:01')).toEqual(['e1'])
  })

  it('is recognised when its repetition has overtaken it', () => {
    expect(deliver('e1', '12:30')).toEqual(['e1'])
    expect(deliver('e1', '12:00')).toEqual([])
  })

  it('that is late is compared with those of its own time', () => {
    deliver('e1', '12:00')
    deliver('e2', '13:10')
    expect(deliver('e1', '12:10')).toEqual([])
  })

  it('is recognised after a sudden end of the process: the ids are in a store, not in a field', () => {
    deliver('e1', '12:00')
    driver.crash()
    expect(deliver('e1', '12:01')).toEqual([])
  })
})

it('forgets an id after two hours, so that memory does not grow for ever', () => {
  deliver('e1', '12:00')
  deliver('e2', '14:30')
  const seen = driver.windowStore<string, string>('seen-events')
  expect([...seen.range(undefined)].map(([{ key }]) => key)).toEqual(['e2'])
})

it('skips what is no event, tombstones too, and counts it', () => {
  const raw = driver.createInputTopic('webhook-events', serdes.string, serdes.string)
  for (const value of ['pong', '{"id":7,"type":"paid","at":"2026-11-02T12:00:00Z"}', null]) {
    raw.pipeInput({ key: 'account-1', value })
  }
  expect(driver.metric('dropped-records-total', { reason: 'deserialization' })).toBe(3)
  expect(deliver('e1', '12:00')).toEqual(['e1'])
})

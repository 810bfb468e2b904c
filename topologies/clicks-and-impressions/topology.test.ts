import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import ads, { click, impression, outcome } from './topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(ads.build(), ads.config)
})

afterEach(() => driver.close())

function at(time: string): string {
  return `2026-11-02T${time}:00Z`
}

/** An ad that is shown at a time such as `12:05`. */
function show(id: string, time: string): void {
  const input = driver.createInputTopic('impressions', serdes.string, impression)
  input.pipeInput({ key: id, value: { ad: 'pens', at: at(time) } })
}

function press(id: string, time: string): void {
  const input = driver.createInputTopic('clicks', serdes.string, click)
  input.pipeInput({ key: id, value: { user: 'ada', at: at(time) } })
}

function read(topic: string): (string | null)[] {
  return driver
    .createOutputTopic(topic, serdes.string, outcome)
    .readRecords()
    .map(({ key }) => key)
}

function outcomes(): Record<string, (string | null)[]> {
  return {
    clicked: read('clicked-ads'),
    ignored: read('ignored-ads'),
    suspicious: read('suspicious-clicks'),
  }
}

const none = { clicked: [], ignored: [], suspicious: [] }

describe('an ad', () => {
  it('that is clicked within ten minutes is a clicked one, at once', () => {
    show('i1', '12:00')
    press('i1', '12:10')
    expect(outcomes()).toEqual({ ...none, clicked: ['i1'] })
  })

  it('is clicked as often as there are clicks', () => {
    show('i1', '12:00')
    press('i1', '12:01')
    press('i1', '12:02')
    expect(outcomes()).toEqual({ ...none, clicked: ['i1', 'i1'] })
  })

  it('that nobody clicks is ignored when its ten minutes and the grace are over', () => {
    show('i1', '12:00')
    show('i2', '12:11')
    expect(outcomes()).toEqual(none)
    show('i3', '12:12')
    expect(outcomes()).toEqual({ ...none, ignored: ['i1'] })
  })

  it('that was ignored stays so: a click after that is suspicious', () => {
    show('i1', '12:00')
    show('i2', '12:12')
    press('i1', '12:12')
    show('i3', '12:30')
    expect(outcomes()).toEqual({ ...none, ignored: ['i1', 'i2'], suspicious: ['i1'] })
  })
})

describe('a click', () => {
  it('may be reported before its ad', () => {
    press('i1', '12:00')
    show('i1', '12:00')
    expect(outcomes()).toEqual({ ...none, clicked: ['i1'] })
  })

  it('on an ad that was never shown is suspicious', () => {
    press('i9', '12:00')
    show('i1', '12:02')
    expect(outcomes()).toEqual({ ...none, suspicious: ['i9'] })
  })

  it('on an ad that was shown only afterwards is suspicious, too', () => {
    press('i1', '12:00')
    show('i1', '12:05')
    show('i2', '12:30')
    expect(outcomes()).toEqual({ ...none, ignored: ['i1'], suspicious: ['i1'] })
  })
})

it('tells after a sudden end of the process what had no partner before', () => {
  show('i1', '12:00')
  driver.crash()
  show('i2', '12:30')
  expect(outcomes()).toEqual({ ...none, ignored: ['i1'] })
})

it('skips what is neither, and counts it', () => {
  for (const topic of ['impressions', 'clicks']) {
    const raw = driver.createInputTopic(topic, serdes.string, serdes.string)
    raw.pipeInput({ key: 'i1', value: 'gif' })
    raw.pipeInput({ key: 'i1', value: null })
  }
  expect(driver.metric('dropped-records-total', { reason: 'deserialization' })).toBe(4)
  expect(outcomes()).toEqual(none)
})

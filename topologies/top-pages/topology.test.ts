import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import topPages, { ranking, view } from './topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(topPages.build(), topPages.config)
})

afterEach(() => driver.close())

/** Views of pages, each named by its path, at a time such as `12:00:05`. */
function look(time: string, ...pages: readonly string[]): void {
  const views = driver.createInputTopic('page-views', serdes.string, view)
  for (const page of pages) views.pipeInput({ key: 'visitor', value: { page, at: `2026-11-02T${time}Z` } })
}

/** The newest ranking of each minute. */
function rankings(): Record<string, string> {
  const output = driver.createOutputTopic('top-pages', serdes.string, ranking)
  const show = (top: readonly { page: string; views: number }[] | null): string =>
    (top ?? []).map(({ page, views }) => `${page} ${views}`).join(', ')
  return Object.fromEntries(output.readRecords().map(({ key, value }) => [key?.slice(11, 16), show(value)]))
}

describe('the ranking of a minute', () => {
  it('has the three pages that were viewed most, when the minute and its grace are over', () => {
    look('12:00:05', '/pens', '/ink', '/pens', '/help', '/pens', '/ink', '/jobs')
    look('12:01:09', '/ink')
    expect(rankings()).toEqual({})
    look('12:01:10', '/ink')
    expect(rankings()).toEqual({ '12:00': '/pens 3, /ink 2, /help 1' })
  })

  it('has pages with equally many views in the order of their names', () => {
    look('12:00:00', '/d', '/c', '/b', '/a')
    look('12:02:00', '/a')
    expect(rankings()).toEqual({ '12:00': '/a 1, /b 1, /c 1' })
  })

  it('takes late views while the grace lasts, and no later ones', () => {
    look('12:00:59', '/pens')
    look('12:01:05', '/ink')
    look('12:00:58', '/pens')
    look('12:01:10', '/ink')
    look('12:00:57', '/pens')
    look('12:03:00', '/ink')
    expect(rankings()).toEqual({ '12:00': '/pens 2', '12:01': '/ink 2' })
    expect(driver.metric('dropped-records-total', { reason: 'expired window' })).toBe(1)
  })

  it('brings together what partitions close at times of their own', () => {
    const wide = new TopologyTestDriver(topPages.build(), { ...topPages.config, partitions: { 'page-views': 4 } })
    const views = wide.createInputTopic('page-views', serdes.string, view)
    const output = wide.createOutputTopic('top-pages', serdes.string, ranking)
    const lookWide = (page: string, minute: number): void => {
      views.pipeInput({ key: page, value: { page, at: `2026-11-02T12:${String(minute).padStart(2, '0')}:00Z` } })
    }
    const pages = ['/a', '/b', '/c', '/d', '/e', '/f']
    for (const page of pages) lookWide(page, 0)
    // One partition after the other goes on to 12:50.
    for (const page of pages) for (let minute = 10; minute <= 50; minute++) lookWide(page, minute)
    const ofNoon = output.readRecords().filter(({ key }) => key === '2026-11-02T12:00:00.000Z')
    expect(ofNoon.at(-1)?.value).toEqual(['/a', '/b', '/c'].map((page) => ({ page, views: 1 })))
    expect(ofNoon.length).toBeGreaterThan(1)
    wide.close()
  })
})

it('skips views that are none, and counts them', () => {
  const raw = driver.createInputTopic('page-views', serdes.string, serdes.string)
  for (const value of ['<html>', '{"page":"/pens"}', null]) raw.pipeInput({ key: 'visitor', value })
  look('12:00:00', '/pens')
  look('12:02:00', '/pens')
  expect(rankings()).toEqual({ '12:00': '/pens 1' })
  expect(driver.metric('dropped-records-total', { reason: 'deserialization' })).toBe(3)
})

/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application, { ranking, view } from '../../topologies/top-pages/topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

/** Views of pages, each named by its path, at a time such as `12:00:05`. */
function look(time: string, ...pages: readonly string[]): void {
  const views = driver.createInputTopic('page-views', serdes.string, view)
  for (const page of pages) views.pipeInput({ key: 'visitor', value: { page, at: `2026-11-02T${time}Z` } })
}

/** The newest ranking of each minute. */
function rankings(): Record<string, string[]> {
  const output = driver.createOutputTopic('top-pages', serdes.string, ranking)
  const newest = new Map(output.readRecords().map(({ key, value }) => [key?.slice(11, 16) ?? '', value ?? []]))
  return Object.fromEntries(
    [...newest].map(([minute, top]) => [minute, top.map(({ page, views }) => `${page} ${views}`)]),
  )
}

test('the pages of a minute are ranked when the minute and its grace are over', () => {
  look('12:00:05', '/pens', '/ink', '/pens', '/help', '/pens', '/ink', '/jobs')
  look('12:01:09', '/ink')
  assert.deepEqual(rankings(), {})
  look('12:01:10', '/ink')
  assert.deepEqual(rankings(), { '12:00': ['/pens 3', '/ink 2', '/help 1'] })
})

test('views that come after the grace are dropped, and counted', () => {
  look('12:00:59', '/pens')
  look('12:01:10', '/ink')
  look('12:00:57', '/pens')
  assert.deepEqual(rankings(), { '12:00': ['/pens 1'] })
  assert.equal(driver.metric('dropped-records-total'), 1)
})

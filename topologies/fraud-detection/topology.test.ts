import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import fraud, { payment } from './topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(fraud.build(), fraud.config)
})

afterEach(() => driver.close())

/** A payment of one euro at a time such as `12:05`. */
function pay(card: string, city: string, time: string): void {
  const value = { city, cents: 100, at: `2026-11-02T${time}:00Z` }
  driver.createInputTopic('card-payments', serdes.string, payment).pipeInput({ key: card, value })
}

interface Alert {
  readonly cities: readonly string[]
  readonly from: string
  readonly to: string
}

function alerts(): string[] {
  const output = driver.createOutputTopic('fraud-alerts', serdes.string, serdes.json<Alert>())
  return output
    .readRecords()
    .map(({ key, value }) => `${key} ${value?.cities.join()} ${value?.from.slice(11, 16)}-${value?.to.slice(11, 16)}`)
}

describe('a card', () => {
  it('that pays in three cities without rest is reported', () => {
    pay('4711', 'Rome', '12:00')
    pay('4711', 'Oslo', '12:04')
    expect(alerts()).toEqual([])
    pay('4711', 'Lima', '12:09')
    expect(alerts()).toEqual(['4711 Rome,Oslo,Lima 12:00-12:09'])
  })

  it('is reported again for every further payment of the spree', () => {
    for (const [index, city] of ['Rome', 'Oslo', 'Lima', 'Rome'].entries()) pay('4711', city, `12:0${index}`)
    expect(alerts()).toEqual(['4711 Rome,Oslo,Lima 12:00-12:02', '4711 Rome,Oslo,Lima 12:00-12:03'])
  })

  it('that rests for more than ten minutes begins anew', () => {
    pay('4711', 'Rome', '12:00')
    pay('4711', 'Oslo', '12:05')
    pay('4711', 'Lima', '12:16')
    expect(alerts()).toEqual([])
  })

  it('is not mixed up with another', () => {
    pay('4711', 'Rome', '12:00')
    pay('4711', 'Oslo', '12:01')
    pay('1234', 'Lima', '12:02')
    expect(alerts()).toEqual([])
  })
})

describe('a late payment', () => {
  it('makes one spree of two that lie on both sides of it', () => {
    pay('4711', 'Rome', '12:00')
    pay('4711', 'Lima', '12:14')
    expect(alerts()).toEqual([])
    pay('4711', 'Oslo', '12:07')
    expect(alerts()).toEqual(['4711 Rome,Lima,Oslo 12:00-12:14'])
    expect([...driver.sessionStore<string, unknown>('sprees').find('4711', 0, Infinity)]).toHaveLength(1)
  })

  it('counts until the gap and the grace of its spree are over, whatever else was reported meanwhile', () => {
    pay('4711', 'Rome', '12:00')
    pay('4711', 'Oslo', '12:05')
    pay('1234', 'Rome', '12:19')
    pay('4711', 'Lima', '12:06')
    expect(alerts()).toEqual(['4711 Rome,Oslo,Lima 12:00-12:06'])
  })

  it('begins a spree of its own when those before it take no more payments', () => {
    pay('4711', 'Rome', '12:00')
    pay('4711', 'Oslo', '12:05')
    pay('1234', 'Rome', '12:21')
    pay('4711', 'Lima', '12:08')
    expect(alerts()).toEqual([])
    pay('4711', 'Oslo', '12:09')
    pay('4711', 'Rome', '12:10')
    expect(alerts()).toEqual(['4711 Lima,Oslo,Rome 12:08-12:10'])
  })

  it('is dropped when its gap and the grace are over, and counted', () => {
    pay('4711', 'Rome', '12:00')
    pay('4711', 'Oslo', '12:05')
    pay('1234', 'Rome', '12:22')
    pay('4711', 'Lima', '12:06')
    expect(alerts()).toEqual([])
    expect(driver.metric('dropped-records-total', { reason: 'expired window' })).toBe(1)
  })
})

it('skips what is no payment, counts it, and goes on with the next', () => {
  const raw = driver.createInputTopic('card-payments', serdes.string, serdes.string)
  for (const [city, minute] of [['Rome', 0] as const, ['Oslo', 1] as const]) pay('4711', city, `12:0${minute}`)
  raw.pipeInput({ key: '4711', value: 'END OF BATCH' })
  raw.pipeInput({ key: '4711', value: null })
  raw.pipeInput({ key: '4711', value: '{"city":"Lima","cents":1,"at":"noon"}' })
  pay('4711', 'Lima', '12:02')
  expect(alerts()).toHaveLength(1)
  expect(driver.metric('dropped-records-total', { reason: 'deserialization' })).toBe(3)
})

it('goes on with its sprees after a sudden end of the process', () => {
  pay('4711', 'Rome', '12:00')
  pay('4711', 'Oslo', '12:01')
  driver.crash()
  pay('4711', 'Lima', '12:02')
  expect(alerts()).toHaveLength(1)
})

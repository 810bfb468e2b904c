/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application, { payment } from '../../topologies/fraud-detection/topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

interface Alert {
  readonly cities: readonly string[]
  readonly payments: number
}

/** A payment of one euro at a time such as `12:05`. */
function pay(card: string, city: string, time: string): void {
  const payments = driver.createInputTopic('card-payments', serdes.string, payment)
  payments.pipeInput({ key: card, value: { city, cents: 100, at: `2026-11-02T${time}:00Z` } })
}

function alerts(): string[] {
  const output = driver.createOutputTopic('fraud-alerts', serdes.string, serdes.json<Alert>())
  return output.readRecords().map(({ key, value }) => `${key} ${value?.cities.join(', ')}`)
}

test('a card that pays in three cities without ten minutes of rest is an alert', () => {
  pay('4711', 'Rome', '12:00')
  pay('1234', 'Lima', '12:01')
  pay('4711', 'Oslo', '12:09')
  assert.deepEqual(alerts(), [])
  pay('4711', 'Lima', '12:18')
  assert.deepEqual(alerts(), ['4711 Rome, Oslo, Lima'])
})

test('a card that rests begins anew', () => {
  pay('4711', 'Rome', '12:00')
  pay('4711', 'Oslo', '12:05')
  pay('4711', 'Lima', '12:16')
  assert.deepEqual(alerts(), [])
})

test('a payment that is reported late makes two sessions one', () => {
  pay('4711', 'Rome', '12:00')
  pay('4711', 'Oslo', '12:14')
  pay('4711', 'Lima', '12:07')
  assert.deepEqual(alerts(), ['4711 Rome, Oslo, Lima'])
})

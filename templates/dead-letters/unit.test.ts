/** The topology alone: no Kafka, and nothing to wait for. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import application from '../../topologies/dead-letters/topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(application.build(), application.config)
})

afterEach(() => driver.close())

/** Whatever a producer may send. */
function pay(key: string, value: string | null): void {
  driver.createInputTopic('payments', serdes.string, serdes.string).pipeInput({ key, value })
}

function entries(): string[] {
  const output = driver.createOutputTopic('ledger', serdes.string, serdes.int32)
  return output.readRecords().map(({ key, value }) => `${key} ${value}`)
}

test('payments are written in euro cents', () => {
  pay('p1', '{"amount":12.5,"currency":"EUR"}')
  pay('p2', '{"amount":10,"currency":"GBP"}')
  assert.deepEqual(entries(), ['p1 1250', 'p2 1150'])
})

for (const [what, value] of [
  ['no JSON', '<payment/>'],
  ['a currency without a rate', '{"amount":1,"currency":"DOGE"}'],
  ['more than the ledger can hold', '{"amount":3e7,"currency":"EUR"}'],
  ['null', null],
] as const) {
  test(`a payment that is ${what} becomes a letter, and the next one is processed`, () => {
    pay('p1', value)
    pay('p2', '{"amount":1,"currency":"EUR"}')
    assert.deepEqual(entries(), ['p2 100'])
    const letters = driver.createOutputTopic('payments-dead-letters', serdes.string, serdes.string).readRecords()
    assert.deepEqual(letters.map((letter) => letter.value), [value]) // prettier-ignore
    assert.ok(letters[0]?.headers.some(([name]) => name === '__streams.errors.message'))
  })
}

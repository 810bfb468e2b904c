import { serdes } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import ledger, { onProcessingError } from './topology.ts'

let driver: TopologyTestDriver

beforeEach(() => {
  driver = new TopologyTestDriver(ledger.build(), ledger.config)
})

afterEach(() => driver.close())

/** Whatever a producer may send. */
function pay(key: string, value: string | null): void {
  const headers = [['trace', Buffer.from('t-1')] as const]
  driver.createInputTopic('payments', serdes.string, serdes.string).pipeInput({ key, value, headers })
}

function entries(): string[] {
  const output = driver.createOutputTopic('ledger', serdes.string, serdes.int32)
  return output.readRecords().map(({ key, value }) => `${key} ${value}`)
}

interface Letter {
  readonly key: string | null
  readonly value: string | null
  readonly headers: Record<string, string>
}

function letters(): Letter[] {
  const output = driver.createOutputTopic('payments-dead-letters', serdes.string, serdes.string)
  return output.readRecords().map(({ key, value, headers }) => ({
    key,
    value,
    headers: Object.fromEntries(headers.map(([name, bytes]) => [name, Buffer.from(bytes ?? []).toString()])),
  }))
}

it('writes payments in euro cents', () => {
  pay('p1', '{"amount":12.5,"currency":"EUR"}')
  pay('p2', '{"amount":10,"currency":"GBP"}')
  expect(entries()).toEqual(['p1 1250', 'p2 1150'])
  expect(letters()).toEqual([])
})

describe('a payment that', () => {
  it.each([
    ['is no JSON', '<payment/>', /they are not JSON/],
    ['lacks a field', '{"amount":1}', /currency: it is to be a text/],
    ['is null', null, /null/],
    ['has an unknown currency', '{"amount":1,"currency":"DOGE"}', /there is no rate for 'DOGE'/],
    ['is too large for the ledger', '{"amount":3e7,"currency":"EUR"}', /takes an integer from -2147483648/],
  ])('%s becomes a letter that says why, and the next one is processed', (_, value, reason) => {
    pay('p1', value)
    pay('p2', '{"amount":1,"currency":"EUR"}')
    expect(entries()).toEqual(['p2 100'])
    const [letter, ...more] = letters()
    expect(more).toEqual([])
    expect(letter).toMatchObject({ key: 'p1', value })
    expect(letter?.headers).toMatchObject({
      trace: 't-1',
      '__streams.errors.message': expect.stringMatching(reason),
      '__streams.errors.topic': 'payments',
      '__streams.errors.offset': '0',
    })
  })
})

it('stops the application at an error that nobody thought of, in place of filling a topic with it', () => {
  expect(onProcessingError(new TypeError("Cannot read properties of undefined (reading 'amount')"))).toBe('fail')
})

it('counts letters by what failed', () => {
  pay('p1', 'x')
  pay('p2', '{"amount":1,"currency":"DOGE"}')
  pay('p3', '{"amount":3e7,"currency":"EUR"}')
  const count = (reason: string): number => driver.metric('dropped-records-total', { reason })
  expect(['deserialization', 'processing', 'production'].map(count)).toEqual([1, 1, 1])
})

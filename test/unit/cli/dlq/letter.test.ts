import { expect, it } from 'vitest'
import { originalHeaders, provenanceOf } from '../../../../src/cli/dlq/letter.ts'
import { letterFilter } from '../../../../src/cli/dlq/letter-filter.ts'
import type { Header } from '../../../../src/common/headers.ts'

const header = (name: string, text: string): Header => [name, Buffer.from(text)]

const inner = [header('trace', 'a'), header('trace', 'b'), header('__streams.errors.topic', 'inner')]
const outer = [
  header('__streams.errors.exception', 'RangeError'),
  header('__streams.errors.message', '3 is odd'),
  header('__streams.errors.topic', 'outer'),
  header('__streams.errors.partition', '4'),
  header('__streams.errors.offset', '-1'),
  header('__millrace.errors.node', 'check'),
  header('__millrace.errors.code', 'MILLRACE_PROCESSING_FAILED'),
]
const letter = [...inner, header('__millrace.retries', '2'), ...outer]

it('a letter says what failed last, also where its record was a letter itself', () => {
  expect(provenanceOf(letter)).toEqual({
    exception: 'RangeError',
    message: '3 is odd',
    stacktrace: null,
    topic: 'outer',
    partition: 4,
    offset: null,
    node: 'check',
    code: 'MILLRACE_PROCESSING_FAILED',
    retries: 2,
  })
})

it('a record that is sent again has the headers it had, in their order', () => {
  expect(originalHeaders(letter)).toEqual(inner)
})

it('numbers of others are numbers or nothing', () => {
  const bad = [header('__streams.errors.partition', '0x10'), header('__millrace.retries', '1e3')]
  expect(provenanceOf(bad)).toMatchObject({ partition: null, retries: 0 })
})

it('a time is so long ago, a date or a time', () => {
  const since = (text: string): number | undefined => letterFilter({ since: text }, 10_000_000).sinceMs
  expect(since('1h')).toBe(6_400_000)
  expect(since('2026-01-31T08:00:00Z')).toBe(Date.UTC(2026, 0, 31, 8))
  for (const text of ['yesterday', '-1h', '5', '2026-13-01']) expect(() => since(text)).toThrow(/--since takes/)
})

it('codes are found by their short names, too', () => {
  const meant = (code: string): boolean => letterFilter({ code }).matches(0, () => provenanceOf(letter))
  expect(['processing_failed', 'MILLRACE_PROCESSING_FAILED', 'production_failed'].map(meant)).toEqual([
    true,
    true,
    false,
  ])
})

/** docs/nulls.md says what becomes of records with a null key or value, and here it is done. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { dropReasons, type DropReason } from '../../../src/processor/drop-reason.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import { nullCases, nullResults, type NullCase, type NullRecord } from '../../support/null-cases.ts'

const reasons = Object.keys(dropReasons) as DropReason[]

/** A table of the document: its rows by their first cell, in which the code marks are left out. */
function tableOf(heading: string): Map<string, readonly string[]> {
  const text = readFileSync(new URL('../../../docs/nulls.md', import.meta.url), 'utf8')
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  const cells = lines.slice(2).map((line) => line.slice(1, -1).split('|'))
  return new Map(cells.map(([first = '', ...rest]) => [plain(first), rest.map((cell) => cell.trim())]))
}

function plain(cell: string): string {
  return cell.replaceAll('`', '').trim()
}

/** What `out` gets, and why something is dropped, as the document has it. */
function cellOf({ build, before = [], after = [], topic = 'in' }: NullCase, key: null | string, value: null | string) {
  const builder = new StreamsBuilder()
  build(builder)
  const driver = new TopologyTestDriver(builder.build(), { applicationId: 'app' })
  const pipe = ([to, ...record]: NullRecord): void => {
    const [k, v, timestamp] = record
    driver.createInputTopic(to, serdes.bytes, serdes.bytes).pipeInput({ key: bytes(k), value: bytes(v), timestamp })
  }
  const output = driver.createOutputTopic('out', serdes.string, serdes.string)
  const counts = (): number[] => reasons.map((reason) => driver.metric('dropped-records-total', { reason }))
  for (const record of before) pipe(record)
  output.readRecords()
  const droppedBefore = counts()
  pipe([topic, key, value, 2])
  const dropped = reasons.filter((_, index) => counts()[index] !== droppedBefore[index])
  for (const record of after) pipe(record)
  const outputs = output.readRecords().filter(({ key: k }) => k !== 'z')
  const parts = outputs.map((record) => `\`${String(record.key)}: ${String(record.value)}\``)
  if (dropped.length > 0) parts.push(`dropped: ${dropped.join(', ')}`)
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

function bytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text)
}

describe('A record without a key, a value, or both', () => {
  const table = tableOf('Operators')

  it('has a row for every operator', () => {
    expect([...table.keys()]).toEqual(Object.keys(nullCases))
  })

  it.each(Object.entries(nullCases))('%s', (name, one) => {
    const [nullKey, nullValue, neither] = [cellOf(one, null, 'v'), cellOf(one, 'k', null), cellOf(one, null, null)]
    expect([nullKey, nullValue, neither]).toEqual(table.get(name))
  })
})

describe('A callback that returns null', () => {
  const table = tableOf('Callbacks')

  it('has a row for every kind', () => {
    expect([...table.keys()]).toEqual(Object.keys(nullResults))
  })

  it.each(Object.entries(nullResults))('%s', (name, one) => {
    expect([cellOf(one, 'k', 'v')]).toEqual(table.get(name))
  })
})

describe('Reasons to drop a record', () => {
  it('are all in the document', () => {
    expect([...tableOf('Reasons').keys()].toSorted()).toEqual(reasons.toSorted())
  })
})

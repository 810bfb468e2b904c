import { describe, expect, test } from 'vitest'
import type { Joined } from '../../../../src/dsl/options.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import type { StreamsConfig } from '../../../../src/processor/streams-config.ts'
import { nullable } from '../../../../src/serde/serde.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { stores } from '../../../../src/state/stores.ts'
import { TopologyTestDriver } from '../../../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../../../src/topology/topology.ts'

const strings = { key: serdes.string, value: serdes.string }
const texts = { key: nullable(serdes.string), value: nullable(serdes.string) }

type Text = string | null

function lookup(
  options: Joined<Text, Text, string>,
  config: Partial<StreamsConfig> = {},
  historyRetention = 100,
): Topology {
  const builder = new StreamsBuilder(config)
  const table = builder.table('T', { ...strings, store: stores.versioned('vt', { historyRetention }) })
  builder
    .stream('S', texts)
    .leftJoin(table, (v, t) => `${v}+${t}`, { ...texts, ...options })
    .to('out', strings)
  return builder.build()
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

interface Bed {
  table(key: string, value: string | null, timestamp: number): void
  stream(key: Text, value: Text, timestamp: number): void
  out(): string[]
}

function bed(driver: TopologyTestDriver): Bed {
  return {
    table: (key, value, timestamp) =>
      driver.createInputTopic('T', serdes.string, texts.value).pipeInput({ key, value, timestamp }),
    stream: (key, value, timestamp) =>
      driver.createInputTopic('S', texts.key, texts.value).pipeInput({ key, value, timestamp }),
    out: () => {
      const records = driver.createOutputTopic('out', serdes.string, serdes.string).readRecords()
      return records.map(({ key, value, timestamp }) => `${key}=${value}@${timestamp}`)
    },
  }
}

describe('A stream-table join with grace', () => {
  test('waits for late updates of the table, through a crash and a restart', () => {
    const topology = lookup({ grace: 10 })
    const first = new TopologyTestDriver(topology)
    bed(first).table('k', 'early', 1)
    bed(first).stream('k', 'a', 5)
    first.crash()
    bed(first).stream('k', 'b', 5)
    expect(bed(first).out()).toEqual([])
    const second = new TopologyTestDriver(topology, { continueFrom: first })
    bed(second).table('k', 'late', 4)
    bed(second).stream('q', 'later', 15)
    expect(bed(second).out()).toEqual(['k=a+late@5', 'k=b+late@5'])
  })

  test('knows after a crash how far time had come', () => {
    const driver = new TopologyTestDriver(lookup({ grace: 10 }))
    bed(driver).stream('k', 'a', 100)
    driver.crash()
    bed(driver).stream('k', 'older than the grace', 89)
    expect(bed(driver).out()).toEqual(['k=older than the grace+null@89'])
  })

  test('joins a record without a key at once, and refuses it where Java does', () => {
    const driver = new TopologyTestDriver(lookup({ grace: 10 }))
    bed(driver).stream(null, 'no key', 5)
    expect(bed(driver).out()).toEqual(['null=no key+null@5'])
    const likeJava = { compatibility: 'java' } as const
    const strict = new TopologyTestDriver(lookup({ grace: 10 }, likeJava), likeJava)
    expect(() => bed(strict).stream(null, 'no key', 5)).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: 'MILLRACE_STORE_NULL_KEY' }) }),
    )
  })

  test('needs a grace period within the history of the table', () => {
    expect(codeOf(() => lookup({ grace: 100 }))).toBeUndefined()
    expect(codeOf(() => lookup({ grace: 101 }))).toBe('MILLRACE_STORE_OPTION_INVALID')
    expect(codeOf(() => lookup({ grace: -1 }))).toBe('MILLRACE_OPTION_INVALID')
    expect(codeOf(() => lookup({ grace: Number.NaN }))).toBe('MILLRACE_OPTION_INVALID')
  })

  test('has a buffer and a changelog that explicit naming wants named', () => {
    const config = { naming: 'explicit' } as const
    expect(codeOf(() => lookup({ grace: 10 }, config))).toBe('MILLRACE_NAME_MISSING')
    expect(lookup({ grace: 10, name: 'lookup' }, config).describe().toString()).toContain('lookup-Buffer')
  })
})

describe('A stream-table join', () => {
  test('takes the options of Joined and no other', () => {
    const builder = new StreamsBuilder()
    const [stream, table] = [builder.stream('S', texts), builder.table('T', strings)]
    const join = (options: object): unknown => stream.join(table, (v, t) => v + t, options)
    expect(codeOf(() => join({ otherValue: serdes.int64 }))).toBeUndefined()
    expect(codeOf(() => join({ store: 's' }))).toBe('MILLRACE_OPTION_INVALID')
  })

  test('of streams with new keys needs the serdes of what it repartitions', () => {
    const builder = new StreamsBuilder()
    const stream = builder.stream('S', texts).selectKey((v) => v)
    const table = builder.table('T', strings)
    expect(codeOf(() => stream.join(table, (v, t) => v + t))).toBe('MILLRACE_SERDE_MISSING')
    expect(codeOf(() => stream.join(table, (v, t) => v + t, { key: texts.key }))).toBeUndefined()
  })
})

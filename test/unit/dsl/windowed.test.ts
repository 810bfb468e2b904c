import { describe, expect, it } from 'vitest'
import type { CogroupedKStream, KGroupedStream } from '../../../src/dsl/streams.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { hopping, session, sliding, tumbling, unlimited, type EmitStrategy } from '../../../src/dsl/windows.ts'
import { nullable } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../../src/topology/topology.ts'

// What windowed aggregations compute is compared with Java's in test/unit/testing/vectors.test.ts; here is what Java has
// not: refusals, guards of callbacks, and what follows from types and serdes.

const strings = { key: serdes.string, value: serdes.string }
const nulls = { key: nullable(serdes.string), value: nullable(serdes.string) }
type Texts = KGroupedStream<string, string>

function topology(define: (grouped: Texts, builder: StreamsBuilder) => void): Topology {
  const builder = new StreamsBuilder()
  define(builder.stream('in', strings).groupByKey(), builder)
  return builder.build()
}

function process(
  built: Topology,
  records: readonly (readonly [value: string, timestamp: number])[],
): TopologyTestDriver {
  const driver = new TopologyTestDriver(built, { cacheMaxBytes: 0 })
  const input = driver.createInputTopic('in', serdes.string, serdes.string)
  for (const [value, timestamp] of records) input.pipeInput({ key: 'k', value, timestamp })
  return driver
}

describe('Windows refuse', () => {
  it.each([
    ['a size of zero', () => tumbling({ size: 0 }), /size must be more than 0/],
    ['a negative grace', () => tumbling({ size: 1, grace: -1 }), /grace must not be negative/],
    ['an advance above the size', () => hopping({ size: '1s', advance: '2s' }), /more than the size of 1000 ms/],
    ['a start that is no time', () => unlimited({ start: -1 }), /start is a time of at least 0/],
    ['a difference of zero, in which no two times differ', () => sliding({ difference: 0 }), /difference must be more/],
    ['a negative gap', () => session({ gap: -1 }), /gap must not be negative/],
    [
      'a duration that is none',
      () => session({ gap: 'long' as '1s' }),
      /gap is a duration \(milliseconds, or a text such as '500ms'/,
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message)
  })

  it('what none of their functions made', () => {
    expect(() => topology((g) => g.windowedBy({ size: 10 } as never).count())).toThrow(/tumbling\(\), hopping\(\)/)
    expect(() => topology((g) => g.cogroup<string>((a) => a).windowedBy(undefined as never))).toThrow(/windowedBy/)
  })
})

describe('A windowed aggregation refuses', () => {
  it('to emit unlimited windows when they close, which they never do', () => {
    const emit = (): unknown => topology((g) => g.windowedBy(unlimited()).emitStrategy('onWindowClose').count())
    expect(emit).toThrow(/never close/)
  })

  it('a strategy that it does not know', () => {
    const strategy = 'onClose' as EmitStrategy
    expect(() => topology((g) => g.windowedBy(session({ gap: 1 })).emitStrategy(strategy))).toThrow(/found "onClose"/)
  })

  it.each([
    [10, 'tumbling', (g: Texts) => g.windowedBy(tumbling({ size: 10, grace: 1 })).count({ store: 'w', retention: 10 })],
    [
      24,
      'sliding',
      (g: Texts) => g.windowedBy(sliding({ difference: 10, grace: 5 })).count({ store: 'w', retention: 24 }),
    ],
    [14, 'session', (g: Texts) => g.windowedBy(session({ gap: 10, grace: 5 })).count({ store: 'w', retention: 14 })],
  ])('a retention of %i ms, in which its windows still change: %s', (retention, _, build) => {
    expect(() => topology(build)).toThrow(`the retention of store w is ${retention} ms, and must be no smaller than`)
  })

  it('a builder of a store of another kind', () => {
    const windows = stores.window('w', { retention: 10, windowSize: 10 })
    const sessions = stores.session('w', { retention: 10 })
    const duplicates = stores.window('w', { retention: 10, windowSize: 10, retainDuplicates: true })
    expect(() => topology((g) => g.windowedBy(session({ gap: 1 })).count({ store: windows }))).toThrow(
      /of kind session/,
    )
    expect(() => topology((g) => g.windowedBy(tumbling({ size: 1 })).count({ store: sessions }))).toThrow(/kind window/)
    expect(() => topology((g) => g.windowedBy(tumbling({ size: 1 })).count({ store: duplicates }))).toThrow(
      /duplicates/,
    )
  })

  it('an aggregate whose serde nobody knows', () => {
    const build = (): unknown =>
      topology((g) =>
        g.windowedBy(tumbling({ size: 1 })).aggregate(
          () => 0,
          (n) => n + 1,
        ),
      )
    expect(build).toThrow(/serde of its value/)
  })

  it.each(['initializer', 'aggregator'])('a promise of the %s', (callback) => {
    const initializer = (): unknown => (callback === 'initializer' ? Promise.resolve('') : '')
    const aggregator = (): unknown => (callback === 'aggregator' ? Promise.resolve('') : '')
    for (const windows of [tumbling({ size: 10 }), sliding({ difference: 10 })]) {
      const built = topology((g) => {
        g.windowedBy(windows).aggregate(initializer as () => string, aggregator as () => string, strings)
      })
      expect(() => process(built, [['a', 1]])).toThrow(`${callback} returned a promise`)
    }
  })

  it('a promise of the merger, and undefined from any callback', () => {
    const merging = (merger: () => string): Topology =>
      topology(
        (g) =>
          void g.windowedBy(session({ gap: 10 })).aggregate(
            () => '',
            () => '',
            merger,
            strings,
          ),
      )
    const twice = [
      ['a', 1],
      ['b', 2],
    ] as const
    expect(() => process(merging((() => Promise.resolve('')) as never), twice)).toThrow(/merger returned a promise/)
    expect(() => process(merging((() => undefined) as never), twice)).toThrow(/merger must return the new aggregate/)
    const reducing = topology((g) => void g.windowedBy(tumbling({ size: 10 })).reduce((() => undefined) as never))
    expect(() => process(reducing, twice)).toThrow(/reducer must return the new aggregate, or null to delete it/)
  })
})

describe('A windowed table', () => {
  it('has windowed keys whose serde is made of that of the key', () => {
    const built = topology((g) => {
      g.windowedBy(tumbling({ size: 10 }))
        .count()
        .toStream()
        .to('time')
      g.windowedBy(session({ gap: 10 }))
        .count()
        .toStream()
        .to('session')
    })
    const driver = process(built, [['a', 25]])
    const time = driver.createOutputTopic('time', serdes.timeWindowed(serdes.string, 10), serdes.int64)
    expect(time.readRecord()?.key).toEqual({ key: 'k', window: { start: 20, end: 30 } })
    const sessions = driver.createOutputTopic('session', serdes.sessionWindowed(serdes.string), serdes.int64)
    expect(sessions.readRecord()?.key).toEqual({ key: 'k', window: { start: 25, end: 25 } })
  })

  it('has unlimited windows that end as late as times go', () => {
    const keys: unknown[] = []
    const built = topology((g) =>
      g
        .windowedBy(unlimited())
        .count()
        .toStream()
        .forEach((_, key) => void keys.push(key)),
    )
    process(built, [['a', 25]])
    expect(keys).toEqual([{ key: 'k', window: { start: 0, end: 2 ** 63 } }])
  })

  it('is not changed by an emit strategy that is given afterwards', () => {
    const keys: unknown[] = []
    const built = topology((g) => {
      const windowed = g.windowedBy(tumbling({ size: 10 }))
      windowed.emitStrategy('onWindowClose')
      windowed
        .count()
        .toStream()
        .forEach((count) => void keys.push(count))
    })
    process(built, [['a', 25]])
    expect(keys).toEqual([1])
  })

  it('counts what it drops: null keys, records for closed windows, null values of sliding windows', () => {
    const builder = new StreamsBuilder()
    const grouped = builder.stream('in', nulls).groupByKey({ key: serdes.string, value: nullable(serdes.string) })
    grouped.windowedBy(tumbling({ size: 10 })).count()
    grouped.windowedBy(session({ gap: 10 })).count()
    grouped.windowedBy(sliding({ difference: 10 })).count()
    const driver = new TopologyTestDriver(builder.build(), { cacheMaxBytes: 0 })
    const input = driver.createInputTopic('in', nulls.key, nulls.value)
    const dropped: number[] = []
    const at = (key: string | null, value: string | null, timestamp: number): void => {
      input.pipeInput({ key, value, timestamp })
      dropped.push(driver.metric('dropped-records-total'))
    }
    at('k', 'v', 50)
    at(null, 'v', 50)
    at('k', null, 50)
    at('k', 'v', 10)
    expect(dropped).toEqual([0, 3, 4, 7])
  })
})

describe('Sliding windows', () => {
  it('do not share an aggregate that the aggregator changes in place', () => {
    const outputs = (aggregator: (list: string[], value: string) => string[]): string[] => {
      const lines: string[] = []
      const built = topology((g) => {
        g.windowedBy(sliding({ difference: 10, grace: 100 }))
          .aggregate(() => [], aggregator, { value: serdes.json<string[]>() })
          .toStream()
          .forEach((list, { window }) => void lines.push(`${window.start}: ${list?.join('')}`))
      })
      const times = [5, 10, 15, 20, 30, 13, 3, 0, 9, 10, 31, 29, 41, 19, 30, 14, 4, 16, 15, 75]
      process(
        built,
        times.map((time, index) => [String.fromCharCode(65 + index), time] as const),
      )
      return lines
    }
    const inPlace = outputs((list, value) => {
      list.push(value)
      return list
    })
    expect(inPlace).toEqual(outputs((list, value) => [...list, value]))
  })
})

describe('Groupings that share one aggregate', () => {
  function cogrouped(b: StreamsBuilder): CogroupedKStream<string, string> {
    const append = (all: string, value: string): string => all + value
    const one = b.stream('a', strings).groupByKey()
    const two = b.stream('b', strings).groupBy((value) => value, strings)
    return one.cogroup<string>(append).cogroup(two, append)
  }

  it('stay as they are when another one is added', () => {
    const builder = new StreamsBuilder()
    const one = builder
      .stream('a', strings)
      .groupByKey()
      .cogroup<string>((all, value) => all + value)
    one.cogroup(builder.stream('b', strings).groupByKey(), (all, value) => all + value)
    one.aggregate(() => '', { store: 's', value: serdes.string })
    expect(
      builder
        .build()
        .describe()
        .toString()
        .match(/Processor: COGROUPKSTREAM-AGGREGATE/g),
    ).toHaveLength(1)
  })

  it('need equal partition counts, of the topics that they are read from', () => {
    const builder = new StreamsBuilder()
    const three = builder.stream('c', strings).groupByKey()
    cogrouped(builder)
      .cogroup(three, (all, value) => all + value)
      .aggregate(() => '', { store: 's', value: serdes.string })
    const partitions =
      (b: number, c: number): (() => unknown) =>
      () =>
        new TopologyTestDriver(builder.build(), { partitions: { a: 2, b, c } })
    expect(partitions(5, 2)).not.toThrow()
    expect(partitions(2, 3)).toThrow(/partition/)
  })

  it('are of one builder', () => {
    const other = new StreamsBuilder().stream('b', strings).groupByKey()
    const grouped = new StreamsBuilder().stream('a', strings).groupByKey()
    expect(() => grouped.cogroup<string>((all) => all).cogroup(other, (all) => all)).toThrow(/not one of this/)
  })

  it('take the key serde of the first grouping that knows its own', () => {
    const builder = new StreamsBuilder()
    cogrouped(builder)
      .aggregate(() => '', { value: serdes.string })
      .toStream()
      .to('out')
    const driver = new TopologyTestDriver(builder.build(), { cacheMaxBytes: 0 })
    driver.createInputTopic('a', serdes.string, serdes.string).pipeInput({ key: 'k', value: '1' })
    driver.createInputTopic('b', serdes.string, serdes.string).pipeInput({ key: 'x', value: 'k' })
    const out = driver.createOutputTopic('out', serdes.string, serdes.string)
    expect(out.readRecords().map(({ key, value }) => [key, value])).toEqual([
      ['k', '1'],
      ['k', '1k'],
    ])
  })
})

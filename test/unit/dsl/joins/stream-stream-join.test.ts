import { describe, expect, it, test } from 'vitest'
import type { StreamJoined } from '../../../../src/dsl/options.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { joinWithin, type JoinWithin } from '../../../../src/dsl/windows.ts'
import type { StreamsConfig } from '../../../../src/processor/streams-config.ts'
import { nullable } from '../../../../src/serde/serde.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { stores } from '../../../../src/state/stores.ts'
import { TopologyTestDriver } from '../../../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../../../src/topology/topology.ts'

// What Java does is in the vectors (test/support/vectors/stream-joins.ts). Here is what differs from it by default, and
// what no recording can show: crashes, poison records, mistakes.

type Kind = 'inner' | 'left' | 'outer'
type Text = string | null

const texts = { key: nullable(serdes.string), value: nullable(serdes.string) }
const strings = { key: serdes.string, value: serdes.string }
const joined = { ...texts, otherValue: texts.value }

function pair(left: Text, right: Text): string {
  return `${left}+${right}`
}

interface Join {
  readonly kind: Kind
  readonly within: JoinWithin
  readonly config?: Partial<StreamsConfig>
  readonly joiner?: (left: Text, right: Text) => string
  readonly options?: StreamJoined<Text, Text, Text>
}

function topologyOf({ kind, within, config = {}, joiner = pair, options }: Join): Topology {
  const builder = new StreamsBuilder(config)
  const left = builder.stream('L', texts)
  const right = builder.stream('R', texts)
  const windows = joinWithin(within)
  const streamJoined = { ...joined, ...options }
  const result =
    kind === 'inner'
      ? left.join(right, joiner, windows, streamJoined)
      : kind === 'left'
        ? left.leftJoin(right, joiner, windows, streamJoined)
        : left.outerJoin(right, joiner, windows, streamJoined)
  result.to('out', strings)
  return builder.build()
}

class JoinDriver {
  readonly driver: TopologyTestDriver

  constructor(topology: Topology, config: Partial<StreamsConfig> = {}) {
    this.driver = new TopologyTestDriver(topology, { applicationId: 'app', ...config })
  }

  static of(join: Join): JoinDriver {
    return new JoinDriver(topologyOf(join), join.config)
  }

  /** What it produced to `out`: `value@timestamp`. */
  pipe(topic: string, key: Text, value: Text, timestamp: number): string[] {
    this.driver.createInputTopic(topic, serdes.string, serdes.string).pipeInput({ key, value, timestamp })
    return this.take()
  }

  take(): string[] {
    return this.driver
      .producedRecords()
      .filter(({ topic }) => topic === 'out')
      .map(({ value, timestamp }) => `${value === null ? 'null' : Buffer.from(value).toString()}@${timestamp}`)
  }
}

const java = { compatibility: 'java' } as const

describe('By default a record that finds no match', () => {
  const within = { difference: 10 }

  function pipeThree(config: Partial<StreamsConfig>): string[][] {
    const join = JoinDriver.of({ kind: 'left', within, config })
    join.pipe('L', 'a', 'at 0', 0)
    join.pipe('L', 'a', 'at 5', 5)
    join.pipe('L', 'a', 'at 9', 9)
    return [join.pipe('R', 'z', 'r', 11), join.pipe('R', 'z', 'r', 16), join.pipe('R', 'z', 'r', 20)]
  }

  it('is given up as soon as its window has closed, where Java goes by the newest that waited', () => {
    expect(pipeThree({})).toEqual([['at 0+null@0'], ['at 5+null@5'], ['at 9+null@9']])
    expect(pipeThree(java)).toEqual([['at 0+null@0'], [], ['at 5+null@5', 'at 9+null@9']])
  })

  it('is given up by a record without a value, where Java waits for one with', () => {
    const pipe = (config: Partial<StreamsConfig>): string[][] => {
      const join = JoinDriver.of({ kind: 'left', within, config })
      join.pipe('L', 'a', 'A', 0)
      return [join.pipe('R', 'z', null, 11), join.pipe('L', null, 'n', 11), join.pipe('R', 'z', 'r', 12)]
    }
    expect(pipe({})).toEqual([['A+null@0'], ['n+null@11'], []])
    expect(pipe(java)).toEqual([[], ['n+null@11'], ['A+null@0']])
  })

  it('does not wait for the longer wait of the other side', () => {
    const pipe = (config: Partial<StreamsConfig>): string[][] => {
      const join = JoinDriver.of({ kind: 'outer', within: { before: 0, after: 100 }, config })
      join.pipe('L', 'a', 'A', 0)
      join.pipe('R', 'b', 'B', 1)
      return [join.pipe('L', 'z', 'l', 2), join.pipe('L', 'z', 'l', 101)]
    }
    expect(pipe({})).toEqual([['null+B@1'], ['A+null@0']])
    expect(pipe(java)).toEqual([[], ['A+null@0', 'null+B@1']])
  })

  it('waits by the wall clock, too, when emitIntervalMs says so', () => {
    const join = JoinDriver.of({ kind: 'left', within, config: { emitIntervalMs: 1000 } })
    join.pipe('L', 'a', 'A', 0)
    join.pipe('L', 'b', 'B', 1)
    expect(join.pipe('R', 'z', 'r', 11)).toEqual(['A+null@0'])
    expect(join.pipe('R', 'z', 'r', 12)).toEqual([])
    join.driver.advanceWallClockTime(1000)
    // Out of order: in Java it would go on waiting.
    expect(join.pipe('R', 'z', 'r', 5)).toEqual(['B+null@1'])
  })
})

describe('By default the last millisecond of window and grace counts', () => {
  test('equal times match in a window of 0 ms without grace, where Java forgets the record at once', () => {
    const pipe = (config: Partial<StreamsConfig>): string[] => {
      const join = JoinDriver.of({ kind: 'inner', within: { difference: 0 }, config })
      join.pipe('L', 'a', 'A', 5)
      return join.pipe('R', 'a', 'a', 5)
    }
    expect(pipe({})).toEqual(['A+a@5'])
    expect(pipe(java)).toEqual([])
  })

  test('a record that is late by exactly the grace period finds a match, and nothing is given up', () => {
    const pipe = (config: Partial<StreamsConfig>): string[][] => {
      const join = JoinDriver.of({ kind: 'left', within: { before: 0, after: 10, grace: 5 }, config })
      join.pipe('L', 'a', 'A', 0)
      join.pipe('L', 'z', 'l', 15)
      return [join.pipe('R', 'a', 'a', 10), join.pipe('L', 'z', 'l', 16)]
    }
    expect(pipe({})).toEqual([['A+a@10'], []])
    expect(pipe(java)).toEqual([[], ['A+null@0']])
  })

  test('the changelog topics are configured as Java’s', () => {
    const [own, javas] = [{}, java].map((config) => {
      const topology = topologyOf({ kind: 'outer', within: { difference: 10, grace: 5 }, config })
      const specs = topology.compile().subTopologies.flatMap(({ stores: each }) => each.map(({ spec }) => spec))
      return specs.filter(({ kind }) => kind === 'window')
    })
    expect(own?.map(({ retentionMs, changelogConfig }) => [retentionMs, changelogConfig])).toEqual([
      [26, { 'cleanup.policy': 'delete', 'retention.ms': '86400025' }],
      [26, { 'cleanup.policy': 'delete', 'retention.ms': '86400025' }],
    ])
    expect(javas?.map(({ retentionMs, changelogConfig }) => [retentionMs, changelogConfig])).toEqual([
      [25, { 'cleanup.policy': 'delete' }],
      [25, { 'cleanup.policy': 'delete' }],
    ])
  })
})

describe.each([{}, java])('After a crash (%j)', (config) => {
  const outer = { kind: 'outer', within: { difference: 10 }, config } as const

  it('what waits is given up when its window closes', () => {
    const join = JoinDriver.of(outer)
    join.pipe('L', 'a', 'A', 0)
    join.pipe('R', 'b', 'B', 0)
    join.driver.crash()
    expect(join.pipe('L', 'z', 'z', 5)).toEqual([])
    expect(join.pipe('L', 'z', 'z', 11)).toEqual(['null+B@0', 'A+null@0'])
  })

  it('what waits finds its match, once', () => {
    const join = JoinDriver.of(outer)
    join.pipe('L', 'a', 'A', 0)
    join.driver.crash()
    expect(join.pipe('R', 'a', 'a', 3)).toEqual(['A+a@3'])
    expect(join.pipe('L', 'z', 'z', 50)).toEqual([])
  })

  it('stream time is that of both sides before it', () => {
    const join = JoinDriver.of(outer)
    join.pipe('R', 'z', 'z', 100)
    join.driver.crash()
    // Late, so that nothing may wait.
    expect(join.pipe('L', 'a', 'A', 50)).toEqual(['A+null@50'])
  })
})

describe('A joiner', () => {
  it('that fails for a record that waited fails once, when such records are skipped', () => {
    const joiner = (left: Text, right: Text): string => {
      if (left === 'bad' && right === null) throw new Error('bad')
      return pair(left, right)
    }
    const join = JoinDriver.of({
      kind: 'left',
      within: { difference: 10 },
      joiner,
      config: { onProcessingError: 'skip' },
    })
    join.pipe('L', 'a', 'bad', 0)
    join.pipe('L', 'b', 'good', 1)
    expect(join.pipe('R', 'z', 'r', 20)).toEqual([])
    expect(join.pipe('R', 'z', 'r', 21)).toEqual(['good+null@1'])
  })

  it('that returns a promise is refused with the name of the node', () => {
    const joiner = (async () => Promise.resolve('late')) as unknown as () => string
    const join = JoinDriver.of({ kind: 'inner', within: { difference: 10 }, joiner })
    join.pipe('L', 'a', 'A', 0)
    expect(() => join.pipe('R', 'a', 'a', 1)).toThrow(/KSTREAM-JOINOTHER-0000000005: the joiner returned a promise/)
  })
})

describe('A join of streams', () => {
  it('needs the value serdes of both sides, and says whose is missing', () => {
    const builder = new StreamsBuilder()
    const left = builder.stream('L', strings)
    const right = builder.stream('R', strings).mapValues((value) => value)
    expect(() => left.join(right, pair, joinWithin({ difference: 1 }))).toThrow(
      /store KSTREAM-JOINOTHER-0000000006-store needs the serde of its value.*'value' of the other stream, or the option 'otherValue' of join\(\)/,
    )
  })

  it('refuses what is no window, and options that it does not have', () => {
    const builder = new StreamsBuilder()
    const left = builder.stream('L', strings)
    expect(() => left.join(left, pair, { size: 10 } as never)).toThrow(/made by joinWithin\(\), found \{"size":10\}/)
    expect(() => left.leftJoin(left, pair, joinWithin({ difference: 1 }), { othervalue: 1 } as never)).toThrow(
      /leftJoin\(\) has no option 'othervalue'; did you mean 'otherValue'\?/,
    )
  })

  it('refuses a store that is no window store', () => {
    const thisStore = stores.keyValue('mine', strings)
    expect(() => topologyOf({ kind: 'inner', within: { difference: 1 }, options: { thisStore } })).toThrow(
      /store mine: thisStore is made by stores\.window\(\), found a keyValue store/,
    )
  })
})

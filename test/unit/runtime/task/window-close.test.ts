import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { session, sliding, tumbling, type TimeWindows } from '../../../../src/dsl/windows.ts'
import type { StreamsConfig } from '../../../../src/processor/streams-config.ts'
import { decodeOffsetMetadata, encodeOffsetMetadata } from '../../../../src/runtime/task/offset-metadata.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { taskFixture, type FixtureOptions, type TaskFixture } from '../../../support/task-fixture.ts'

// What emitStrategy('onWindowClose') has emitted is part of what a commit says, in the metadata of the input offsets.

const strings = { key: serdes.string, value: serdes.string }

function counting(
  windows: TimeWindows,
  options: FixtureOptions = {},
  config: Partial<StreamsConfig> = {},
): TaskFixture {
  const builder = new StreamsBuilder(config)
  builder
    .stream('a', strings)
    .merge(builder.stream('b', strings))
    .groupByKey()
    .windowedBy(windows)
    .emitStrategy('onWindowClose')
    .count({ store: 'w', logging: false })
    .toStream((_, { key, window }) => `${key}${window.start}`)
    .mapValues(String)
    .to('out', strings)
  const { config: given, ...rest } = options
  return taskFixture(builder.build(), { ...rest, config: { maxTaskIdleMs: -1, ...given } })
}

/** Everything is processed, and what was emitted returned. */
function emitted(
  fixture: TaskFixture,
  records: readonly (readonly [topic: string, key: string, at: number])[],
): string[] {
  const before = fixture.written().length
  expect(before).toBe(0)
  for (const [topic, key, at] of records) {
    fixture.add(topic, key, 'x', at)
    fixture.task.process(Infinity)
  }
  return fixture.written().filter((line) => line.startsWith('out'))
}

const inputs = ['a', 'b'] as const
const ten = tumbling({ size: 10, grace: 3 })

function metadataOf({ task }: TaskFixture): (string | undefined)[] {
  const positions = task.positions(() => undefined)
  return inputs.map((topic) => positions.get(`${topic}-0`)?.metadata)
}

describe('A window that closes', () => {
  it('is emitted once, and up to where is in the metadata of every input', () => {
    const fixture = counting(ten)
    const out = emitted(fixture, [
      ['a', 'k', 1],
      ['b', 'k', 9],
      ['a', 'k', 13],
      ['a', 'k', 14],
    ])
    expect(out).toEqual(['out k0=2@9'])
    for (const metadata of metadataOf(fixture)) {
      expect(decodeOffsetMetadata(metadata).processors).toEqual(new Map([['w', 10]]))
    }
  })

  it('is emitted again after a rollback of what had emitted it', () => {
    const fixture = counting(ten)
    expect(emitted(fixture, [['a', 'k', 1]])).toEqual([])
    fixture.commit()
    expect(emitted(fixture, [['a', 'k', 13]])).toEqual(['out k0=1@1'])
    fixture.task.rollback()
    fixture.task.initialize()
    for (const topic of inputs) fixture.task.resume(`${topic}-0`, topic === 'a' ? 1 : 0, encodeOffsetMetadata(1))
    expect(emitted(fixture, [['a', 'k', 20]])).toEqual(['out k0=1@1'])
  })

  it('is not emitted again by who takes over, whichever input was committed last', () => {
    const fixture = counting(ten)
    const records = [
      ['a', 'k', 1],
      ['a', 'k', 13],
      ['b', 'k', 26],
    ] as const
    expect(emitted(fixture, records)).toEqual(['out k0=1@1', 'out k10=1@13'])
    fixture.commit()
    const next = counting(ten, { state: fixture.state })
    next.task.resume('a-0', 0, encodeOffsetMetadata(13, new Map([['w', 10]])))
    next.task.resume('b-0', 0, encodeOffsetMetadata(26, new Map([['w', 23]])))
    expect(emitted(next, [['b', 'k', 27]])).toEqual([])
    expect(emitted(next, [['b', 'k', 33]])).toEqual(['out k20=2@27'])
  })

  it('is emitted before a gap in time expires it, unless Java is to be followed', () => {
    const gap = [
      ['a', 'k', 0],
      ['a', 'k', 24],
      ['a', 'k', 100],
    ] as const
    expect(emitted(counting(ten), gap)).toEqual(['out k0=1@0', 'out k20=1@24'])
    expect(emitted(counting(ten, {}, { compatibility: 'java' }), gap)).toEqual([])
  })

  it('is emitted without grace too, where Java has nothing left to emit', () => {
    const records = [
      ['a', 'k', 0],
      ['a', 'k', 9],
      ['a', 'k', 10],
      ['a', 'k', 20],
    ] as const
    expect(emitted(counting(tumbling({ size: 10 })), records)).toEqual(['out k0=2@9', 'out k10=1@10'])
    expect(emitted(counting(tumbling({ size: 10 }), {}, { compatibility: 'java' }), records)).toEqual([])
  })

  it('waits for the emit interval, but not until it would be lost', () => {
    const fixture = counting(ten, { config: { emitIntervalMs: 1000 } })
    expect(emitted(fixture, [['a', 'k', 0]])).toEqual([])
    expect(emitted(fixture, [['a', 'k', 13]])).toEqual([])
    expect(emitted(fixture, [['a', 'k', 19]])).toEqual([])
    fixture.clock.nowMs = 1000
    expect(emitted(fixture, [['a', 'k', 19]])).toEqual(['out k0=1@0'])
    expect(emitted(fixture, [['a', 'k', 31]])).toEqual(['out k10=3@19'])
  })
})

describe('A closing window of another kind', () => {
  function last(build: (b: StreamsBuilder) => void): TaskFixture {
    const builder = new StreamsBuilder()
    build(builder)
    return taskFixture(builder.build())
  }

  it('is emitted before it expires: sliding', () => {
    const fixture = last((b) => {
      b.stream('a', strings)
        .groupByKey()
        .windowedBy(sliding({ difference: 5 }))
        .emitStrategy('onWindowClose')
        .count({ logging: false })
        .toStream((_, { key, window }) => `${key}${window.start}`)
        .mapValues(String)
        .to('out', strings)
    })
    const records = [
      ['a', 'k', 10],
      ['a', 'k', 13],
      ['a', 'k', 100],
    ] as const
    expect(emitted(fixture, records)).toEqual(['out k5=1@10', 'out k8=2@13', 'out k11=1@13'])
  })

  it('is emitted before it expires: session', () => {
    const fixture = last((b) => {
      b.stream('a', strings)
        .groupByKey()
        .windowedBy(session({ gap: 5 }))
        .emitStrategy('onWindowClose')
        .count({ logging: false })
        .toStream((_, { key, window }) => `${key}${window.start}-${window.end}`)
        .mapValues(String)
        .to('out', strings)
    })
    const records = [
      ['a', 'k', 10],
      ['a', 'k', 13],
      ['a', 'k', 100],
    ] as const
    expect(emitted(fixture, records)).toEqual(['out k10-13=2@13'])
  })
})

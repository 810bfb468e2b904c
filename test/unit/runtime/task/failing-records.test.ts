/** What becomes of records that fail: policies, dead letters, and what is decided later because a topic is new. */
import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import type { FailedRecord } from '../../../../src/processor/error-policy.ts'
import { nullable, type Serde } from '../../../../src/serde/serde.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { timeWindowedSerde } from '../../../../src/serde/windowed-serdes.ts'
import { taskFixture, type FixtureOptions, type TaskFixture } from '../../../support/task-fixture.ts'

const strings = { key: serdes.string, value: serdes.string }

function tooLarge(...topics: readonly string[]): (topic: string) => void {
  return (topic) => {
    if (topics.includes(topic)) throw Object.assign(new Error('too large'), { code: 'MILLRACE_RECORD_TOO_LARGE' })
  }
}

/** What the serdes of the source were lent: overwritten as a buffer of the network would be. */
const lent: Uint8Array[] = []
const lending: Serde<string> = {
  ...serdes.string,
  deserialize(bytes, topic, headers) {
    lent.push(bytes)
    return serdes.string.deserialize(bytes, topic, headers)
  },
}

function overwriteLent(): void {
  expect(lent.length).toBeGreaterThan(0)
  for (const bytes of lent.splice(0)) bytes.fill(0x78)
}

/** `bad` is thrown at. To a topic that a function names: the first word of the value. */
function routed(options: FixtureOptions): TaskFixture {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: lending, value: lending })
    .mapValues((value) => {
      if (value === 'bad') throw new RangeError('cannot map this')
      return value
    })
    .to((value) => value.split(' ')[0] ?? '', {
      ...strings,
      partitioner: (value, _key, { partitions }) => (value?.endsWith('last') === true ? partitions - 1 : null),
    })
  return taskFixture(builder.build(), options)
}

function caught(work: () => void): Record<string, unknown> {
  try {
    work()
  } catch (error) {
    return error as Record<string, unknown>
  }
  throw new Error('it did not throw')
}

describe('A dead letter', () => {
  const config = { onProcessingError: { deadLetter: 'letters' } } as const

  it('that is larger than its topic admits stops the task before the record', () => {
    const fixture = routed({ config, onAppend: tooLarge('letters') })
    fixture.add('in', 'k', 'bad', 1)
    expect(caught(() => fixture.task.process(Infinity))).toMatchObject({
      code: 'MILLRACE_DEAD_LETTER_FAILED',
      reaction: 'fatal',
      topic: 'in',
      offset: 0,
    })
  })

  it('to a topic that only a function names waits until that is known, as a copy', () => {
    const policy = () => ({ deadLetter: 'letters' })
    const fixture = routed({ config: { onProcessingError: policy }, unknown: ['letters'] })
    fixture.add('in', 'key', 'bad', 1)
    fixture.add('in', 'k', 'out fine', 2)
    fixture.task.process(Infinity)
    expect(fixture.written()).toEqual(['out k=out fine@2'])
    overwriteLent()
    fixture.resolve()
    expect(fixture.written()).toEqual(['letters key=bad@1'])
    expect(fixture.metrics.get('dropped-records-total', { reason: 'processing' })).toBe(1)
  })

  it('to a topic that does not exist stops the task before the record', () => {
    const policy = () => ({ deadLetter: 'nowhere' })
    const fixture = routed({ config: { onProcessingError: policy }, unknown: ['nowhere'] })
    fixture.add('in', 'k', 'out fine', 1)
    fixture.add('in', 'k', 'bad', 2)
    fixture.task.process(Infinity)
    expect(caught(() => fixture.resolve(['nowhere']))).toMatchObject({
      code: 'MILLRACE_DEAD_LETTER_FAILED',
      topic: 'in',
      offset: 1,
    })
  })
})

describe('A record for a topic that a function names for the first time', () => {
  it('is written when the topic is known, with its own time, where the partitioner says', () => {
    const fixture = routed({ unknown: ['new'], partitions: { new: 3 } })
    fixture.add('in', 'k', 'new last', 5)
    fixture.add('in', 'k', 'old', 6)
    fixture.task.process(Infinity)
    expect(fixture.written()).toEqual(['old k=old@6'])
    overwriteLent()
    fixture.resolve()
    expect(fixture.written()).toEqual(['new-2 k=new last@5'])
  })

  it('is partitioned by its inner key where the key is windowed', () => {
    const builder = new StreamsBuilder()
    const windowed = timeWindowedSerde(serdes.string, 10)
    builder
      .stream('in', strings)
      .map((value, key) => [{ key, window: { start: value.length, end: value.length + 10 } }, value] as const)
      .to(() => 'new', { key: windowed, value: serdes.string })
    const partitions = { new: 10 }
    const [later, known] = [
      taskFixture(builder.build(), { unknown: ['new'], partitions }),
      taskFixture(builder.build(), { partitions }),
    ]
    for (const fixture of [later, known]) {
      for (const key of ['abc', 'foobar', '21']) fixture.add('in', key, 'v', 1)
      fixture.task.process(Infinity)
    }
    later.resolve()
    const places = (fixture: TaskFixture): string[] => fixture.written().map((record) => record.slice(0, 5).trim())
    // As murmur2 of 'abc', 'foobar' and '21' has it; partition 0 is not spelled out.
    expect(places(known)).toEqual(['new-7', 'new-6', 'new 2'])
    expect(places(later)).toEqual(['new-7', 'new-6', 'new 2'])
  })

  it('asks the production policy when it is larger than the topic admits', () => {
    const asked: FailedRecord[] = []
    const onProductionError = (_: Error, at: FailedRecord) => {
      asked.push(at)
      return 'skip' as const
    }
    const fixture = routed({ config: { onProductionError }, unknown: ['new'], onAppend: tooLarge('new') })
    fixture.add('in', 'k', 'new one', 5)
    fixture.add('in', 'k', 'old', 6)
    fixture.task.process(Infinity)
    overwriteLent()
    fixture.resolve()
    expect(asked).toMatchObject([
      { kind: 'production', topic: 'in', offset: 0, timestamp: 5, key: 'k', value: 'new one' },
    ])
    expect(asked[0]?.rawValue?.toString()).toBe('new one')
    expect(fixture.metrics.get('dropped-records-total', { reason: 'production' })).toBe(1)
  })

  it('stops the task before it where the policy is to fail, with the record named', () => {
    const fixture = routed({ unknown: ['new'], onAppend: tooLarge('new') })
    fixture.add('in', 'k', 'old', 5)
    fixture.add('in', 'k', 'new', 6)
    fixture.add('in', 'k', 'old', 7)
    fixture.task.process(Infinity)
    expect(caught(() => fixture.resolve())).toMatchObject({
      code: 'MILLRACE_PRODUCTION_FAILED',
      topic: 'in',
      partition: 0,
      offset: 1,
    })
  })

  it('asks the production policy when there is no such topic, and when the name is none', () => {
    const config = { onProductionError: { deadLetter: 'letters' } } as const
    const fixture = routed({ config, unknown: ['nowhere'] })
    fixture.add('in', 'k', 'nowhere', 5)
    fixture.add('in', 'k', 'no/topic', 6)
    fixture.task.process(Infinity)
    expect(fixture.written()).toEqual(['letters k=no/topic@6'])
    fixture.resolve(['nowhere'])
    expect(fixture.written()).toEqual(['letters k=nowhere@5'])
    expect(fixture.metrics.get('dropped-records-total', { reason: 'production' })).toBe(2)
  })
})

describe('A processing policy', () => {
  it('is given the text of a value that no node has read', () => {
    const failing: Serde<string> = {
      ...serdes.string,
      serialize(value, topic, headers) {
        if (value === 'bad') throw new RangeError('no such key')
        return serdes.string.serialize(value, topic, headers)
      },
    }
    const builder = new StreamsBuilder()
    const input = { key: serdes.string, value: nullable(serdes.string) }
    builder.stream('in', input).groupByKey({ key: failing }).count({ store: 'counts' }).toStream().to('out')
    const failed: FailedRecord[] = []
    const onProcessingError = (_error: Error, record: FailedRecord): 'skip' => {
      failed.push(record)
      return 'skip'
    }
    const fixture = taskFixture(builder.build(), { config: { onProcessingError } })
    fixture.add('in', 'bad', 'some text', 1)
    fixture.add('in', 'good', null, 2)
    fixture.add('in', 'good', 'more text', 3)
    expect(fixture.task.process(Infinity)).toBe(3)
    expect(failed).toMatchObject([{ kind: 'processing', key: 'bad', value: 'some text', offset: 0 }])
    expect(fixture.written().filter((record) => JSON.stringify(record).includes('out'))).toHaveLength(1)
  })

  it('never sees that a store cannot read what another serde has written, and sees what the store cannot write', () => {
    const json = serdes.json<{ readonly seen: number; readonly big?: bigint }>()
    const aggregating = new StreamsBuilder()
    aggregating
      .stream('in', strings)
      .groupByKey()
      .aggregate(
        () => ({ seen: 0 }),
        ({ seen }, value) => ({ seen: seen + 1, ...(value === 'big' && { big: 1n }) }),
        { store: 'counts', key: serdes.string, value: json },
      )
    const counting = new StreamsBuilder()
    counting.stream('in', strings).groupByKey().count({ store: 'counts' })
    const before = taskFixture(counting.build())
    before.add('in', 'old', 'v', 1)
    before.task.process(Infinity)
    before.commit()

    const fixture = taskFixture(aggregating.build(), { state: before.state, config: { onProcessingError: 'skip' } })
    fixture.add('in', 'new', 'big', 1)
    fixture.add('in', 'new', 'v', 2)
    expect(fixture.task.process(Infinity)).toBe(2)
    expect(fixture.metrics.get('dropped-records-total', { reason: 'processing' })).toBe(1)
    fixture.add('in', 'old', 'v', 3)
    const error = caught(() => fixture.task.process(Infinity))
    expect(error).toMatchObject({ code: 'MILLRACE_STORE_UNREADABLE', reaction: 'fatal', topic: 'in', offset: 2 })
    expect(error['message']).toMatch(/store counts .* give it another name, or the application another id$/)
    expect(error['message']).not.toContain('skip')
    expect(error['cause']).toMatchObject({ storeName: 'counts' })
  })
})

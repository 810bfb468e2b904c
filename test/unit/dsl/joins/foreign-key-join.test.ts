import { describe, expect, test } from 'vitest'
import { murmur3 } from '../../../../src/common/murmur3.ts'
import { responseJoinOperator, type ResponseJoin } from '../../../../src/dsl/operators/response-join.ts'
import { subscriptionJoinOperator } from '../../../../src/dsl/operators/subscription-join.ts'
import type { TableView } from '../../../../src/dsl/table-supply.ts'
import { singlePartition } from '../../../../src/dsl/joins/single-partition.ts'
import type { TableJoined } from '../../../../src/dsl/options.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../../src/testing/topology-test-driver.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

const strings = { key: serdes.string, value: serdes.string }

function driverOf(
  foreignKey: (value: string) => unknown,
  joiner: (left: string, right: string | null) => unknown,
): TopologyTestDriver {
  const builder = new StreamsBuilder()
  builder
    .table('L', strings)
    .leftJoinOn(
      builder.table('R', strings),
      foreignKey as (value: string) => string,
      joiner as (left: string, right: string | null) => string,
      strings,
    )
    .toStream()
    .to('out', strings)
  return new TopologyTestDriver(builder.build(), { applicationId: 'app' })
}

function codeOf(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as { cause?: { code?: string } }).cause?.code ?? (error as { code?: string }).code
  }
}

describe('A foreign-key join', () => {
  test('says which serde is missing, and where to give it', () => {
    const builder = new StreamsBuilder()
    const left = builder.table('L', strings).mapValues((value) => value.length)
    const right = builder.table('R', strings)
    expect(() => left.joinOn(right, String, (one, two) => `${one}${two}`)).toThrow(
      /KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-\d+: the foreign-key join needs the serde of its value.*give the option 'value' of the left table/,
    )
  })

  test.each([
    [
      'none',
      /KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-\d+, .*-changelog: .* option 'name', for example { name: 'R-join' }$/,
    ],
    ['java', 'none'],
  ] as const)('with explicit naming and compatibility %s needs a name: %s', (compatibility, message) => {
    const builder = new StreamsBuilder({ naming: 'explicit', compatibility })
    const left = builder.table('L', { ...strings, store: 'l' })
    const right = builder.table('R', { ...strings, store: 'r' })
    left.joinOn(right, String, (one, two) => one + two, { ...strings, store: 'result' })
    const build = (): unknown => builder.build()
    if (message === 'none') expect(build).not.toThrow()
    else expect(build).toThrow(message)
  })

  test('refuses an option that it does not have', () => {
    const builder = new StreamsBuilder()
    const options = { otherPartitoner: () => 0 } as TableJoined<string, string>
    expect(() =>
      builder.table('L', strings).joinOn(builder.table('R', strings), String, (one, two) => one + two, options),
    ).toThrow("joinOn() has no option 'otherPartitoner'; did you mean 'otherPartitioner'?")
  })

  test.each<[string, () => unknown, () => unknown, string]>([
    ['foreign key callback returns undefined', () => undefined, () => 'x', 'MILLRACE_CALLBACK_RESULT_INVALID'],
    ['foreign key callback returns a promise', async () => 'x', () => 'x', 'MILLRACE_CALLBACK_RETURNED_PROMISE'],
    ['joiner returns undefined', () => 'x', () => undefined, 'MILLRACE_CALLBACK_RESULT_INVALID'],
    ['joiner returns a promise', () => 'x', async () => 'x', 'MILLRACE_CALLBACK_RETURNED_PROMISE'],
  ])('fails where its %s', (_what, foreignKey, joiner, code) => {
    const driver = driverOf(foreignKey, joiner)
    const left = driver.createInputTopic('L', serdes.string, serdes.string)
    expect(codeOf(() => left.pipeInput({ key: 'a', value: 'x', timestamp: 0 }))).toBe(code)
  })

  test('does not answer a row that has changed since it asked', () => {
    const driver = driverOf(
      (value) => value,
      (left, right) => `${left}/${right}`,
    )
    const topic = 'app-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-0000000014-topic'
    const left = driver.createInputTopic('L', serdes.string, serdes.string)
    const answers = driver.createInputTopic(topic, serdes.string, serdes.bytes)
    left.pipeInput({ key: 'a', value: 'x', timestamp: 0 })
    const answer = driver.producedRecords().find((record) => record.topic === topic)?.value
    driver.producedRecords()
    left.pipeInput({ key: 'a', value: 'y', timestamp: 1 })
    driver.producedRecords()

    const late = Buffer.concat([answer ?? Buffer.alloc(0), Buffer.from('late')])
    answers.pipeInput({ key: 'a', value: late, timestamp: 2 })
    expect(driver.producedRecords()).toEqual([])
    expect(driver.metric('dropped-records-total')).toBe(1)

    left.pipeInput({ key: 'a', value: 'x', timestamp: 3 })
    driver.producedRecords()
    answers.pipeInput({ key: 'a', value: late, timestamp: 4 })
    expect(driver.producedRecords().map(({ value }) => Buffer.from(value ?? []).toString())).toContain('x/late')
  })
})

describe('An update of a row whose foreign key stays', () => {
  /** The bytes on the internal topic of subscriptions: the instruction is the second one. */
  function instructionsOf(compatibility: 'none' | 'java', values: readonly (string | null)[]): number[] {
    const builder = new StreamsBuilder({ compatibility })
    builder.table('L', strings).joinOn(
      builder.table('R', strings),
      (value) => value.slice(0, 1),
      (left, right) => left + right,
      {
        ...strings,
        name: 'fk',
      },
    )
    const driver = new TopologyTestDriver(builder.build(), { applicationId: 'app', compatibility })
    const left = driver.createInputTopic('L', serdes.string, serdes.string)
    for (const [timestamp, value] of values.entries()) left.pipeInput({ key: 'a', value, timestamp })
    return driver
      .producedRecords()
      .filter(({ topic }) => topic === 'app-fk-subscription-registration-topic')
      .map(({ value }) => value?.[1] ?? -1)
  }

  test('is answered also without a right row, since an earlier answer may have met the new value', () => {
    expect(instructionsOf('none', ['x1', 'x2', null, 'x3', 'y1'])).toEqual([3, 2, 1, 3, 0, 2])
  })

  test('is answered only by a right row where Java’s behaviour is asked for', () => {
    expect(instructionsOf('java', ['x1', 'x2', null, 'x3', 'y1'])).toEqual([3, 3, 1, 3, 0, 2])
  })
})

describe('An answer to a row that has changed since', () => {
  const asked = murmur3(Buffer.from(':asked'), Buffer.alloc(16))

  /** What the row of today is told by the answer to what it was. */
  function told(
    row: string | null,
    answer: { readonly hash: Uint8Array | null; readonly foreignValue: string | null },
    options: Partial<ResponseJoin> = {},
  ): unknown[] {
    const read = () => (row === null ? undefined : { value: row, timestamp: 0 })
    const left: TableView = { historyRetentionMs: undefined, storeNames: [], open: () => ({ read }) }
    const harness = new OperatorHarness(
      responseJoinOperator({
        isLeftJoin: false,
        joiner: (one, two) => `${String(one)}=${String(two)}`,
        left,
        readsTold: true,
        foreignKeyOf: (value) => (value as string).split(':')[0] || null,
        answersRowsThatAskNothing: true,
        value: serdes.string,
        subscriptionTopic: 't',
        ...options,
      }),
    )
    const forwarded = harness.process('key', answer).map(({ value }) => value)
    expect(forwarded.length + harness.dropped.length).toBe(1)
    return forwarded
  }

  test.each([
    ['refers to nothing now, and asks nothing', ':now', { hash: asked, foreignValue: null }, [null]],
    ['is gone, and did not refer to anything before', null, { hash: asked, foreignValue: null }, [null]],
    ['came back and refers to nothing', ':now', { hash: null, foreignValue: null }, [null]],
    ['refers to another row, which answers', 'x:now', { hash: asked, foreignValue: null }, []],
    ['refers to nothing now, and was joined before', ':now', { hash: asked, foreignValue: 'right' }, []],
    ['has not changed', ':asked', { hash: asked, foreignValue: null }, [null]],
  ])('%s', (_, row, answer, expected) => {
    expect(told(row, answer)).toEqual(expected)
  })

  test('does nothing where every row asks, or as in Java', () => {
    const answer = { hash: asked, foreignValue: null }
    expect(told(':now', answer, { isLeftJoin: true })).toEqual([])
    expect(told(':now', answer, { answersRowsThatAskNothing: false })).toEqual([])
  })
})

describe('The tables of a foreign-key join', () => {
  test.each([true, false])('are read as they have told: %j', (readsTold) => {
    const asked: (boolean | undefined)[] = []
    const view: TableView = {
      historyRetentionMs: undefined,
      storeNames: [],
      open: (_context, asTold) => (asked.push(asTold), { read: () => undefined }),
    }
    const right = new OperatorHarness(subscriptionJoinOperator(view, readsTold))
    const { string: value } = serdes
    const join = {
      isLeftJoin: true,
      joiner: () => '',
      left: view,
      readsTold,
      foreignKeyOf: () => null,
      answersRowsThatAskNothing: true,
      value,
      subscriptionTopic: 't',
    }
    const left = new OperatorHarness(responseJoinOperator(join))
    expect(asked).toEqual([readsTold, readsTold])
    for (const harness of [right, left]) harness.close()
  })
})

describe('The partitioner of an internal topic', () => {
  const options = { topic: 't', partitions: 3, headers: [] }

  test('is given the key alone, and may choose one partition or leave it to the default', () => {
    const seen: unknown[] = []
    const partitioner = singlePartition<string>('sink', (value, key) => {
      seen.push([value, key])
      return key === 'default' ? null : key === 'list' ? [2] : 1
    })
    expect(['one', 'list', 'default'].map((key) => partitioner?.('value', key, options))).toEqual([1, 2, null])
    expect(seen).toEqual([
      [null, 'one'],
      [null, 'list'],
      [null, 'default'],
    ])
  })

  test.each([[[]], [[0, 1]]])('may not choose the partitions %j', (chosen) => {
    const partitioner = singlePartition('the-sink', () => chosen)
    expect(() => partitioner?.(null, 'k', options)).toThrow(
      'node the-sink: the partitioner must return one partition, or null, as a row of a table is in one partition',
    )
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { joinWithin, tumbling, unlimited } from '../../../src/dsl/windows.ts'
import type { Processor } from '../../../src/processor/processor.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import { changeRules } from '../../../src/topology/diff-model.ts'
import { diffTopologies } from '../../../src/topology/topology-diff.ts'
import { changeFindings, validateTopology } from '../../../src/topology/validate.ts'
import { validateRules, type Finding } from '../../../src/topology/validate-model.ts'
import { built } from '../../support/described-topologies.ts'

const strings = { key: serdes.string, value: serdes.string }
const nothing = (): Processor<string, string, string, string> => ({ process: () => undefined })

type Make = (builder: StreamsBuilder) => void

function findings(make: Make, config: Partial<StreamsConfig> = { applicationId: 'app' }): Finding[] {
  return validateTopology(built(make).describe().toJSON(), config)
}

interface Case {
  readonly rule: keyof typeof validateRules
  readonly bad: Make
  /** Almost the same, without the finding. */
  readonly good: Make
  readonly about: Partial<Finding>
  readonly config?: Partial<StreamsConfig>
}

const hour = tumbling({ size: '1h' })
const hourWithGrace = tumbling({ size: '1h', grace: '5m' })

const cases: readonly Case[] = [
  {
    rule: 'store-name-generated',
    bad: (builder) => builder.stream('in', strings).groupByKey().count(),
    good: (builder) => builder.stream('in', strings).groupByKey().count({ store: 'c' }),
    about: { store: 'KSTREAM-AGGREGATE-STATE-STORE-0000000001', fix: "give the operator the option 'store'" },
  },
  {
    rule: 'store-name-generated',
    bad: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(hourWithGrace)
        .count({ store: 'c' })
        .suppress({ until: 'windowCloses' }),
    good: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(hourWithGrace)
        .count({ store: 'c' })
        .suppress({ until: 'windowCloses', name: 'final' }),
    about: { fix: "give the operator the option 'name'" },
  },
  {
    rule: 'topic-name-generated',
    bad: (builder) => builder.stream('in', strings).repartition(strings).to('out'),
    good: (builder) =>
      builder
        .stream('in', strings)
        .repartition({ ...strings, name: 'n' })
        .to('out'),
    about: { topic: 'KSTREAM-REPARTITION-0000000001-repartition' },
  },
  {
    rule: 'topic-name-too-long',
    bad: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .count({ store: 'c'.repeat(239) }),
    good: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .count({ store: 'c'.repeat(235) }),
    about: { message: expect.stringContaining('has 253 characters') },
  },
  {
    rule: 'topic-clash',
    bad: (builder) => {
      builder.stream('in', strings).groupByKey().count({ store: 'c' })
      builder.stream('app-c-changelog', strings).to('out')
    },
    good: (builder) => {
      builder.stream('in', strings).groupByKey().count({ store: 'c' })
      builder.stream('other-c-changelog', strings).to('out')
    },
    about: { topic: 'c-changelog' },
  },
  {
    rule: 'topic-collision',
    bad: (builder) => {
      builder.stream('in', strings).groupByKey().count({ store: 'a.b' })
      builder.stream('in2', strings).groupByKey().count({ store: 'a_b' })
    },
    good: (builder) => {
      builder.stream('in', strings).groupByKey().count({ store: 'a.b' })
      builder.stream('in2', strings).groupByKey().count({ store: 'a-b' })
    },
    about: { message: "app-a.b-changelog and app-a_b-changelog differ in '.' and '_' only, which brokers refuse" },
  },
  {
    rule: 'retention-too-short',
    bad: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(hourWithGrace)
        .count({ store: stores.window('w', { ...strings, windowSize: '1h', retention: '1h' }) as never }),
    good: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(hourWithGrace)
        .count({ store: stores.window('w', { ...strings, windowSize: '1h', retention: '65m' }) as never }),
    about: { store: 'w', fix: 'give the store a retention of at least 1h 5m' },
  },
  {
    rule: 'store-not-logged',
    bad: (builder) => builder.stream('in', strings).groupByKey().count({ store: 'c', logging: false }),
    good: (builder) => builder.stream('in', strings).groupByKey().count({ store: 'c' }),
    about: { store: 'c' },
  },
  {
    rule: 'store-unused',
    bad: (builder) => builder.addStateStore(stores.keyValue('s', strings)).stream('in', strings).process(nothing),
    good: (builder) =>
      builder
        .addStateStore(stores.keyValue('s', strings))
        .stream('in', strings)
        .process(nothing, { stores: ['s'] }),
    about: { store: 's' },
  },
  {
    rule: 'table-from-latest',
    bad: (builder) => builder.table('rows', { ...strings, store: 's', offsetReset: 'latest' }),
    good: (builder) => builder.table('rows', { ...strings, store: 's' }),
    about: { topic: 'rows' },
  },
  {
    rule: 'table-from-latest',
    bad: (builder) => builder.table('rows', { ...strings, store: 's' }),
    good: (builder) => builder.table('rows', { ...strings, store: 's', offsetReset: 'earliest' }),
    about: { topic: 'rows' },
    config: { offsetReset: 'latest' },
  },
  {
    rule: 'topic-loop',
    bad: (builder) => {
      builder.stream('a', strings).to('b')
      builder.stream(/b|c/, strings).to('a')
    },
    good: (builder) => {
      builder.stream('a', strings).to('b')
      builder.stream(/b|c/, strings).to('d')
    },
    about: { topic: 'a' },
  },
  {
    rule: 'topic-read-back',
    bad: (builder) => {
      builder.stream('a', strings).to('b')
      builder.stream('b', strings).to('c')
    },
    good: (builder) =>
      builder
        .stream('a', strings)
        .repartition({ ...strings, name: 'b' })
        .to('c'),
    about: { topic: 'b' },
  },
  {
    rule: 'repartition-repeated',
    bad: (builder) => {
      const keyed = builder.stream('in', strings).selectKey((value) => value, { name: 'keyed' })
      keyed.groupByKey({ ...strings, name: 'one' }).count({ store: 'c' })
      keyed
        .filter(() => true)
        .groupByKey({ ...strings, name: 'two' })
        .count({ store: 'd' })
    },
    good: (builder) => {
      const keyed = builder
        .stream('in', strings)
        .selectKey((value) => value, { name: 'keyed' })
        .repartition({ ...strings, name: 'once' })
      keyed.groupByKey().count({ store: 'c' })
      keyed
        .filter(() => true)
        .groupByKey()
        .count({ store: 'd' })
    },
    about: { node: 'keyed' },
  },
  {
    rule: 'repartition-after-map',
    bad: (builder) =>
      builder
        .stream('in', strings)
        .map((value, key): readonly [string, string] => [key, value], { name: 'm' })
        .groupByKey(strings)
        .count({ store: 'c' }),
    good: (builder) =>
      builder
        .stream('in', strings)
        .mapValues((value) => value)
        .groupByKey(strings)
        .count({ store: 'c' }),
    about: { node: 'm', topic: 'c-repartition' },
  },
  {
    rule: 'suppress-without-grace',
    bad: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(hour)
        .count({ store: 'c' })
        .suppress({ until: 'windowCloses', name: 'final' }),
    good: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(hourWithGrace)
        .count({ store: 'c' })
        .suppress({ until: 'windowCloses', name: 'final' }),
    about: { node: 'final' },
  },
  {
    rule: 'windows-unlimited',
    bad: (builder) => builder.stream('in', strings).groupByKey().windowedBy(unlimited()).count({ store: 'c' }),
    good: (builder) => builder.stream('in', strings).groupByKey().windowedBy(hour).count({ store: 'c' }),
    about: { store: 'c' },
  },
  {
    rule: 'copartitioning',
    bad: (builder) =>
      builder
        .stream('a', strings)
        .join(builder.stream('b', strings), () => '', joinWithin({ difference: '1m', grace: '1m' }), { store: 'j' }),
    good: (builder) => {
      builder.stream('a', strings).to('out')
      builder.stream('b', strings).to('out')
    },
    about: { message: 'a, b are joined, so they need the same number of partitions' },
  },
  {
    rule: 'copartitioning',
    bad: (builder) =>
      builder
        .stream('a', strings)
        .join(
          builder.stream('b', strings).repartition({ ...strings, name: 'r', partitions: 3 }),
          () => '',
          joinWithin({ difference: '1m' }),
          { store: 'j' },
        ),
    good: (builder) =>
      builder
        .stream('a', strings)
        .join(
          builder.stream('b', strings).repartition({ ...strings, name: 'r' }),
          () => '',
          joinWithin({ difference: '1m' }),
          { store: 'j' },
        ),
    about: { topic: 'a', message: expect.stringContaining('a needs 3 partitions') },
  },
  {
    rule: 'window-without-grace',
    bad: (builder) => builder.stream('in', strings).groupByKey().windowedBy(hour).count({ store: 'c' }),
    good: (builder) => builder.stream('in', strings).groupByKey().windowedBy(hourWithGrace).count({ store: 'c' }),
    about: { store: 'c' },
  },
  {
    rule: 'state-unbounded',
    bad: (builder) => builder.stream('in', strings).groupByKey().count({ store: 'c' }),
    good: (builder) => builder.stream('in', strings).groupByKey().windowedBy(hour).count({ store: 'c' }),
    about: { store: 'c' },
  },
  {
    rule: 'buffer-unbounded',
    bad: (builder) => builder.table('in', strings).suppress({ until: { timeLimit: '1m' }, name: 'later' }),
    good: (builder) =>
      builder.table('in', strings).suppress({ until: { timeLimit: '1m' }, name: 'later', maxRecords: 10 }),
    about: { node: 'later', store: 'later-store' },
  },
  {
    rule: 'source-unused',
    bad: (builder) => builder.stream('in', { ...strings, name: 'src' }),
    good: (builder) => builder.stream('in', { ...strings, name: 'src' }).to('out'),
    about: { node: 'src', topic: 'in' },
  },
]

describe('validation', () => {
  test.each(cases)('finds $rule where it is, with the line and what to do, and not where it is not', (given) => {
    const { rule, bad, good, about, config = {} } = given
    const found = findings(bad, { applicationId: 'app', ...config }).filter((each) => each.rule === rule)
    expect(found).toMatchObject([{ severity: validateRules[rule].severity, ...about }])
    expect(found[0]?.fix).not.toBe('')
    if (rule !== 'store-unused') expect(found[0]?.place).toMatch(/^test\/unit\/topology\/validate\.test\.ts:\d+$/)
    expect(findings(good, { applicationId: 'app', ...config }).filter((each) => each.rule === rule)).toEqual([])
  })

  test('has a test for every rule that a topology can break', () => {
    const elsewhere = ['topology-invalid', 'config-invalid', 'change-needs-reset', 'change-migrates']
    const tested = new Set([...cases.map(({ rule }) => rule), ...elsewhere])
    expect(Object.keys(validateRules).filter((rule) => !tested.has(rule as keyof typeof validateRules))).toEqual([])
  })

  test('has the severest first', () => {
    const found = findings((builder) => {
      const input = builder.stream('in', strings)
      input.groupByKey().count({ store: 'a.b', logging: true })
      input.groupByKey().count({ store: 'a_b' })
      input.groupByKey().count()
    }).map(({ severity }) => severity)
    expect(found).toEqual(['error', 'warning', 'info', 'info', 'info'])
  })

  test('of the stores of one join is one finding', () => {
    const found = findings((builder) =>
      builder
        .stream('a', strings)
        .outerJoin(builder.stream('b', strings), () => '', joinWithin({ difference: '1m', grace: '1m' }))
        .to('out', strings),
    ).filter(({ rule }) => rule === 'store-name-generated')
    expect(found).toHaveLength(1)
    expect(found[0]?.message.match(/-store\b/g)).toHaveLength(3)
  })

  test('says of a change since a saved description what it needs', () => {
    const [before, after] = ['old', 'new'].map((store) =>
      built((builder) => builder.stream('in', strings).groupByKey().count({ store }))
        .describe()
        .toJSON(),
    )
    if (before === undefined || after === undefined) throw new Error('two')
    expect(changeFindings(diffTopologies(before, after), after)).toMatchObject([
      { rule: 'change-needs-reset', severity: 'error', store: 'new', place: expect.stringMatching(/validate\.test/) },
    ])
    expect(changeFindings(diffTopologies(before, before), before)).toEqual([])
  })
})

describe('docs/validate.md', () => {
  const text = readFileSync(new URL('../../../docs/validate.md', import.meta.url), 'utf8')

  test('has a section for every rule, in their order, with its severity', () => {
    const sections = [...text.matchAll(/^### (\S+)\n\n_(\w+)\._/gm)].map(([, rule, severity]) => [rule, severity])
    expect(sections).toEqual(Object.entries(validateRules).map(([rule, { severity }]) => [rule, severity]))
  })

  test('has a row for every kind of change, in their order', () => {
    const rows = [...text.matchAll(/^\| `([a-z-]+)` /gm)].map(([, rule]) => rule)
    expect(rows).toEqual(Object.keys(changeRules))
  })
})

import { describe, expect, test } from 'vitest'
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { hopping, joinWithin, session, sliding, tumbling, type TimeWindows } from '../../../src/dsl/windows.ts'
import type { FixedKeyProcessor, Processor } from '../../../src/processor/processor.ts'
import type { StoreBuilder } from '../../../src/processor/store-builder.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { stores } from '../../../src/state/stores.ts'
import type { TopologyJson } from '../../../src/topology/description.ts'
import { changeRules, type ChangeVerdict, type TopologyDiff } from '../../../src/topology/diff-model.ts'
import { diffTopologies } from '../../../src/topology/topology-diff.ts'
import { built, shop } from '../../support/described-topologies.ts'

const strings = { key: serdes.string, value: serdes.string }
const counted = { key: serdes.string, value: serdes.int64 }
const nothing = (): FixedKeyProcessor<string, string, string> => ({ process: () => undefined })
const ends = (): Processor<string, string, never, never> => ({ process: () => undefined })

type Make = (builder: StreamsBuilder) => void

interface Case {
  readonly title: string
  readonly before: Make
  readonly after: Make
  readonly verdict: ChangeVerdict
  /** Rule and verdict of each change; names of nodes apart. */
  readonly changes: readonly (readonly [rule: string, verdict: ChangeVerdict, name: string])[]
  readonly rolling?: boolean
  readonly leftover?: readonly string[]
  readonly configs?: readonly [before: Partial<StreamsConfig>, after: Partial<StreamsConfig>]
}

function json(make: Make, config: Partial<StreamsConfig> = {}): TopologyJson {
  // As it comes from a file.
  return JSON.parse(JSON.stringify(built(make, config).describe())) as TopologyJson
}

function diff({
  before,
  after,
  configs: [one, two] = [{}, {}],
}: Pick<Case, 'before' | 'after' | 'configs'>): TopologyDiff {
  return diffTopologies(json(before, one), json(after, two))
}

const count =
  (store: string | undefined, topic = 'in'): Make =>
  (builder) => {
    const options = store === undefined ? {} : { store }
    builder.stream(topic, strings).groupByKey().count(options).toStream().to('out', counted)
  }

const using =
  (store: StoreBuilder): Make =>
  (builder) =>
    builder.stream('in', strings).processValues(nothing, { name: 'p', stores: [store] })

const windowed =
  (windows: TimeWindows | Parameters<ReturnType<StreamsBuilder['stream']>['groupByKey']>[0]): Make =>
  (builder) =>
    builder
      .stream('in', strings)
      .groupByKey()
      .windowedBy(windows as TimeWindows)
      .count({ store: 'w' })

const keyed =
  (name: string, partitions?: number): Make =>
  (builder) =>
    builder
      .stream('in', strings)
      .selectKey((value) => value)
      .repartition({ ...strings, name, ...(partitions !== undefined && { partitions }) })
      .to('out')

const size = (ms: number): Make => windowed(tumbling({ size: ms }))

const cases: readonly Case[] = [
  {
    title: 'another filter in front of a sink',
    before: (builder) => builder.stream('in', strings).to('out'),
    after: (builder) =>
      builder
        .stream('in', strings)
        .filter(() => true, { name: 'chosen' })
        .to('out'),
    verdict: 'safe',
    changes: [],
    rolling: false,
  },
  {
    title: 'a store under another name',
    before: count('old'),
    after: count('new'),
    verdict: 'needs-reset',
    changes: [['store-renamed', 'needs-reset', 'new']],
    leftover: ['old-changelog'],
  },
  {
    title: 'a generated store name with another number',
    before: count(undefined),
    after: (builder) =>
      builder
        .stream('in', strings)
        .peek(() => undefined)
        .groupByKey()
        .count()
        .toStream()
        .to('out', counted),
    verdict: 'needs-reset',
    changes: [['store-renamed', 'needs-reset', 'KSTREAM-AGGREGATE-STATE-STORE-0000000002']],
    leftover: ['KSTREAM-AGGREGATE-STATE-STORE-0000000001-changelog'],
  },
  {
    title: 'two stores whose generated names change places',
    before: (builder) => {
      builder.stream('a', strings).groupByKey().count()
      builder.stream('b', strings).groupByKey().count()
    },
    after: (builder) => {
      builder.stream('b', strings).groupByKey().count()
      builder.stream('a', strings).groupByKey().count()
    },
    verdict: 'needs-reset',
    changes: [
      ['store-taken-over', 'needs-reset', 'KSTREAM-AGGREGATE-STATE-STORE-0000000001'],
      ['store-taken-over', 'needs-reset', 'KSTREAM-AGGREGATE-STATE-STORE-0000000004'],
    ],
    rolling: false,
  },
  {
    title: 'two stores of one topic whose generated names change places',
    before: (builder) => {
      const input = builder.stream('in', strings)
      input
        .filter(() => true)
        .groupByKey()
        .count()
      input.mapValues(String).groupByKey(strings).count()
    },
    after: (builder) => {
      const input = builder.stream('in', strings)
      input.mapValues(String).groupByKey(strings).count()
      input
        .filter(() => true)
        .groupByKey()
        .count()
    },
    verdict: 'needs-reset',
    changes: [
      ['store-taken-over', 'needs-reset', 'KSTREAM-AGGREGATE-STATE-STORE-0000000002'],
      ['store-taken-over', 'needs-reset', 'KSTREAM-AGGREGATE-STATE-STORE-0000000005'],
    ],
  },
  {
    title: 'a store of another, compatible kind',
    before: using(stores.keyValue('s', strings)),
    after: using(stores.timestampedKeyValue('s', strings)),
    verdict: 'migrates',
    changes: [['store-kind-changed', 'migrates', 's']],
    rolling: false,
  },
  {
    title: 'a store of another kind without a changelog',
    before: using(stores.keyValue('s', { ...strings, logging: false })),
    after: using(stores.timestampedKeyValue('s', { ...strings, logging: false })),
    verdict: 'needs-reset',
    changes: [['store-kind-changed', 'needs-reset', 's']],
  },
  {
    title: 'versions instead of the latest value',
    before: using(stores.timestampedKeyValue('s', strings)),
    after: using(stores.versioned('s', { ...strings, historyRetention: '1d' })),
    verdict: 'migrates',
    changes: [['store-kind-changed', 'migrates', 's']],
  },
  {
    title: 'the latest value instead of versions',
    before: using(stores.versioned('s', { ...strings, historyRetention: '1d' })),
    after: using(stores.timestampedKeyValue('s', strings)),
    verdict: 'needs-reset',
    changes: [['store-kind-changed', 'needs-reset', 's']],
  },
  {
    title: 'sessions instead of windows',
    before: using(stores.window('s', { ...strings, windowSize: '1m', retention: '1h' })),
    after: using(stores.session('s', { ...strings, retention: '1h' })),
    verdict: 'needs-reset',
    changes: [['store-kind-changed', 'needs-reset', 's']],
  },
  {
    title: 'values of a store in another form',
    before: using(stores.keyValue('s', strings)),
    after: using(stores.keyValue('s', counted)),
    verdict: 'needs-reset',
    changes: [['store-serde-changed', 'needs-reset', 's']],
    rolling: false,
  },
  {
    title: 'a changelog for a store that had none',
    before: using(stores.keyValue('s', { ...strings, logging: false })),
    after: using(stores.keyValue('s', strings)),
    verdict: 'needs-reset',
    changes: [['store-logging-changed', 'needs-reset', 's']],
    rolling: false,
  },
  {
    title: 'no changelog any more',
    before: using(stores.keyValue('s', strings)),
    after: using(stores.keyValue('s', { ...strings, logging: false })),
    verdict: 'migrates',
    changes: [['store-logging-changed', 'migrates', 's']],
    leftover: ['s-changelog'],
  },
  {
    title: 'on disk instead of in memory',
    before: using(stores.keyValue('s', { ...strings, persistent: false })),
    after: using(stores.keyValue('s', { ...strings, persistent: true })),
    verdict: 'migrates',
    changes: [['store-location-changed', 'migrates', 's']],
    rolling: true,
  },
  {
    title: 'a longer retention',
    before: using(stores.window('s', { ...strings, windowSize: '1m', retention: '1h' })),
    after: using(stores.window('s', { ...strings, windowSize: '1m', retention: '2h' })),
    verdict: 'migrates',
    changes: [['store-retention-changed', 'migrates', 's']],
  },
  {
    title: 'duplicates that are kept',
    before: using(stores.window('s', { ...strings, windowSize: '1m', retention: '1h' })),
    after: using(stores.window('s', { ...strings, windowSize: '1m', retention: '1h', retainDuplicates: true })),
    verdict: 'needs-reset',
    changes: [['store-format-changed', 'needs-reset', 's']],
  },
  {
    title: 'results on window close',
    before: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(tumbling({ size: '1h' }))
        .count({ store: 'w' }),
    after: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(tumbling({ size: '1h' }))
        .emitStrategy('onWindowClose')
        .count({ store: 'w' }),
    verdict: 'migrates',
    changes: [['store-format-changed', 'migrates', 'w']],
  },
  {
    title: 'no cache',
    before: count('c'),
    after: (builder) =>
      builder.stream('in', strings).groupByKey().count({ store: 'c', caching: false }).toStream().to('out', counted),
    verdict: 'safe',
    changes: [['store-option-changed', 'safe', 'c']],
    rolling: true,
  },
  {
    title: 'windows of another length',
    before: size(3_600_000),
    after: size(1_800_000),
    verdict: 'needs-reset',
    changes: [
      ['window-size-changed', 'needs-reset', 'w'],
      ['store-retention-changed', 'migrates', 'w'],
    ],
    rolling: false,
  },
  {
    title: 'windows that begin at other times',
    before: windowed(hopping({ size: '1h', advance: '5m' })),
    after: windowed(hopping({ size: '1h', advance: '10m' })),
    verdict: 'migrates',
    changes: [['window-advance-changed', 'migrates', 'w']],
  },
  {
    title: 'sliding windows instead of tumbling ones',
    before: windowed(tumbling({ size: '2h' })),
    after: windowed(sliding({ difference: '1h' }) as never),
    verdict: 'needs-reset',
    changes: [['window-kind-changed', 'needs-reset', 'w']],
  },
  {
    title: 'a longer grace',
    before: windowed(tumbling({ size: '1h', grace: '5m' })),
    after: windowed(tumbling({ size: '1h', grace: '10m' })),
    verdict: 'migrates',
    changes: [
      ['store-retention-changed', 'migrates', 'w'],
      ['grace-changed', 'safe', 'w'],
    ],
  },
  {
    title: 'sessions with another gap',
    before: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(session({ gap: '1h', grace: '1m' }))
        .count({ store: 's' }),
    after: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .windowedBy(session({ gap: '1m', grace: '1h' }))
        .count({ store: 's' }),
    verdict: 'safe',
    changes: [['session-gap-changed', 'safe', 's']],
  },
  {
    title: 'a join that looks further',
    before: (builder) =>
      builder
        .stream('a', strings)
        .join(builder.stream('b', strings), () => '', joinWithin({ before: '1m', after: '2m' }), { store: 'j' })
        .to('out', strings),
    after: (builder) =>
      builder
        .stream('a', strings)
        .join(builder.stream('b', strings), () => '', joinWithin({ before: '2m', after: '1m' }), { store: 'j' })
        .to('out', strings),
    verdict: 'migrates',
    changes: [
      ['join-window-changed', 'migrates', 'j-this-join-store'],
      ['join-window-changed', 'migrates', 'j-other-join-store'],
    ],
  },
  {
    title: 'another aggregate of a topic that is read already',
    before: (builder) => builder.stream('in', strings).to('out'),
    after: (builder) => {
      const input = builder.stream('in', strings)
      input.to('out')
      input.groupByKey().count({ store: 'c' })
    },
    verdict: 'migrates',
    changes: [['store-added', 'migrates', 'c']],
  },
  {
    title: 'an aggregate of a topic that is new',
    before: (builder) => builder.stream('in', strings).to('out'),
    after: (builder) => {
      builder.stream('in', strings).to('out')
      builder.stream('other', strings).groupByKey().count({ store: 'c' })
    },
    verdict: 'safe',
    changes: [
      ['store-added', 'safe', 'c'],
      ['input-added', 'safe', 'other'],
    ],
  },
  {
    title: 'a table that is stored only now',
    before: (builder) => builder.table('rows', strings).toStream().to('out'),
    after: (builder) =>
      builder
        .table('rows', { ...strings, store: 'rows-store' })
        .toStream()
        .to('out'),
    verdict: 'needs-reset',
    changes: [['store-added', 'needs-reset', 'rows-store']],
  },
  {
    title: 'a table whose topic serves as its changelog, and then does not',
    before: (builder) => builder.table('rows', { ...strings, store: 's' }),
    after: (builder) => builder.table('rows', { ...strings, store: 's' }),
    configs: [{ topologyOptimization: true }, {}],
    verdict: 'needs-reset',
    changes: [['store-changelog-changed', 'needs-reset', 's']],
  },
  {
    title: 'a table whose topic serves as its changelog now',
    before: (builder) => builder.table('rows', { ...strings, store: 's' }),
    after: (builder) => builder.table('rows', { ...strings, store: 's' }),
    configs: [{}, { topologyOptimization: true }],
    verdict: 'migrates',
    changes: [['store-changelog-changed', 'migrates', 's']],
    leftover: ['s-changelog'],
  },
  {
    title: 'a store that is gone',
    before: count('c'),
    after: (builder) =>
      builder
        .stream('in', strings)
        .mapValues(() => 1)
        .to('out', counted),
    verdict: 'migrates',
    changes: [['store-removed', 'migrates', 'c']],
    leftover: ['c-changelog'],
  },
  {
    title: 'a store that other topics feed',
    before: count('c', 'one'),
    after: count('c', 'two'),
    verdict: 'needs-reset',
    changes: [
      ['store-input-changed', 'needs-reset', 'c'],
      ['input-added', 'migrates', 'two'],
      ['input-removed', 'migrates', 'one'],
    ],
  },
  {
    title: 'a store that one more topic feeds',
    before: count('c', 'one'),
    after: (builder) =>
      builder
        .stream('one', strings)
        .merge(builder.stream('two', strings))
        .groupByKey()
        .count({ store: 'c' })
        .toStream()
        .to('out', counted),
    verdict: 'migrates',
    changes: [
      ['input-added', 'migrates', 'two'],
      ['store-input-changed', 'safe', 'c'],
    ],
  },
  {
    title: 'another key for an aggregate',
    before: count('c'),
    after: (builder) =>
      builder
        .stream('in', strings)
        .groupBy((value) => value, strings)
        .count({ store: 'c' })
        .toStream()
        .to('out', counted),
    verdict: 'needs-reset',
    changes: [
      ['store-partitioning-changed', 'needs-reset', 'c'],
      ['tasks-moved', 'migrates', '1'],
      ['repartition-topic-added', 'safe', 'c-repartition'],
    ],
  },
  {
    title: 'another operator on a store',
    before: using(stores.timestampedKeyValue('s', strings)),
    after: (builder) =>
      builder
        .stream('in', strings)
        .groupByKey()
        .reduce((_, value) => value, { store: 's', caching: false }),
    verdict: 'safe',
    changes: [['store-operator-changed', 'safe', 's']],
  },
  {
    title: 'a sub-topology in front of one with state',
    before: count('c'),
    after: (builder) => {
      builder.stream('first', strings).to('copy')
      count('c')(builder)
    },
    verdict: 'migrates',
    changes: [
      ['tasks-moved', 'migrates', '1'],
      ['input-added', 'safe', 'first'],
      ['output-added', 'safe', 'copy'],
    ],
    rolling: false,
  },
  {
    title: 'a sub-topology in front of one without state',
    before: (builder) => builder.stream('in', { ...strings, name: 'src' }).to('out'),
    after: (builder) => {
      builder.stream('first', strings).to('copy')
      builder.stream('in', { ...strings, name: 'src' }).to('out')
    },
    verdict: 'safe',
    changes: [
      ['input-added', 'safe', 'first'],
      ['output-added', 'safe', 'copy'],
      ['tasks-moved', 'safe', '1'],
    ],
  },
  {
    title: 'a repartition topic under another name',
    before: keyed('one'),
    after: keyed('two'),
    verdict: 'needs-reset',
    changes: [['repartition-topic-renamed', 'needs-reset', 'two-repartition']],
    leftover: ['one-repartition'],
  },
  {
    title: 'another number of partitions',
    before: keyed('k', 2),
    after: keyed('k', 4),
    verdict: 'needs-reset',
    changes: [['repartition-partitions-changed', 'needs-reset', 'k-repartition']],
    rolling: false,
  },
  {
    title: 'a number of partitions where there was none',
    before: keyed('k'),
    after: keyed('k', 4),
    verdict: 'migrates',
    changes: [['repartition-partitions-changed', 'migrates', 'k-repartition']],
  },
  {
    title: 'a repartition topic that is gone while its results are wanted',
    before: keyed('k'),
    after: (builder) =>
      builder
        .stream('in', strings)
        .selectKey((value) => value)
        .to('out', strings),
    verdict: 'needs-reset',
    changes: [['repartition-topic-removed', 'needs-reset', 'k-repartition']],
  },
  {
    title: 'a branch with a repartition topic that is gone altogether',
    before: (builder) => {
      const input = builder.stream('in', strings)
      input.to('out')
      input.groupBy((value) => value, strings).count({ store: 'c' })
    },
    after: (builder) => builder.stream('in', strings).to('out'),
    verdict: 'migrates',
    changes: [
      ['store-removed', 'migrates', 'c'],
      ['repartition-topic-removed', 'migrates', 'c-repartition'],
    ],
    leftover: ['c-repartition', 'c-changelog'],
  },
  {
    title: 'a repartition topic in another form',
    before: keyed('k'),
    after: (builder) =>
      builder
        .stream('in', strings)
        .map((): readonly [string, number] => ['', 1], { name: 'typed' })
        .repartition({ ...counted, name: 'k' })
        .to('out', counted),
    verdict: 'needs-reset',
    changes: [
      ['repartition-serde-changed', 'needs-reset', 'k-repartition'],
      ['output-serde-changed', 'safe', 'out'],
    ],
  },
  {
    title: 'an input that is read with another serde, and from elsewhere without an offset',
    before: (builder) => builder.stream('in', strings).forEach(() => undefined),
    after: (builder) => builder.stream('in', { ...counted, offsetReset: 'latest' }).forEach(() => undefined),
    verdict: 'migrates',
    changes: [
      ['input-serde-changed', 'migrates', 'in'],
      ['input-offset-reset-changed', 'safe', 'in'],
    ],
    rolling: true,
  },
  {
    title: 'another output',
    before: (builder) => builder.stream('in', strings).to('one'),
    after: (builder) => builder.stream('in', strings).to('two'),
    verdict: 'safe',
    changes: [
      ['output-added', 'safe', 'two'],
      ['output-removed', 'safe', 'one'],
    ],
  },
  {
    title: 'a join of topics that were read already',
    before: (builder) => {
      builder.stream('a', strings).to('out')
      builder.stream('b', strings).to('out')
    },
    after: (builder) => {
      const [a, b] = [builder.stream('a', strings), builder.stream('b', strings)]
      a.to('out')
      b.to('out')
      a.join(b, () => '', joinWithin({ difference: '1m' }), { store: 'j' }).to('joined', strings)
    },
    verdict: 'migrates',
    changes: [
      ['store-added', 'migrates', 'j-this-join-store'],
      ['store-added', 'migrates', 'j-other-join-store'],
      ['copartitioning-added', 'migrates', 'a, b'],
      ['output-added', 'safe', 'joined'],
    ],
  },
  {
    title: 'a global store instead of one of the tasks',
    before: (builder) =>
      builder
        .addStateStore(stores.keyValue('s', strings))
        .stream('rows', strings)
        .process(ends, { stores: ['s'], name: 'keep' }),
    after: (builder) => builder.addGlobalStore(stores.keyValue('s', strings), 'rows', strings, ends),
    verdict: 'migrates',
    changes: [
      ['store-changelog-changed', 'migrates', 's'],
      ['store-location-changed', 'migrates', 's'],
      ['store-operator-changed', 'safe', 's'],
    ],
    leftover: ['s-changelog'],
  },
]

describe('between two versions', () => {
  test.each(cases)('$title: $verdict', (given) => {
    const { verdict, changes, rolling, leftoverTopics } = diff(given)
    const found = changes
      .filter(({ subject }) => subject !== 'node')
      .map((each) => [each.rule, each.verdict, each.name])
    expect(found).toEqual(given.changes)
    expect(verdict).toBe(given.verdict)
    if (given.rolling !== undefined) expect(rolling).toBe(given.rolling)
    if (given.leftover !== undefined) expect(leftoverTopics).toEqual(given.leftover)
  })

  test('nothing is found where nothing changed, whatever lines the code is on', () => {
    const [one, two] = [shop().describe().toJSON(), shop().describe().toJSON()]
    const moved = JSON.parse(JSON.stringify(two).replaceAll(/\.ts:\d+/g, '.ts:99999')) as TopologyJson
    expect(diffTopologies(one, moved)).toEqual({ verdict: 'identical', rolling: true, changes: [], leftoverTopics: [] })
  })

  test('another application id begins anew', () => {
    const topology = json(count('c'))
    const found = diffTopologies({ ...topology, applicationId: 'a' }, { ...topology, applicationId: 'b' })
    expect(found).toMatchObject({
      verdict: 'needs-reset',
      rolling: false,
      changes: [{ rule: 'application-id-changed', before: 'a', after: 'b' }],
      leftoverTopics: ['a-c-changelog'],
    })
  })

  test('left over topics have the application id where it is known', () => {
    const [one, two] = [json(count('old')), json(count('new'))]
    const found = diffTopologies({ ...one, applicationId: 'app' }, { ...two, applicationId: 'app' })
    expect(found.leftoverTopics).toEqual(['app-old-changelog'])
  })

  test('nodes that came, went, were renamed, renumbered or have other parents are told, and do no harm', () => {
    const found = diff({
      before: (builder) => {
        const input = builder.stream('in', { ...strings, name: 'src' })
        input.filter(() => true, { name: 'old' }).to('out')
        input.mapValues(String, { name: 'gone' }).peek(() => undefined)
      },
      after: (builder) => {
        const input = builder.stream('in', { ...strings, name: 'src' })
        input
          .peek(() => undefined, { name: 'seen' })
          .filter(() => true, { name: 'new' })
          .to('out')
        input.peek(() => undefined)
      },
    })
    expect(found.changes.map(({ rule, name, verdict }) => [rule, name, verdict])).toEqual([
      ['node-removed', 'gone', 'safe'],
      ['node-added', 'seen', 'safe'],
      ['node-renamed', 'new', 'safe'],
      ['nodes-renumbered', expect.stringMatching(/^KSTREAM-/), 'safe'],
      ['node-rewired', 'new', 'safe'],
      ['node-rewired', expect.stringMatching(/^KSTREAM-PEEK-/), 'safe'],
    ])
    expect(found.verdict).toBe('safe')
  })

  test('every rule is seen in one of these tests', () => {
    const seen = new Set([
      ...cases.flatMap(({ changes }) => changes.map(([rule]) => rule)),
      'application-id-changed',
      ...['node-added', 'node-removed', 'node-renamed', 'node-rewired', 'nodes-renumbered'],
    ])
    expect(Object.keys(changeRules).filter((rule) => !seen.has(rule))).toEqual([])
  })

  test('every change that needs a reset says what to do', () => {
    const silent = cases
      .flatMap((given) => diff(given).changes)
      .filter(({ verdict, action }) => verdict === 'needs-reset' && action === undefined)
    expect(silent).toEqual([])
  })
})

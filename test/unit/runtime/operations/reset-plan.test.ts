import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { topicPartitionKey } from '../../../../src/common/topic-partition.ts'
import type { TopicPartitionKey } from '../../../../src/common/topic-partition.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { applicationShape } from '../../../../src/runtime/operations/application-shape.ts'
import { looksInternal, otherOwner } from '../../../../src/runtime/operations/internal-topic-names.ts'
import { chooseTopics, goesBeyond } from '../../../../src/runtime/operations/reset-plan.ts'
import type { ResetPlan, TopicChoice } from '../../../../src/runtime/operations/reset-plan.ts'
import { configDefaults } from '../../../../src/runtime/streams-config.ts'
import { serdes } from '../../../../src/serde/serdes.ts'

function counted() {
  const builder = new StreamsBuilder()
  builder
    .stream('orders', { key: serdes.string, value: serdes.string })
    .groupBy((value) => value, { key: serdes.string, value: serdes.string, name: 'by-value' })
    .count({ store: 'counts' })
    .toStream()
    .to('results', { key: serdes.string, value: serdes.int64 })
  const config = { ...configDefaults('exactly_once', '/tmp'), applicationId: 'app' }
  return applicationShape(builder.build().compile(config), config)
}

function choose(topics: readonly string[], choice: Partial<TopicChoice> = {}): ReturnType<typeof chooseTopics> {
  const existing = new Map(topics.map((name) => [name, { name, topicId: '', internal: false, partitionCount: 1 }]))
  return chooseTopics({
    applicationId: 'app',
    application: undefined,
    existing,
    groupIds: ['app'],
    committed: new Map(),
    alsoInternal: [],
    inputTopics: undefined,
    ...choice,
  })
}

describe('Names of internal topics', () => {
  it.each([
    ['app-counts-changelog', true],
    ['app-by-value-repartition', true],
    ['app-join-subscription-registration-topic', true],
    ['app-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-0000000014-topic', true],
    ['app-KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000006-topic', true],
    ['app-dlq', false],
    ['application-counts-changelog', false],
    ['other-counts-changelog', false],
    ['app-changelog-of-prices', false],
  ])('%s: %s', (name, expected) => {
    expect(looksInternal(name, 'app')).toBe(expected)
  })

  it('belong to the application with the longest id that fits', () => {
    expect(otherOwner('app-eu-x-changelog', 'app', ['app', 'app-eu', 'app-eu-x', 'b'])).toBe('app-eu')
    expect(otherOwner('app-counts-changelog', 'app', ['app', 'app-eu'])).toBeUndefined()
  })
})

describe('The topics of a reset', () => {
  const all = ['orders', 'results', 'app-counts-changelog', 'app-by-value-repartition', 'app-dlq']

  it('are those of the topology, where it is known', () => {
    const found = choose([...all, 'app-old-changelog', 'app-eu-counts-changelog'], {
      application: counted(),
      groupIds: ['app', 'app-eu'],
    })
    expect(found.input).toEqual(['orders'])
    expect(found.internal).toEqual(['app-by-value-repartition', 'app-counts-changelog'])
    expect(found.kept).toEqual([
      { name: 'app-eu-counts-changelog', reason: expect.stringMatching(/belongs to the application 'app-eu'/) },
      { name: 'app-old-changelog', reason: expect.stringMatching(/topology does not have it/) },
    ])
    expect(found.refused).toEqual([])
  })

  it('are told by their names and by what is committed, where there is no topology', () => {
    const committed = new Map<TopicPartitionKey, unknown>(
      ['orders', 'app-by-value-repartition', 'gone'].map((topic) => [topicPartitionKey(topic, 0), {}]),
    )
    const found = choose([...all, 'app-eu-counts-changelog'], { committed, groupIds: ['app', 'app-eu'] })
    expect(found.input).toEqual(['orders'])
    expect(found.internal).toEqual(['app-by-value-repartition', 'app-counts-changelog'])
    expect(found.kept.map(({ name }) => name)).toEqual(['app-eu-counts-changelog'])
  })

  it('also are those that were named, unless they are somebody else’s', () => {
    const existing = [...all, 'app-old-changelog', 'app-eu-counts-changelog']
    const alsoInternal = ['app-old-changelog', 'app-eu-counts-changelog', 'results']
    const found = choose(existing, { application: counted(), groupIds: ['app', 'app-eu'], alsoInternal })
    expect(found.internal).toContain('app-old-changelog')
    expect(found.refused.map(({ name }) => name)).toEqual(['app-eu-counts-changelog', 'results'])
  })

  it('must exist where they were named as input', () => {
    const found = choose(all, { inputTopics: ['orders', 'order'] })
    expect(found.refused).toEqual([{ name: 'order', reason: 'it does not exist; correct its name' }])
  })

  it('cannot be told from those of an application whose id begins this one’s', () => {
    const existing = ['app-eu-counts-changelog']
    const near = { applicationId: 'app-eu', groupIds: ['app', 'app-eu'] }
    expect(choose(existing, near).refused).toMatchObject([
      {
        name: 'app-eu-counts-changelog',
        reason: expect.stringMatching(/may as well be one of 'app'.*--internal-topics/),
      },
    ])
    expect(choose(existing, { ...near, alsoInternal: existing })).toMatchObject({ refused: [], internal: existing })
    expect(choose(existing, { ...near, groupIds: ['app-eu', 'ap', 'app-e'] }).refused).toEqual([])
  })

  it('are never those of another application, however near its id and its stores are named', () => {
    const word = fc.constantFrom('a', 'b', 'ab', 'a.b', 'a_b', 'changelog', 'repartition', 'KTABLE-FK-JOIN', 'topic')
    const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('-'))
    const suffix = fc.constantFrom('changelog', 'repartition', 'subscription-response-topic')
    const internal = fc.tuple(name, suffix).map((parts) => parts.join('-'))
    fc.assert(
      fc.property(name, name, fc.array(internal), fc.array(internal), (applicationId, other, own, others) => {
        fc.pre(applicationId !== other)
        const foreign = others.map((topic) => `${other}-${topic}`)
        const existing = [...own.map((topic) => `${applicationId}-${topic}`), ...foreign, other, `${other}-results`]
        const found = choose(existing, { applicationId, groupIds: [applicationId, other] })
        if (found.refused.length > 0) return
        expect(
          found.internal.filter((topic) => foreign.includes(topic) || !topic.startsWith(`${applicationId}-`)),
        ).toEqual([])
      }),
      { numRuns: 3000 },
    )
  })
})

describe('A plan that is made again', () => {
  const plan = (deleteTopics: readonly string[], tasks: readonly string[] = [], to = 0): ResetPlan => ({
    applicationId: 'app',
    members: [],
    offsets: [{ topic: 'orders', partition: 0, from: 5, to, asked: null }],
    deleteOffsets: [],
    deleteTopics,
    keptTopics: [],
    state: {
      directory: '/state/app',
      slots: [{ directory: '/state/app/0', isHeld: false, state: tasks, foreign: [] }],
      foreign: [],
    },
  })
  const shown = plan(['app-a-changelog', 'app-b-changelog'], ['0_0', '0_1'])

  it('goes beyond the one that was shown with a topic or state more, not with less', () => {
    expect(goesBeyond(plan(['app-a-changelog'], ['0_1']), shown)).toBe(false)
    expect(goesBeyond(plan(['app-a-changelog', 'app-c-changelog']), shown)).toBe(true)
    expect(goesBeyond(plan([], ['0_2']), shown)).toBe(true)
  })

  it('does not with offsets alone, since logs are written to meanwhile', () => {
    expect(goesBeyond(plan(['app-a-changelog'], [], 7), shown)).toBe(false)
  })
})

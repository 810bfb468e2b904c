import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { joinWithin, session } from '../../../../src/dsl/windows.ts'
import { applicationShape } from '../../../../src/runtime/operations/application-shape.ts'
import type { ApplicationShape } from '../../../../src/runtime/operations/application-shape.ts'
import { hasChanges, isBlocked, planTopics } from '../../../../src/runtime/operations/topics-plan.ts'
import type { TopicsPlan, TopicsPlanOptions } from '../../../../src/runtime/operations/topics-plan.ts'
import { configDefaults } from '../../../../src/runtime/streams-config.ts'
import { serdes } from '../../../../src/serde/serdes.ts'

const text = { key: serdes.string, value: serdes.string }

function shape(
  build: (builder: StreamsBuilder) => void,
  config: Partial<ApplicationShape['config']> = {},
): ApplicationShape {
  const builder = new StreamsBuilder()
  build(builder)
  const complete = { ...configDefaults('exactly_once', '/tmp'), applicationId: 'app', ...config }
  return applicationShape(builder.build().compile(complete), complete)
}

function counted(config: Partial<ApplicationShape['config']> = {}): ApplicationShape {
  return shape((builder) => {
    const options = { ...text, name: 'by-value' }
    builder
      .stream('in', text)
      .groupBy((value) => value, options)
      .count({ store: 'counts' })
      .toStream()
      .to('out', {
        key: serdes.string,
        value: serdes.int64,
      })
  }, config)
}

interface Given extends Partial<Omit<TopicsPlanOptions, 'facts'>> {
  readonly topics?: Readonly<Record<string, number>>
  readonly configs?: Readonly<Record<string, Readonly<Record<string, string>>>> | null
  readonly replicas?: Readonly<Record<string, number>>
}

function plan({ topics = {}, configs = {}, replicas = {}, ...options }: Given): TopicsPlan {
  const metadata = (name: string, partitionCount: number) => ({ name, topicId: '', internal: false, partitionCount })
  return planTopics({
    application: counted(),
    ...options,
    facts: {
      topics: new Map(Object.entries(topics).map(([name, count]) => [name, metadata(name, count)])),
      configs:
        configs === null
          ? undefined
          : new Map(Object.entries(configs).map(([name, one]) => [name, new Map(Object.entries(one))])),
      replicas: new Map(Object.entries(replicas)),
    },
  })
}

const repartition = {
  'cleanup.policy': 'delete',
  'segment.bytes': '52428800',
  'retention.ms': '-1',
  'message.timestamp.type': 'CreateTime',
}
const changelog = { 'cleanup.policy': 'compact', 'message.timestamp.type': 'CreateTime' }

function statuses({ topics }: TopicsPlan): Record<string, string> {
  return Object.fromEntries(topics.map(({ name, status }) => [name, status]))
}

describe('A plan of topics', () => {
  it('creates internal topics as the application would, for the partitions of its input', () => {
    const found = plan({ topics: { in: 4, out: 1 } })
    expect(statuses(found)).toEqual({
      in: 'ok',
      out: 'ok',
      'app-by-value-repartition': 'create',
      'app-counts-changelog': 'create',
    })
    expect(found.topics.find(({ name }) => name === 'app-counts-changelog')).toMatchObject({
      roles: ['changelog'],
      isInternal: true,
      partitions: { wanted: 4, found: null },
      replicationFactor: { wanted: -1, found: null },
      config: changelog,
    })
    expect([isBlocked(found), hasChanges(found)]).toEqual([false, true])
  })

  it('is blocked where topics of others are missing and nobody says how many partitions they have', () => {
    const found = plan({ topics: { out: 1 } })
    expect(statuses(found)).toEqual({ in: 'missing', out: 'ok' })
    expect(found.problems).toEqual([])
    expect(isBlocked(found)).toBe(true)
  })

  it('creates them with the partitions that were said', () => {
    const found = plan({ partitions: 6, replicationFactor: 3 })
    expect(statuses(found)).toEqual({
      in: 'create',
      out: 'create',
      'app-by-value-repartition': 'create',
      'app-counts-changelog': 'create',
    })
    expect(found.topics.map(({ partitions: { wanted } }) => wanted)).toEqual([6, 6, 6, 6])
    expect(found.topics.map(({ replicationFactor: { wanted } }) => wanted)).toEqual([3, 3, -1, -1])
    expect(isBlocked(found)).toBe(false)
  })

  it('gives a missing topic the partitions of the one that it is joined with', () => {
    const application = shape((builder) => {
      const other = builder.stream('b', text)
      builder.stream('a', text).join(other, (one, two) => one + two, joinWithin({ difference: 1000, grace: 0 }), {
        key: serdes.string,
        value: serdes.string,
        otherValue: serdes.string,
      })
    })
    const found = plan({ application, topics: { b: 5 }, partitions: 2 })
    expect(found.topics.find(({ name }) => name === 'a')).toMatchObject({ status: 'create', partitions: { wanted: 5 } })
    const unequal = plan({ application, topics: { a: 4, b: 5 } })
    expect(unequal.problems).toMatchObject([{ code: 'MILLRACE_TOPICS_NOT_COPARTITIONED' }])
    expect(Object.values(statuses(unequal)).toSorted()).toEqual(['mismatch', 'ok'])
    expect(isBlocked(unequal)).toBe(true)
  })

  it('changes configs of internal topics that are not what is needed, and only those', () => {
    const found = plan({
      topics: { in: 4, out: 1, 'app-by-value-repartition': 4, 'app-counts-changelog': 4 },
      configs: {
        in: { 'cleanup.policy': 'compact' },
        'app-by-value-repartition': { ...repartition, 'retention.bytes': '5' },
        'app-counts-changelog': { ...changelog, 'cleanup.policy': 'delete' },
      },
    })
    expect(statuses(found)).toMatchObject({
      'app-by-value-repartition': 'ok',
      'app-counts-changelog': 'config',
      in: 'ok',
    })
    expect(found.topics.find(({ status }) => status === 'config')?.configChanges).toEqual([
      { name: 'cleanup.policy', found: 'delete', wanted: 'compact' },
    ])
  })

  it('takes lists of policies in any order', () => {
    const application = shape((builder) => {
      builder
        .stream('in', text)
        .groupByKey()
        .windowedBy(session({ gap: 1000, grace: 0 }))
        .count({ store: 'counts' })
    })
    const config = { ...changelog, 'cleanup.policy': 'delete,compact', 'retention.ms': '86401000' }
    const name = 'app-counts-changelog'
    const found = plan({ application, topics: { in: 1, [name]: 1 }, configs: { [name]: config } })
    expect(found.topics.find((topic) => topic.name === name)).toMatchObject({ status: 'ok', configChanges: [] })
  })

  it('names internal topics with another partition count, which nothing cures by itself', () => {
    const found = plan({ topics: { in: 4, out: 1, 'app-by-value-repartition': 4, 'app-counts-changelog': 2 } })
    expect(found.topics.find(({ name }) => name === 'app-counts-changelog')).toMatchObject({
      status: 'mismatch',
      partitions: { wanted: 4, found: 2 },
      reason: expect.stringMatching(/has 2 partitions, and the topology needs 4/),
    })
    expect(isBlocked(found)).toBe(true)
  })

  it('has the dead-letter topics of policies', () => {
    const found = plan({
      application: counted({ onProcessingError: { deadLetter: 'dlq' } }),
      topics: { in: 1, out: 1 },
    })
    expect(found.topics.find(({ name }) => name === 'dlq')).toMatchObject({ roles: ['dead-letter'], status: 'missing' })
  })

  it('warns of fewer replicas than configured, and of configurations that may not be read', () => {
    const topics = { in: 4, out: 1, 'app-by-value-repartition': 4, 'app-counts-changelog': 4 }
    const found = plan({
      application: counted({ replicationFactor: 3 }),
      topics,
      configs: null,
      replicas: { 'app-counts-changelog': 1 },
    })
    expect(found.topics.find(({ name }) => name === 'app-counts-changelog')).toMatchObject({
      status: 'ok',
      warnings: [expect.stringMatching(/1 replicas/), expect.stringMatching(/DescribeConfigs/)],
    })
  })
})

/** What the doctor says of an application on a cluster: topics, permissions, group, transactions. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/common/clock.ts'
import { StreamsBuilder } from '../../../../src/dsl/streams-builder.ts'
import { KafkaError } from '../../../../src/errors/kafka-error.ts'
import type { AclOperation, GroupDescription } from '../../../../src/kafka/client/admin-types.ts'
import type { Admin, KafkaClient } from '../../../../src/kafka/client/kafka-client.ts'
import { applicationChecks } from '../../../../src/runtime/operations/application-checks.ts'
import type { ApplicationOptions } from '../../../../src/runtime/operations/application-checks.ts'
import { applicationShape } from '../../../../src/runtime/operations/application-shape.ts'
import type { ApplicationShape } from '../../../../src/runtime/operations/application-shape.ts'
import { examine } from '../../../../src/runtime/operations/doctor.ts'
import type { CheckResult } from '../../../../src/runtime/operations/doctor.ts'
import { configDefaults } from '../../../../src/runtime/streams-config.ts'
import { serdes } from '../../../../src/serde/serdes.ts'
import { Cluster } from '../../../support/embedded-app.ts'

const texts = { key: serdes.string, value: serdes.string }
const repartition = 'app-by-value-repartition'
const changelog = 'app-counts-changelog'
const given = { in: 2, names: 1, out: 1, letters: 1 }

/** One topic of each role. */
function application(): ApplicationShape {
  const builder = new StreamsBuilder()
  const names = builder.globalTable('names', texts)
  builder
    .stream('in', texts)
    .join(
      names,
      (key) => key,
      (value, name) => `${value}${name}`,
    )
    .groupBy((value) => value, { ...texts, name: 'by-value' })
    .count({ store: 'counts' })
    .toStream()
    .to('out', { key: serdes.string, value: serdes.int64 })
  const config = {
    ...configDefaults('exactly_once', '/tmp'),
    applicationId: 'app',
    onProcessingError: { deadLetter: 'letters' },
  }
  return applicationShape(builder.build().compile(config), config)
}

/** `target`, and of it these in their place. */
function withOther<T extends object>(target: T, other: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (name in other) return Reflect.get(other, name) as unknown
      const own: unknown = Reflect.get(target, name, target)
      return typeof own === 'function' ? (own as () => unknown).bind(target) : own
    },
  })
}

type Told = Partial<Omit<ApplicationOptions, 'client'>> & { readonly admin?: Partial<Admin> }

async function checked(client: KafkaClient, id: string, { admin = {}, ...options }: Told = {}): Promise<CheckResult> {
  const checks = applicationChecks({
    client: withOther(client, { admin: withOther(client.admin, admin) }),
    clock: systemClock,
    applicationId: 'app',
    application: application(),
    isTransactional: true,
    ...options,
  })
  const found = await examine(checks.filter((check) => check.id === id).map((check) => ({ ...check, needs: [] })))
  return found.checks[0]!
}

const all: ReadonlySet<AclOperation> = new Set(['Read', 'Write', 'Describe', 'Delete', 'DescribeConfigs'])

/** A principal that may do this much: with topics, with the group. */
function principal(onTopics: ReadonlySet<AclOperation>, onGroup: ReadonlySet<AclOperation> = all): Partial<Admin> {
  return {
    permissions: {
      topics: async (names) => new Map(names.map((name) => [name, onTopics])),
      group: async () => onGroup,
      cluster: async () => all,
    },
  }
}

const refused = (): Promise<never> => Promise.reject(new KafkaError('MILLRACE_KAFKA_AUTHORIZATION', 'refused'))

describe('Topics of an application', () => {
  it('are counted: those there, and those that the start makes', async () => {
    await using cluster = await Cluster.start(given)
    expect(await checked(cluster.client, 'topics')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^names: its old records are deleted/),
    })
    await cluster.client.admin.alterTopicConfigs(new Map([['names', { 'cleanup.policy': 'compact' }]]))
    expect(await checked(cluster.client, 'topics')).toMatchObject({
      status: 'ok',
      detail: '4 are there, 2 are made at the start',
    })
    await cluster.kafka.createTopic(repartition, {
      partitions: 2,
      config: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'segment.bytes': '52428800' },
    })
    await cluster.kafka.createTopic(changelog, { partitions: 2, config: { 'cleanup.policy': 'compact' } })
    expect(await checked(cluster.client, 'topics')).toMatchObject({ status: 'ok', detail: '6 are there' })
  })

  it('with other configs are a warning, missing or of other numbers a failure', async () => {
    await using cluster = await Cluster.start({ in: 2, names: 1, letters: 1 })
    await cluster.kafka.createTopic(changelog, { partitions: 2, config: { 'cleanup.policy': 'delete' } })
    expect(await checked(cluster.client, 'topics')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/^out: it does not exist/),
      fix: expect.stringContaining('millrace topics plan'),
    })
    await cluster.kafka.createTopic('out')
    expect(await checked(cluster.client, 'topics')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^app-counts-changelog: .*cleanup\.policy/),
    })
    await cluster.kafka.createTopic(repartition, { partitions: 3 })
    expect(await checked(cluster.client, 'topics')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/^app-by-value-repartition: it has 3 partitions, and the topology needs 2/),
    })
  })
})

describe('Permissions', () => {
  it('that are all there are enough', async () => {
    await using cluster = await Cluster.start(given)
    expect(await checked(cluster.client, 'permissions', { admin: principal(all) })).toMatchObject({
      status: 'ok',
      detail: 'all that can be asked for is allowed on 6 topics and the group',
    })
  })

  it('that are missing are named by role, each with the command that grants it', async () => {
    await using cluster = await Cluster.start({ ...given, [repartition]: 2, [changelog]: 2 })
    const found = await checked(cluster.client, 'permissions', { admin: principal(new Set(), new Set(['Describe'])) })
    const lacking = [
      ...['Read', 'Describe'].map((operation) => `--operation ${operation} --topic in`),
      ...['Read', 'Describe'].map((operation) => `--operation ${operation} --topic names`),
      ...['Write', 'Describe'].map((operation) => `--operation ${operation} --topic out`),
      ...['Write', 'Describe'].map((operation) => `--operation ${operation} --topic letters`),
      ...['Read', 'Write', 'Describe', 'Delete'].map((operation) => `--operation ${operation} --topic ${repartition}`),
      ...['Read', 'Write', 'Describe', 'DescribeConfigs'].map(
        (operation) => `--operation ${operation} --topic ${changelog}`,
      ),
      '--operation Read --group app',
    ]
    expect(found.status).toBe('fail')
    expect(found.fix?.split('; ').toSorted()).toEqual(
      lacking.map((one) => `kafka-acls.sh --add --allow-principal User:<name> ${one}`).toSorted(),
    )
    expect(found.detail).toMatch(/^the principal lacks 17 ACLs: operation [^-]/)
  })

  it('to make internal topics are asked for where some are to be made, without making them', async () => {
    await using cluster = await Cluster.start(given)
    const before = [...(await cluster.client.describeTopics('all')).keys()]
    expect(await checked(cluster.client, 'permissions')).toMatchObject({ status: 'ok' })
    expect([...(await cluster.client.describeTopics('all')).keys()]).toEqual(before)
    const admin = { ...principal(all), createTopics: refused }
    expect(await checked(cluster.client, 'permissions', { admin })).toMatchObject({
      status: 'fail',
      detail: 'the principal lacks 1 ACL: operation Create topic app- resource-pattern-type prefixed',
    })
    for (const name of [repartition, changelog]) await cluster.kafka.createTopic(name, { partitions: 2 })
    expect(await checked(cluster.client, 'permissions', { admin })).toMatchObject({ status: 'ok' })
  })

  it('on transactional ids are needed for transactions only', async () => {
    await using cluster = await Cluster.start(given)
    const transactions = withOther(cluster.client.admin.transactions, { describe: refused })
    const admin = { ...principal(all), transactions }
    expect(await checked(cluster.client, 'permissions', { admin })).toMatchObject({
      status: 'fail',
      fix: expect.stringMatching(/--operation Write --transactional-id app- --resource-pattern-type prefixed$/),
    })
    expect(await checked(cluster.client, 'permissions', { admin, isTransactional: false })).toMatchObject({
      status: 'ok',
    })
  })

  it('that cannot be asked for are no lack of them', async () => {
    await using cluster = await Cluster.start(given)
    const gone = (): Promise<never> => Promise.reject(new KafkaError('MILLRACE_KAFKA_UNREACHABLE', 'gone'))
    const transactions = withOther(cluster.client.admin.transactions, { describe: gone })
    const admin = { ...principal(all), transactions }
    expect(await checked(cluster.client, 'permissions', { admin })).toMatchObject({
      status: 'fail',
      code: 'MILLRACE_KAFKA_UNREACHABLE',
    })
  })
})

describe('The group of an application', () => {
  const member = { memberId: 'm', instanceId: undefined, clientId: 'c', host: '/10.0.0.1', topics: [] } as const
  const groupOf = (group: Partial<GroupDescription>): Told => ({
    admin: {
      groups: { describe: async () => new Map([['app', { groupId: 'app', ...group }]]) } as unknown as Admin['groups'],
    },
  })

  it('that was never there is fine', async () => {
    await using cluster = await Cluster.start(given)
    expect(await checked(cluster.client, 'group')).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('it has never run'),
    })
  })

  it.each([
    ['Stable', 'millrace', 'ok'],
    ['Stable', 'stream', 'fail'],
    ['PreparingRebalance', '', 'warn'],
    ['CompletingRebalance', 'millrace', 'warn'],
  ])('that is %s and speaks "%s" is %s', async (state, protocol, status) => {
    await using cluster = await Cluster.start(given)
    const told = groupOf({ state, protocol, protocolType: 'consumer', members: [member] as never })
    expect(await checked(cluster.client, 'group', told)).toMatchObject({
      status,
      detail: expect.stringContaining(`'app' is ${state}, with 1 member`),
    })
  })

  it('whose members are gone may have spoken anything', async () => {
    await using cluster = await Cluster.start(given)
    const told = groupOf({ state: 'Empty', protocol: 'range', protocolType: 'consumer', members: [] })
    expect(await checked(cluster.client, 'group', told)).toMatchObject({ status: 'ok' })
  })
})

describe('Open transactions', () => {
  it('that go on are counted; one that nobody ends holds up what is behind it', async () => {
    await using cluster = await Cluster.start(given)
    const producer = cluster.client.producer({ transactionalId: 'other', transactionTimeoutMs: 60_000 })
    await producer.init()
    producer.append('in', 1, null, Buffer.from('x'), 1000, [])
    await producer.flush()
    expect(await checked(cluster.client, 'transactions')).toMatchObject({
      status: 'ok',
      detail: '1 are open, none of them too long',
    })
    const forgotten: Told = {
      admin: {
        transactions: withOther(cluster.client.admin.transactions, {
          list: async () => [],
          describe: async () => new Map(),
        }),
      },
    }
    expect(await checked(cluster.client, 'transactions', forgotten)).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/producer \d+ \(no coordinator knows it\) in in-1$/),
      fix: expect.stringContaining('kafka-transactions.sh abort'),
    })
    await producer.abort()
    await producer.close()
  })

  it('that may not be looked at are a warning', async () => {
    await using cluster = await Cluster.start(given)
    const producer = cluster.client.producer({ transactionalId: 'other', transactionTimeoutMs: 60_000 })
    await producer.init()
    producer.append('in', 1, null, Buffer.from('x'), 1000, [])
    await producer.flush()
    const admin = { transactions: withOther(cluster.client.admin.transactions, { producers: refused }) }
    expect(await checked(cluster.client, 'transactions', { admin })).toMatchObject({
      status: 'warn',
      fix: expect.stringContaining('grant Read'),
    })
    await producer.abort()
    await producer.close()
  })

  it('are not looked for in topics that are not there, which another check says', async () => {
    await using cluster = await Cluster.start({})
    expect(await checked(cluster.client, 'transactions')).toMatchObject({
      status: 'skipped',
      detail: 'an input topic does not exist',
    })
  })
})

describe('Without brokers, a module or an id', () => {
  it('what needs one is left out or skipped', async () => {
    await using cluster = await Cluster.start(given)
    expect(
      applicationChecks({
        client: undefined,
        clock: systemClock,
        applicationId: 'app',
        application: undefined,
        isTransactional: true,
      }),
    ).toEqual([])
    for (const [id, detail] of [
      ['topics', 'no topology module was named'],
      ['permissions', 'no topology module was named'],
      ['group', 'no application was named'],
      ['transactions', 'no application was named'],
    ] as const) {
      const nothing = { application: undefined, applicationId: undefined }
      expect(await checked(cluster.client, id, nothing)).toMatchObject({ status: 'skipped', detail })
    }
  })
})

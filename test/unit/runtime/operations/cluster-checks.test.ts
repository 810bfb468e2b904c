/** What the doctor says of clusters, as brokers would tell of them. */
import { describe, expect, it } from 'vitest'
import { KafkaError } from '../../../../src/errors/kafka-error.ts'
import type { BrokerAbilities } from '../../../../src/kafka/client/admin-types.ts'
import type { KafkaClient } from '../../../../src/kafka/client/kafka-client.ts'
import { clusterChecks } from '../../../../src/runtime/operations/cluster-checks.ts'
import type { StreamsLimits } from '../../../../src/runtime/operations/cluster-checks.ts'
import { examine } from '../../../../src/runtime/operations/doctor.ts'
import type { CheckResult } from '../../../../src/runtime/operations/doctor.ts'

interface Told {
  readonly brokers?: number
  readonly configs?: Readonly<Record<string, string>> | Error
  /** Of the brokers from 1 on; the others are as those of Kafka 4. */
  readonly abilities?: readonly (Partial<Readonly<Record<string, number>>> | Error)[]
  readonly transactionVersions?: readonly (number | undefined)[]
  readonly config?: Partial<StreamsLimits>
}

const requests = {
  Produce: 3,
  Fetch: 4,
  OffsetFetch: 7,
  OffsetCommit: 7,
  JoinGroup: 0,
  TxnOffsetCommit: 3,
  InitProducerId: 0,
  EndTxn: 0,
}

const healthy = {
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'offsets.topic.replication.factor': '3',
  'default.replication.factor': '3',
  'transaction.max.timeout.ms': '900000',
  'group.min.session.timeout.ms': '6000',
  'group.max.session.timeout.ms': '1800000',
}

const limits: StreamsLimits = {
  processingGuarantee: 'exactly_once',
  transactionTimeoutMs: 10_000,
  sessionTimeoutMs: 45_000,
  replicationFactor: -1,
}

function clientThatTells({ brokers = 3, configs = {}, abilities = [], transactionVersions = [] }: Told): KafkaClient {
  const ids = Array.from({ length: brokers }, (_, index) => index + 1)
  return {
    clusterId: 'a-cluster',
    connect: async () => undefined,
    admin: {
      cluster: {
        describe: async () => ({
          clusterId: 'a-cluster',
          controller: 1,
          brokers: ids.map((id) => ({ id, host: 'kafka', port: 9090 + id, rack: undefined })),
        }),
        brokerConfigs: async () => {
          if (configs instanceof Error) throw configs
          return new Map(Object.entries({ ...healthy, ...configs }).filter(([, value]) => value !== ''))
        },
        abilities: async (id: number): Promise<BrokerAbilities> => {
          const own = abilities[id - 1] ?? {}
          if (own instanceof Error) throw own
          const known = Object.entries({ ...requests, ...own }).filter(
            (entry): entry is [string, number] => entry[1] !== undefined,
          )
          const version = transactionVersions.length === 0 ? 2 : transactionVersions[id - 1]
          return {
            requests: new Map(known),
            features: new Map(version === undefined ? [] : [['transaction.version', version]]),
          }
        },
      },
    },
  } as unknown as KafkaClient
}

async function checked(id: string, told: Told = {}): Promise<CheckResult | undefined> {
  const { checks } = await examine(
    clusterChecks({ client: clientThatTells(told), config: { ...limits, ...told.config } }),
  )
  return checks.find((check) => check.id === id)
}

const forbidden = new KafkaError('MILLRACE_KAFKA_AUTHORIZATION', 'DescribeConfigs was refused')

describe('Brokers', () => {
  it('that all answer are named with their addresses', async () => {
    expect(await checked('connection')).toMatchObject({ status: 'ok', detail: 'cluster a-cluster' })
    expect(await checked('brokers')).toMatchObject({
      status: 'ok',
      detail: 'brokers 1 at kafka:9091, 2 at kafka:9092, 3 at kafka:9093; controller 1',
    })
  })

  it('that do not answer are named with why, and the others are looked at nevertheless', async () => {
    const told = { abilities: [{}, new Error('nothing listens there'), {}] }
    expect(await checked('brokers', told)).toMatchObject({
      status: 'fail',
      detail: '1 of 3 brokers cannot be reached. 2 at kafka:9092: nothing listens there',
      fix: expect.stringContaining('advertised.listeners'),
    })
    expect(await checked('versions', told)).toMatchObject({ status: 'ok' })
  })
})

describe('Versions', () => {
  it.each(Object.entries(requests))('without %s %i are too old, on whichever broker', async (name, version) => {
    for (const found of [version - 1, undefined]) {
      if (found === -1) continue
      expect(await checked('versions', { abilities: [{}, {}, { [name]: found }] })).toMatchObject({
        status: 'fail',
        detail: `broker 3 lacks requests that are needed: ${name} ${version}`,
        fix: 'use Apache Kafka 2.5 or later',
      })
    }
  })

  it('are those of the oldest broker: one without protocol v2 is enough for a warning', async () => {
    expect(await checked('versions')).toMatchObject({ status: 'ok', detail: expect.stringMatching(/protocol v2$/) })
    for (const transactionVersions of [
      [2, 2, 1],
      [2, undefined, 2],
    ]) {
      expect(await checked('versions', { transactionVersions })).toMatchObject({
        status: 'warn',
        fix: expect.stringContaining('transaction.version=2'),
      })
    }
  })

  it('of transactions do not matter at least once', async () => {
    const config = { processingGuarantee: 'at_least_once' } as const
    expect(await checked('versions', { transactionVersions: [1, 1, 1], config })).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/protocol v1$/),
    })
  })
})

describe('Replication', () => {
  it.each([
    'transaction.state.log.replication.factor',
    'transaction.state.log.min.isr',
    'offsets.topic.replication.factor',
  ])('of %s beyond the number of brokers waits for ever', async (name) => {
    expect(await checked('replication', { configs: { [name]: '4' } })).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(`${name} is 4, and there are 3 brokers`),
      fix: expect.stringContaining(`${name}=3`),
    })
    expect(await checked('replication', { configs: { [name]: '3' } })).toMatchObject({ status: 'ok' })
  })

  it('that is configured beyond the number of brokers cannot be had', async () => {
    expect(await checked('replication', { config: { replicationFactor: 4 } })).toMatchObject({
      status: 'fail',
      fix: 'set replicationFactor to 3 or less, or to -1 for the default of the brokers',
    })
    expect(await checked('replication', { config: { replicationFactor: 3 } })).toMatchObject({ status: 'ok' })
  })

  it('of one is a warning on several brokers, and all there can be on one', async () => {
    const transactions = { 'transaction.state.log.replication.factor': '1', 'transaction.state.log.min.isr': '1' }
    const byDefault = { 'default.replication.factor': '1' }
    expect(await checked('replication', { configs: transactions })).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('is 1 on 3 brokers'),
    })
    expect(await checked('replication', { configs: byDefault })).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('on one broker each'),
      fix: 'set replicationFactor to 3',
    })
    expect(await checked('replication', { configs: byDefault, config: { replicationFactor: 3 } })).toMatchObject({
      status: 'ok',
    })
    const configs = { ...transactions, ...byDefault, 'offsets.topic.replication.factor': '1' }
    expect(await checked('replication', { brokers: 1, configs })).toMatchObject({
      status: 'ok',
      detail: 'transactions are kept on 1 of 1 brokers',
    })
  })

  it('that brokers do not tell is not judged', async () => {
    const configs = Object.fromEntries(Object.keys(healthy).map((name) => [name, '']))
    expect(await checked('replication', { configs })).toMatchObject({ status: 'ok', detail: 'the brokers do not tell' })
    expect(await checked('limits', { configs })).toMatchObject({ status: 'ok' })
  })
})

describe('Limits', () => {
  const transactions = (
    transactionTimeoutMs: number,
    config: Partial<StreamsLimits> = {},
  ): ReturnType<typeof checked> =>
    checked('limits', {
      configs: { 'transaction.max.timeout.ms': '5000' },
      config: { transactionTimeoutMs, ...config },
    })

  it('of transactions count exactly once only', async () => {
    expect(await transactions(5000)).toMatchObject({ status: 'ok' })
    expect(await transactions(5001)).toMatchObject({ status: 'fail', fix: 'set transactionTimeoutMs to 5000 or less' })
    expect(await transactions(5001, { processingGuarantee: 'at_least_once' })).toMatchObject({ status: 'ok' })
  })

  it.each([
    [5999, 'fail'],
    [6000, 'ok'],
    [1_800_000, 'ok'],
    [1_800_001, 'fail'],
  ])('of sessions: %i ms is %s', async (sessionTimeoutMs, status) => {
    expect(await checked('limits', { config: { sessionTimeoutMs } })).toMatchObject({
      status,
      ...(status === 'fail' && { detail: expect.stringContaining('the brokers admit 6000 to 1800000') as string }),
    })
  })
})

describe('A configuration of brokers that may not be read', () => {
  it('is a warning with the ACL that allows it', async () => {
    for (const id of ['replication', 'limits']) {
      expect(await checked(id, { configs: forbidden })).toMatchObject({
        status: 'warn',
        fix: expect.stringContaining('--operation DescribeConfigs --cluster'),
      })
    }
  })

  it('for another reason is a check that failed, with its code', async () => {
    const configs = new KafkaError('MILLRACE_KAFKA_UNREACHABLE', 'gone')
    expect(await checked('limits', { configs })).toMatchObject({ status: 'fail', code: 'MILLRACE_KAFKA_UNREACHABLE' })
  })
})

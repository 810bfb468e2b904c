import { describe, expect, it } from 'vitest'
import { apis } from '../../src/kafka/protocol/apis.ts'
import { errorCodes } from '../../src/kafka/protocol/error-codes.ts'
import { encodeRequestHeader } from '../../src/kafka/protocol/header.ts'
import { eventually, type Suite } from './broker-suite-context.ts'

/** Of Apache Kafka 4.3.1; the embedded broker offers part of them. */
const kafkaVersions: Readonly<Record<number, readonly [number, number]>> = {
  0: [0, 13],
  1: [4, 18],
  2: [1, 11],
  3: [0, 13],
  8: [2, 10],
  9: [1, 10],
  10: [0, 6],
  11: [0, 9],
  12: [0, 4],
  13: [0, 5],
  14: [0, 5],
  15: [0, 6],
  16: [0, 5],
  18: [0, 4],
  19: [2, 7],
  20: [1, 6],
  21: [0, 2],
  22: [0, 5],
  23: [2, 4],
  24: [0, 5],
  25: [0, 4],
  26: [0, 5],
  28: [0, 5],
  32: [1, 4],
  33: [0, 2],
  37: [0, 3],
  42: [0, 2],
  44: [0, 1],
  47: [0, 0],
  60: [0, 2],
  61: [0, 0],
  65: [0, 0],
  66: [0, 2],
}

export function adminCases(suite: Suite): void {
  describe('versions', () => {
    it('are none that Apache Kafka does not have, and never begin later', async () => {
      const kafka = await suite.connect()
      const { apiKeys } = await kafka.send(apis.ApiVersions, 3, {
        clientSoftwareName: 'raw',
        clientSoftwareVersion: '1',
      })
      const offered = new Map(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion]]))
      for (const [key, [min, max]] of Object.entries(kafkaVersions)) {
        const [offeredMin, offeredMax] = offered.get(Number(key)) ?? []
        expect([key, offeredMin]).toEqual([key, min])
        expect(offeredMax).toBeLessThanOrEqual(max)
      }
    })

    it('newer than the broker are told in version 0', async () => {
      const kafka = await suite.connect()
      const header = encodeRequestHeader(2, {
        requestApiKey: 18,
        requestApiVersion: 77,
        correlationId: 9,
        clientId: 'raw',
      })
      const answer = await kafka.frame(Buffer.concat([header, Buffer.from([0, 0, 0])]))
      expect(answer.readInt32BE(0)).toBe(9)
      expect(answer.readInt16BE(4)).toBe(errorCodes.UNSUPPORTED_VERSION)
    })

    it('of other requests that are not offered end the connection', async () => {
      const kafka = await suite.connect()
      const header = encodeRequestHeader(2, { requestApiKey: 3, requestApiVersion: 99, correlationId: 9, clientId: '' })
      await expect(kafka.frame(header)).rejects.toThrow('closed')
    })

    it('that are offered are answered from first to last, where they have no effect', async () => {
      const topic = await suite.createTopic()
      const kafka = await suite.connect()
      for (let version = 0; version <= 13; version++) {
        const { topics } = await kafka.send(apis.Metadata, version, { topics: [{ name: topic }] })
        expect(topics).toMatchObject([{ name: topic, errorCode: 0, partitions: [{ leaderId: 1 }] }])
      }
      for (let version = 1; version <= 11; version++) {
        const partitions = [{ partitionIndex: 0, timestamp: -1 }]
        const { topics } = await kafka.send(apis.ListOffsets, version, {
          replicaId: -1,
          topics: [{ name: topic, partitions }],
        })
        expect(topics[0]?.partitions[0]).toMatchObject({ errorCode: 0, offset: 0 })
      }
      for (let version = 0; version <= 6; version++) {
        const keys = version >= 4 ? { coordinatorKeys: ['g'] } : { key: 'g' }
        await eventually(async () => {
          const answer = await kafka.send(apis.FindCoordinator, version, keys)
          return (version >= 4 ? answer.coordinators[0] : answer)?.nodeId === 1
        })
      }
      for (let version = 1; version <= 4; version++) {
        const resources = [{ resourceType: 2, resourceName: topic, configurationKeys: ['retention.ms'] }]
        const { results } = await kafka.send(apis.DescribeConfigs, version, { resources })
        expect(results[0]).toMatchObject({ errorCode: 0, configs: [{ name: 'retention.ms', value: '604800000' }] })
      }
    })
  })

  describe('metadata', () => {
    it('of a topic that does not exist create it when they may, for the next request', async () => {
      const kafka = await suite.connect()
      const [wanted, other] = [suite.name('auto'), suite.name('auto')]
      const ask = async (name: string, allowAutoTopicCreation: boolean) =>
        (await kafka.send(apis.Metadata, 9, { topics: [{ name }], allowAutoTopicCreation })).topics[0]
      expect(await ask(wanted, true)).toMatchObject({
        errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
        partitions: [],
      })
      await eventually(async () => (await ask(wanted, false))?.errorCode === 0)
      expect(await ask(other, false)).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION })
      expect(await ask(other, false)).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION })
      expect(await ask('not a name', true)).toMatchObject({ errorCode: errorCodes.INVALID_TOPIC_EXCEPTION })
    })

    it('name topics by id, and all of them when asked for none', async () => {
      const topic = await suite.createTopic({ partitions: 3 })
      const kafka = await suite.connect()
      const all = await kafka.send(apis.Metadata, 12, { topics: null })
      const found = all.topics.find(({ name }) => name === topic)
      expect(found?.partitions).toHaveLength(3)
      expect(found?.topicId).toMatch(/^[0-9a-f]{8}-/)
      const byId = await kafka.send(apis.Metadata, 12, { topics: [{ topicId: found?.topicId ?? '', name: null }] })
      expect(byId.topics).toMatchObject([{ name: topic, errorCode: 0 }])
      const absent = '00000000-0000-0000-0000-0000000000aa'
      const unknown = await kafka.send(apis.Metadata, 12, { topics: [{ topicId: absent, name: null }] })
      expect(unknown.topics).toMatchObject([{ topicId: absent, errorCode: errorCodes.UNKNOWN_TOPIC_ID }])
      expect((await kafka.send(apis.Metadata, 12, { topics: [] })).topics).toEqual([])
      expect((await kafka.send(apis.Metadata, 0, { topics: [] })).topics.length).toBeGreaterThan(0)
    })

    it('tell who decides, and what its clock says', async () => {
      const kafka = await suite.connect()
      const partitions = [{ partitionIndex: 0 }]
      const asked = (topicName: string) => ({ topics: [{ topicName, partitions }] })
      const beforeMs = Date.now()
      const { errorCode, topics } = await kafka.send(apis.DescribeQuorum, 1, asked('__cluster_metadata'))
      expect(errorCode).toBe(0)
      const quorum = topics[0]?.partitions[0]
      expect(quorum).toMatchObject({ partitionIndex: 0, errorCode: 0, leaderId: 1 })
      const leader = quorum?.currentVoters.find(({ replicaId }) => replicaId === 1)
      expect(leader?.lastFetchTimestamp).toBeGreaterThanOrEqual(beforeMs)
      expect(leader?.lastFetchTimestamp).toBeLessThanOrEqual(Date.now())
      expect((await kafka.send(apis.DescribeQuorum, 0, asked('__cluster_metadata'))).errorCode).toBe(0)
      const other = await kafka.send(apis.DescribeQuorum, 1, asked('some-topic'))
      expect(other.topics[0]?.partitions[0]?.errorCode).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('name the cluster and its nodes', async () => {
      const kafka = await suite.connect()
      const { brokers, clusterId, errorCode } = await kafka.send(apis.DescribeCluster, 0, {})
      expect(errorCode).toBe(0)
      expect(brokers).toHaveLength(1)
      expect((await kafka.send(apis.Metadata, 7, { topics: [] })).clusterId).toBe(clusterId)
    })
  })

  describe('topics', () => {
    it.each([
      ['a name that is none', { name: 'a b' }, errorCodes.INVALID_TOPIC_EXCEPTION],
      ['no partitions', { numPartitions: 0 }, errorCodes.INVALID_PARTITIONS],
      ['more replicas than nodes', { replicationFactor: 5 }, errorCodes.INVALID_REPLICATION_FACTOR],
      ['a config that is none', { configs: [{ name: 'no.such', value: '1' }] }, errorCodes.INVALID_CONFIG],
      ['a value that is none', { configs: [{ name: 'retention.ms', value: 'x' }] }, errorCodes.INVALID_CONFIG],
      ['a value too small', { configs: [{ name: 'retention.ms', value: '-2' }] }, errorCodes.INVALID_CONFIG],
      ['an unknown policy', { configs: [{ name: 'cleanup.policy', value: 'burn' }] }, errorCodes.INVALID_CONFIG],
    ])('are not created with %s', async (_, options, errorCode) => {
      const kafka = await suite.connect()
      const topic = { name: suite.name('topic'), numPartitions: 1, replicationFactor: 1, ...options }
      for (const validateOnly of [true, false]) {
        const answer = await kafka.send(apis.CreateTopics, 5, { timeoutMs: 5000, validateOnly, topics: [topic] })
        expect(answer.topics[0]?.errorCode).toBe(errorCode)
        expect(answer.topics[0]?.errorMessage).not.toBeNull()
      }
    })

    it('are created once, with the defaults for -1, and deleted once', async () => {
      const kafka = await suite.connect()
      const name = suite.name('topic')
      const create = async (validateOnly: boolean) => {
        const topics = [{ name, numPartitions: -1, replicationFactor: -1 }]
        return (await kafka.send(apis.CreateTopics, 7, { timeoutMs: 5000, validateOnly, topics })).topics[0]
      }
      expect(await create(true)).toMatchObject({ errorCode: 0 })
      const created = await create(false)
      expect(created).toMatchObject({ errorCode: 0, numPartitions: 1, replicationFactor: 1 })
      expect(created?.configs?.find((config) => config.name === 'retention.ms')?.value).toBe('604800000')
      expect((await create(false))?.errorCode).toBe(errorCodes.TOPIC_ALREADY_EXISTS)
      const remove = async (version: number) => {
        const wanted = version >= 6 ? { topics: [{ name }] } : { topicNames: [name] }
        return (await kafka.send(apis.DeleteTopics, version, { timeoutMs: 5000, ...wanted })).responses[0]?.errorCode
      }
      await eventually(
        async () => (await kafka.send(apis.Metadata, 9, { topics: [{ name }] })).topics[0]?.errorCode === 0,
      )
      expect(await remove(5)).toBe(0)
      expect(await remove(6)).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('named twice in one request are refused, once', async () => {
      const kafka = await suite.connect()
      const topic = { name: suite.name('topic'), numPartitions: 1, replicationFactor: 1 }
      const answer = await kafka.send(apis.CreateTopics, 5, { timeoutMs: 5000, topics: [topic, topic] })
      expect(answer.topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
        [topic.name, errorCodes.INVALID_REQUEST],
      ])
    })

    it('have names that differ in more than dots and underscores', async () => {
      const kafka = await suite.connect()
      const create = async (name: string): Promise<number | undefined> => {
        const topics = [{ name, numPartitions: 1, replicationFactor: 1 }]
        return (await kafka.send(apis.CreateTopics, 5, { timeoutMs: 5000, topics })).topics[0]?.errorCode
      }
      const name = suite.name('dotted')
      expect(await create(`${name}.a`)).toBe(0)
      expect(await create(`${name}_a`)).toBe(errorCodes.INVALID_TOPIC_EXCEPTION)
    })

    it('get more partitions, never fewer', async () => {
      const topic = await suite.createTopic({ partitions: 2 })
      const kafka = await suite.connect()
      const grow = async (name: string, count: number) => {
        const answer = await kafka.send(apis.CreatePartitions, 3, {
          timeoutMs: 5000,
          topics: [{ name, count, assignments: null }],
        })
        return answer.results[0]?.errorCode
      }
      expect(await grow(topic, 2)).toBe(errorCodes.INVALID_PARTITIONS)
      expect(await grow(suite.name('absent'), 2)).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
      expect(await grow(topic, 4)).toBe(0)
      await eventually(async () => {
        const { topics } = await kafka.send(apis.Metadata, 9, { topics: [{ name: topic }] })
        return topics[0]?.partitions.length === 4
      })
    })
  })

  describe('topic configs', () => {
    it('change one by one, and as a whole', async () => {
      const topic = await suite.createTopic({ config: { 'cleanup.policy': 'compact' } })
      const kafka = await suite.connect()
      const resource = { resourceType: 2, resourceName: topic }
      const value = async (name: string): Promise<readonly unknown[]> => {
        const resources = [{ ...resource, configurationKeys: [name] }]
        const config = (await kafka.send(apis.DescribeConfigs, 4, { resources })).results[0]?.configs[0]
        return [config?.value, config?.configSource]
      }
      const change = async (name: string, configOperation: number, to: string | null) => {
        const resources = [{ ...resource, configs: [{ name, configOperation, value: to }] }]
        return (await kafka.send(apis.IncrementalAlterConfigs, 1, { resources })).responses[0]?.errorCode
      }
      expect(await value('cleanup.policy')).toEqual(['compact', 1])
      expect(await value('retention.ms')).toEqual(['604800000', 5])
      expect(await change('retention.ms', 0, '1000')).toBe(0)
      await eventually(async () => (await value('retention.ms'))[0] === '1000')
      expect(await value('cleanup.policy')).toEqual(['compact', 1])
      expect(await change('cleanup.policy', 2, 'delete')).toBe(0)
      await eventually(async () => (await value('cleanup.policy'))[0] === 'compact,delete')
      expect(await change('cleanup.policy', 3, 'compact')).toBe(0)
      await eventually(async () => (await value('cleanup.policy'))[0] === 'delete')
      expect(await change('retention.ms', 2, '7')).toBe(errorCodes.INVALID_CONFIG)
      expect(await change('no.such', 0, '7')).toBe(errorCodes.INVALID_CONFIG)
      expect(await change('retention.ms', 1, null)).toBe(0)
      await eventually(async () => (await value('retention.ms'))[1] === 5)
      const resources = [{ ...resource, configs: [{ name: 'segment.ms', value: '5000' }] }]
      expect((await kafka.send(apis.AlterConfigs, 2, { resources })).responses[0]?.errorCode).toBe(0)
      await eventually(async () => (await value('cleanup.policy'))[1] === 5)
      expect(await value('segment.ms')).toEqual(['5000', 1])
    })

    it('of a topic that does not exist are none', async () => {
      const kafka = await suite.connect()
      const resources = [{ resourceType: 2, resourceName: suite.name('absent'), configurationKeys: null }]
      const { results } = await kafka.send(apis.DescribeConfigs, 4, { resources })
      expect(results[0]?.errorCode).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
    })
  })
}

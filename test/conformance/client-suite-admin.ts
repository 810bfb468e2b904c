/** What operators ask of a cluster, through the client. */
import { expect, test } from 'vitest'
import { KafkaError } from '../../src/errors/kafka-error.ts'
import type { GroupHandler, KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { appendText, eventually, producerOf } from '../support/client-bed.ts'
import type { ClientBed } from '../support/client-bed.ts'
import { failure } from './client-suite-transactions.ts'

export function adminCases(bed: () => ClientBed): void {
  topicCases(bed)
  groupAdminCases(bed)
  transactionAdminCases(bed)
  clusterCases(bed)
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const error = await failure(work)
  return error instanceof KafkaError ? error.code : error
}

function topicCases(bed: () => ClientBed): void {
  test('topics that are only validated are not made, and what is wrong with them is said', async () => {
    const client = await bed().client()
    const name = bed().name('topic')
    const wanted = { name, partitions: 2, replicationFactor: -1, config: {} }
    await client.admin.createTopics([wanted], { validateOnly: true })
    expect((await client.describeTopics([name])).size).toBe(0)
    const bad = { ...wanted, config: { 'cleanup.policy': 'burn' } }
    const error = await failure(client.admin.createTopics([bad], { validateOnly: true }))
    expect(error).toMatchObject({ code: 'MILLRACE_KAFKA_REQUEST_FAILED', topic: name })
    expect(String(error)).toMatch(/burn/)
  })

  test('topics get more partitions, each with a leader and replicas', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 2)
    await client.admin.createPartitions(new Map([[topic, 5]]), { validateOnly: true })
    expect((await client.describeTopics([topic])).get(topic)?.partitionCount).toBe(2)
    await client.admin.createPartitions(new Map([[topic, 5]]))
    expect((await client.describeTopics([topic])).get(topic)?.partitionCount).toBe(5)
    const replicas = await client.admin.describeReplicas([topic, bed().name('absent')])
    expect([...replicas.keys()]).toEqual([topic])
    expect(replicas.get(topic)).toEqual(
      [0, 1, 2, 3, 4].map((partition) => ({ partition, leader: 1, replicas: [1], inSync: [1] })),
    )
    expect(await codeOf(client.admin.createPartitions(new Map([[topic, 3]])))).toBe('MILLRACE_KAFKA_REQUEST_FAILED')
  })

  test('one config of a topic changes, and goes back to its default, without touching the others', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 1, { 'cleanup.policy': 'compact' })
    const values = async (): Promise<readonly (string | undefined)[]> => {
      const configs = (await client.admin.describeTopicConfigs([topic])).get(topic)
      return [configs?.get('cleanup.policy'), configs?.get('retention.ms')]
    }
    const change = { 'retention.ms': '1000' }
    await client.admin.alterTopicConfigs(new Map([[topic, change]]), { validateOnly: true })
    expect(await values()).toEqual(['compact', '604800000'])
    await client.admin.alterTopicConfigs(new Map([[topic, change]]))
    await eventually(async () => (await values())[1] === '1000')
    await client.admin.alterTopicConfigs(new Map([[topic, { 'retention.ms': null }]]))
    await eventually(async () => (await values())[1] === '604800000')
    expect(await values()).toEqual(['compact', '604800000'])
    const bad = client.admin.alterTopicConfigs(new Map([[topic, { 'retention.ms': 'soon' }]]))
    expect(await failure(bad)).toMatchObject({ topic })
  })
}

/** Takes everything itself. */
function loneMember(topic: string): GroupHandler {
  return {
    subscription: () => ({ topics: [topic], ownedPartitions: [], userData: Buffer.from('who I am') }),
    assign: async (members) =>
      members.map(({ memberId }) => ({
        memberId,
        partitions: [{ topic, partition: 0 }],
        userData: Buffer.from('what you have'),
      })),
    onPrepareJoin: async () => undefined,
    onAssigned: async () => undefined,
    onLost: async () => undefined,
    onFatal: (error) => {
      throw error
    },
  }
}

function groupAdminCases(bed: () => ClientBed): void {
  const joined = async (
    client: KafkaClient,
    topic: string,
    { groupId = bed().name('group'), instanceId }: { readonly groupId?: string; readonly instanceId?: string } = {},
  ) => {
    const options = { instanceId, protocolName: 'millrace', sessionTimeoutMs: 30_000 }
    const membership = client.group(
      { groupId, ...options, heartbeatIntervalMs: 50, rebalanceTimeoutMs: 30_000 },
      loneMember(topic),
    )
    await membership.start()
    return { groupId, membership }
  }

  test('groups are listed and described, with who is in them and what each has', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const { groupId, membership } = await joined(client, topic)
    const { groups } = client.admin
    await eventually(async () => (await groups.describe([groupId])).get(groupId)?.state === 'Stable')
    const described = await groups.describe([groupId, bed().name('absent'), groupId])
    expect([...described.keys()]).toEqual([groupId])
    expect(described.get(groupId)).toMatchObject({
      state: 'Stable',
      protocolType: 'consumer',
      protocol: 'millrace',
      coordinator: 1,
      members: [
        {
          memberId: membership.identity().memberId,
          instanceId: undefined,
          clientId: 'client-0',
          topics: [topic],
          partitions: [{ topic, partition: 0 }],
        },
      ],
    })
    const [member] = described.get(groupId)?.members ?? []
    expect(member?.host).not.toMatch(/^$|^\//)
    expect(member?.subscriptionUserData?.toString()).toBe('who I am')
    expect(member?.assignmentUserData?.toString()).toBe('what you have')
    const listed = (await groups.list()).find((group) => group.groupId === groupId)
    expect(listed).toEqual({ groupId, protocolType: 'consumer', state: 'Stable' })
    await membership.leave()
    await eventually(async () => (await groups.describe([groupId])).get(groupId)?.state === 'Empty')
  })

  test('offsets are set, listed and deleted in a group without members, which is made for it', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 3)
    const groupId = bed().name('group')
    const { groups } = client.admin
    expect((await groups.offsets(groupId)).size).toBe(0)
    await groups.deleteOffsets(groupId, [{ topic, partition: 0 }])
    const offsets = new Map([
      [`${topic}-0` as const, { offset: 4 }],
      [`${topic}-2` as const, { offset: 7, metadata: 'm' }],
    ])
    await groups.setOffsets(groupId, offsets)
    expect(await groups.offsets(groupId)).toEqual(offsets)
    await groups.setOffsets(groupId, new Map([[`${topic}-0` as const, { offset: 1 }]]))
    expect((await groups.offsets(groupId)).get(`${topic}-0`)).toEqual({ offset: 1 })
    await groups.deleteOffsets(groupId, [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ])
    expect([...(await groups.offsets(groupId)).keys()]).toEqual([`${topic}-2`])
    expect((await groups.describe([groupId])).get(groupId)).toMatchObject({ state: 'Empty', members: [] })
    await client.admin.deleteGroups([groupId])
    expect((await groups.describe([groupId])).size).toBe(0)
  })

  test('the offsets of a group with members are left alone, and so is the group', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const { groupId, membership } = await joined(client, topic)
    const { groups } = client.admin
    const offsets = new Map([[`${topic}-0` as const, { offset: 4 }]])
    expect(await codeOf(groups.setOffsets(groupId, offsets))).toBe('MILLRACE_GROUP_ACTIVE')
    await client.commitOffsets(membership.identity(), offsets)
    expect(await codeOf(groups.deleteOffsets(groupId, [{ topic, partition: 0 }]))).toBe('MILLRACE_GROUP_ACTIVE')
    expect(await codeOf(client.admin.deleteGroups([groupId]))).toBe('MILLRACE_GROUP_ACTIVE')
    expect(await groups.offsets(groupId)).toEqual(offsets)
    await membership.leave()
    await groups.setOffsets(groupId, new Map([[`${topic}-0` as const, { offset: 0 }]]))
  })

  test.each([undefined, 'instance-1'])(
    'a member of a process that is gone is removed, and offsets can be set (instance id: %s)',
    async (instanceId) => {
      const [client, dead] = await Promise.all([bed().client(), bed().client()])
      const topic = await bed().topic(client)
      const { groupId } = await joined(dead, topic, instanceId === undefined ? {} : { instanceId })
      await dead.close()
      const { groups } = client.admin
      const members = (await groups.describe([groupId])).get(groupId)?.members ?? []
      expect(members.map((member) => member.instanceId)).toEqual([instanceId])
      await groups.removeMembers(groupId, members)
      await groups.setOffsets(groupId, new Map([[`${topic}-0` as const, { offset: 3 }]]))
      expect((await groups.describe([groupId])).get(groupId)).toMatchObject({ state: 'Empty', members: [] })
      await groups.removeMembers(groupId, members)
      await groups.removeMembers(bed().name('absent'), members)
    },
  )

  test('whoever has taken over an instance id stays when its predecessor is removed', async () => {
    const [client, dead] = await Promise.all([bed().client(), bed().client()])
    const topic = await bed().topic(client)
    const { groupId } = await joined(dead, topic, { instanceId: 'instance-1' })
    const { groups } = client.admin
    const before = (await groups.describe([groupId])).get(groupId)?.members ?? []
    await dead.close()
    const { membership } = await joined(client, topic, { groupId, instanceId: 'instance-1' })
    await groups.removeMembers(groupId, before)
    const after = (await groups.describe([groupId])).get(groupId)?.members ?? []
    expect(after.map(({ memberId }) => memberId)).toEqual([membership.identity().memberId])
    expect(after[0]?.memberId).not.toBe(before[0]?.memberId)
  })
}

function transactionAdminCases(bed: () => ClientBed): void {
  test('an open transaction is found from the partition that it holds back', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client, 2)
    const transactionalId = bed().name('tx')
    const producer = await producerOf(client, { transactionalId, transactionTimeoutMs: 12_345 })
    appendText(producer, topic, ['a'], { partition: 1 })
    await producer.commit()
    appendText(producer, topic, ['b', 'c'], { partition: 1 })
    await producer.flush()
    const { transactions } = client.admin
    const producers = await transactions.producers([
      { topic, partition: 0 },
      { topic, partition: 1 },
    ])
    expect(producers.get(`${topic}-0`)).toEqual([])
    const [holder] = producers.get(`${topic}-1`) ?? []
    // The marker of the first transaction is at 1.
    expect(holder).toMatchObject({ transactionStart: 2, lastTimestamp: 1_700_000_000_000 })
    const producerIds = [holder?.producerId ?? -1]
    expect(await transactions.list({ producerIds })).toEqual([
      { transactionalId, producerId: producerIds[0], state: 'Ongoing' },
    ])
    const described = await transactions.describe([transactionalId, bed().name('absent')])
    expect([...described.keys()]).toEqual([transactionalId])
    expect(described.get(transactionalId)).toMatchObject({
      producerId: producerIds[0],
      state: 'Ongoing',
      timeoutMs: 12_345,
      partitions: [{ topic, partition: 1 }],
    })
    expect(described.get(transactionalId)?.startedAtMs).toBeGreaterThan(1_600_000_000_000)
    await producer.commit()
    await eventually(async () => {
      const after = await transactions.producers([{ topic, partition: 1 }])
      return after.get(`${topic}-1`)?.[0]?.transactionStart === undefined
    })
    await eventually(
      async () => (await transactions.describe([transactionalId])).get(transactionalId)?.state === 'CompleteCommit',
    )
    expect((await transactions.describe([transactionalId])).get(transactionalId)?.partitions).toEqual([])
  })
}

function clusterCases(bed: () => ClientBed): void {
  test('the cluster names its brokers, and each what it can and how it is configured', async () => {
    const client = await bed().client()
    const { cluster } = client.admin
    const { brokers, clusterId } = await cluster.describe()
    expect(clusterId).toBe(client.clusterId)
    expect(brokers).toMatchObject([{ id: 1, rack: undefined }])
    const { requests, features } = await cluster.abilities(1)
    expect(requests.get('EndTxn')).toBe(5)
    expect(features.get('transaction.version')).toBe(2)
    const configs = await cluster.brokerConfigs(1)
    for (const name of ['num.partitions', 'transaction.state.log.replication.factor', 'transaction.max.timeout.ms']) {
      expect([name, Number(configs.get(name)) > 0]).toEqual([name, true])
    }
    expect(await codeOf(cluster.abilities(77))).toBe('MILLRACE_KAFKA_UNREACHABLE')
  })
  test('the controller tells its time, which is between question and answer', async () => {
    const client = await bed().client()
    const { cluster } = client.admin
    const beforeMs = Date.now()
    const told = await cluster.controllerTime()
    expect(told).toEqual({ controllerId: 1, nowMs: expect.any(Number) })
    expect(told?.nowMs).toBeGreaterThanOrEqual(beforeMs)
    expect(told?.nowMs).toBeLessThanOrEqual(Date.now())
  })
  test('everything is allowed where nobody restricts it, also on a group that is not there yet', async () => {
    const client = await bed().client()
    const topic = await bed().topic(client)
    const { permissions } = client.admin
    const topics = await permissions.topics([topic, bed().name('absent')])
    expect([...topics.keys()]).toEqual([topic])
    const ofTopics = ['Read', 'Write', 'Create', 'Delete', 'Alter', 'Describe', 'DescribeConfigs', 'AlterConfigs']
    expect([...(topics.get(topic) ?? [])]).toEqual(ofTopics)
    const ofGroups = ['Read', 'Delete', 'Describe', 'DescribeConfigs', 'AlterConfigs']
    expect([...((await permissions.group(bed().name('group'))) ?? [])]).toEqual(ofGroups)
    const ofTheCluster = ['Create', 'Alter', 'Describe', 'ClusterAction', 'DescribeConfigs', 'AlterConfigs']
    expect([...((await permissions.cluster()) ?? [])]).toEqual([...ofTheCluster, 'IdempotentWrite'])
  })
}

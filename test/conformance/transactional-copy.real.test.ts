import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/common/clock.ts'
import { reactionOf } from '../../src/errors/streams-error.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { KafkajsTransport } from '../../src/kafka/transport/kafkajs-transport.ts'
import { ClientBed, appendText, producerOf, readUntil, valuesOf } from '../support/client-bed.ts'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'
import type { RealKafka } from '../support/real-kafka.ts'
import { TransactionalCopy } from '../support/transactional-copy.ts'
import type { CopyOptions } from '../support/transactional-copy.ts'

const missing = await whatRealKafkaLacks()
if (missing !== undefined) test.skip(missing, () => undefined)

const partitions = 3
const recordsPerPartition = 3000
const values = Array.from({ length: recordsPerPartition }, (_, index) => `value ${index}`)

describe.skipIf(missing !== undefined)('a transactional copy on Apache Kafka', () => {
  let kafka: RealKafka
  let bed: ClientBed

  beforeAll(async () => {
    kafka = await startKafka()
    bed = new ClientBed({
      name: 'real',
      transport: (clientId) => new KafkajsTransport({ bootstrap: kafka.bootstrap, clientId, clock: systemClock }),
      stop: () => kafka.stop(),
    })
  })
  afterAll(async () => {
    await bed.close()
    await kafka.stop()
  })

  async function setUp(client: KafkaClient): Promise<CopyOptions> {
    const [from, to] = [await bed.topic(client, partitions), await bed.topic(client, partitions)]
    const producer = await producerOf(client, { batchMaxBytes: 1000 })
    for (let partition = 0; partition < partitions; partition++) appendText(producer, from, values, { partition })
    await producer.flush()
    await producer.close()
    return { group: bed.name('group'), transactionalId: bed.name('tx'), from, to, partitions }
  }

  async function copyRest(copy: TransactionalCopy, abortEvery = Infinity): Promise<void> {
    for (let turn = 1, idle = 0; idle < 3; turn++) {
      const records = await copy.step().catch(fencedOnly)
      if (records === undefined) await copy.abort()
      else if (records === 0) idle++
      else if (turn % abortEvery === 0) await copy.abort()
      else await copy.producer.commit()
    }
  }

  /** Whoever joins, a woken zombie too, makes the group's generation an old one: that step is to be done again. */
  function fencedOnly(error: unknown): undefined {
    if (reactionOf(error) !== 'member-fenced') throw error
  }

  /** Every value once, in order, in every partition. */
  async function expectCopied(client: KafkaClient, { to }: CopyOptions): Promise<void> {
    for (let partition = 0; partition < partitions; partition++) {
      const key = `${to}-${partition}` as const
      const ends = await client.listOffsets([{ topic: to, partition, timestamp: -1 }], 'read_committed')
      const records = await readUntil(client, to, { partition, until: ends.get(key) ?? 0 })
      expect(valuesOf(records)).toEqual(values)
    }
  }

  test('commits and aborts leave every record once', async () => {
    const client = await bed.client()
    const options = await setUp(client)
    const copy = new TransactionalCopy(client, options)
    await copy.start()
    await copyRest(copy, 3)
    await copy.close()
    await expectCopied(client, options)
  })

  test('a process killed in the middle, several times, leaves every record once', async () => {
    const client = await bed.client()
    const options = await setUp(client)
    for (const commits of [1, 2, 3]) await runAndKill(options, commits)
    const copy = new TransactionalCopy(client, options)
    await copy.start()
    await copyRest(copy)
    await copy.close()
    await expectCopied(client, options)
  })

  test('a zombie that wakes up after its successor took over can commit nothing', async () => {
    const [client, other] = await Promise.all([bed.client(), bed.client()])
    const options = await setUp(client)
    const zombie = new TransactionalCopy(client, options)
    await zombie.start()
    await zombie.step()
    const identity = zombie.membership.identity()
    const successor = new TransactionalCopy(other, { ...options, transactionalId: bed.name('tx') })
    await bed.removeMember(groupOf(options), identity.memberId)
    // Another transactional id: only the group's generation fences the zombie, and only a new epoch ends its transaction.
    const taken = producerOf(other, { transactionalId: options.transactionalId })
    await successor.start()
    await (await taken).close()
    const outcome = await zombie.producer.commit().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(['producer-fenced', 'unknown-outcome']).toContain(reactionOf(outcome))
    await copyRest(successor)
    await zombie.membership.leave()
    await successor.close()
    await expectCopied(other, options)
  })

  test('offsets of an old generation are refused although the producer is not fenced', async () => {
    const client = await bed.client()
    const options = await setUp(client)
    const copy = new TransactionalCopy(client, options)
    await copy.start()
    const old = copy.membership.identity()
    await bed.removeMember(groupOf(options), old.memberId)
    const producer = await producerOf(client, { transactionalId: bed.name('tx') })
    const error = await producer.sendOffsets(new Map([[`${options.from}-0` as const, { offset: 9 }]]), old).then(
      () => undefined,
      (cause: unknown) => cause,
    )
    expect(reactionOf(error)).toBe('member-fenced')
    await producer.abort()
    await copy.close()
  })

  async function runAndKill(options: CopyOptions, commits: number): Promise<void> {
    const program = new URL('../support/transactional-copy.ts', import.meta.url).pathname
    const port = String(kafka.bootstrap[0]?.port)
    const node = new URL('../../node_modules/.bin/node', import.meta.url).pathname
    const child = spawn(node, [program, port, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    let seen = 0
    for await (const line of createInterface(child.stdout)) {
      if (line === 'committed' && ++seen === commits) break
    }
    child.kill('SIGKILL')
    await ended
    expect(seen).toBe(commits)
  }

  function groupOf({ group }: CopyOptions): Parameters<ClientBed['removeMember']>[0] {
    return {
      groupId: group,
      instanceId: undefined,
      protocolName: 'millrace',
      sessionTimeoutMs: 2000,
      heartbeatIntervalMs: 200,
      rebalanceTimeoutMs: 5000,
    }
  }
})

/**
 * An application that is handed over: it begins as a Java application, goes on here under the same id, and ends in Java.
 * In between windows and joins are open and updates are held back. What it has written in the end is what an undisturbed
 * Java application writes.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KafkaStreams } from '../../src/index.ts'
import { sleep, systemClock } from '../../src/common/clock.ts'
import { Child } from '../support/child-process.ts'
import { compileJava, whatJavaStreamsLacks } from '../support/java-streams.ts'
import { useRealCluster } from '../support/real-cluster.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'
import { Input, inputPartitions, inputTopics } from './input.ts'
import { differences, outputs, processed, readOutputs } from './output.ts'
import { handOverTopology } from './topology.ts'

const lacks = (await whatRealKafkaLacks()) ?? (await whatJavaStreamsLacks())
if (lacks !== undefined) console.log(lacks)

const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'

describe.skipIf(lacks !== undefined)('an application that is handed over between Java and millrace', () => {
  const cluster = useRealCluster()
  let classPath = ''
  let folder = ''
  let runs = 0

  beforeAll(async () => {
    classPath = await compileJava([join(import.meta.dirname, 'HandOver.java')])
    folder = await mkdtemp(join(tmpdir(), 'millrace-hand-over-'))
    const names = [...inputTopics, ...['undisturbed-', 'handed-'].flatMap((out) => outputs.map((name) => out + name))]
    await cluster().client.admin.createTopics(
      // The records are of 2023: without it the broker would delete them at its next look.
      names.map((name) => ({
        name,
        partitions: inputPartitions,
        replicationFactor: 1,
        config: { 'retention.ms': '-1' },
      })),
    )
  })
  afterAll(async () => {
    if (folder !== '') await rm(folder, { recursive: true, force: true })
  })

  function startJava(applicationId: string, out: string): Child {
    const stateDir = join(folder, 'java', `${applicationId}-${runs++}`)
    const application = ['HandOver', cluster().brokers, applicationId, stateDir, out]
    return Child.program('java', ['-Xmx512m', quiet, '-cp', classPath, ...application])
  }

  async function toTheEnd(...applicationIds: readonly string[]): Promise<void> {
    for (const id of applicationIds) await processed(cluster().client, id, handOverTopology(`${id}-`))
  }

  /** Java does not leave its group. */
  async function stop(java: Child): Promise<void> {
    java.kill('SIGTERM')
    await java.finished
  }

  async function runOurs(applicationId: string, out: string): Promise<readonly string[]> {
    const { client, kafka } = cluster()
    const warnings: string[] = []
    const say = (): void => undefined
    const logger = { debug: say, info: say, warn: (_: object, text: string) => void warnings.push(text), error: say }
    const topology = handOverTopology(out)
    const streams = new KafkaStreams(topology, {
      applicationId,
      kafka: kafka.connection,
      stateDir: join(folder, 'ours'),
      sessionTimeoutMs: 6000,
      logger,
    })
    try {
      await streams.start()
      const failed = streams.stateIs('ERROR', { timeoutMs: 200_000 }).then(() => Promise.reject(new Error('it failed')))
      await Promise.race([processed(client, applicationId, topology), failed])
    } finally {
      await streams.close()
    }
    return warnings
  }

  it('has the same nodes and topics in both', () => {
    const java = execFileSync('java', [quiet, '-cp', classPath, 'HandOver', 'x-']).toString()
    expect(handOverTopology('x-').describe().toString()).toBe(java)
  })

  it('ends with the output of an undisturbed run', { timeout: 240_000 }, async () => {
    const { client } = cluster()
    const input = new Input(1)
    await input.produce(client, 400)
    await using before = startJava('handed', 'handed-')
    await toTheEnd('handed')
    await stop(before)
    await input.produce(client, 400)
    expect(await runOurs('handed', 'handed-')).toContainEqual(
      expect.stringContaining('such as those of a Java application'),
    )
    await input.produce(client, 400)
    await using after = startJava('handed', 'handed-')
    await using other = startJava('undisturbed', 'undisturbed-')
    await toTheEnd('handed', 'undisturbed')
    // Java looks for results that have come to their end once a second of the wall clock.
    await sleep(systemClock, 1500)
    await input.finish(client)
    await toTheEnd('handed', 'undisturbed')
    await stop(after)
    await stop(other)
    const undisturbed = await readOutputs(client, 'undisturbed-', 'undisturbed')
    expect(differences(await readOutputs(client, 'handed-', 'handed'), undisturbed)).toEqual([])
    for (const found of Object.values(undisturbed)) expect(found.length).toBeGreaterThan(5)
  })
})

/** The Java clients, in one program (`test/testdata/java-clients`), against Apache Kafka and against the embedded broker. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'

const run = promisify(execFile)
const source = join(import.meta.dirname, '../testdata/java-clients/JavaClients.java')
const cache = process.env['MILLRACE_KAFKA_CACHE'] ?? join(import.meta.dirname, '../../.cache/kafka')
const jars = join(cache, process.env['MILLRACE_KAFKA_VERSION'] ?? '4.3.1', 'lib', '*')

const hasCompiler = await run('javac', ['-version']).then(
  () => true,
  () => false,
)
const lacking = (await whatRealKafkaLacks()) ?? (hasCompiler ? undefined : 'no javac; install openjdk-17-jdk-headless')

const steps = [
  'admin',
  'idempotent producer, every codec',
  'max.message.bytes',
  'transactions: commit, abort, offsets',
  'a second producer fences the first',
  'group, default assignors',
  'group, cooperative-sticky',
  'static member comes back',
  'offset reset, seek by time, delete records',
]

describe.skipIf(lacking !== undefined)(`the Java clients${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  let classes: string

  beforeAll(async () => {
    classes = await mkdtemp(join(tmpdir(), 'millrace-java-'))
  })

  afterAll(() => rm(classes, { recursive: true, force: true }))

  /** The steps that worked. */
  const use = async (brokers: string): Promise<string[]> => {
    await run('javac', ['-cp', jars, '-d', classes, source])
    const level = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
    const { stdout } = await run('java', [level, '-cp', `${classes}:${jars}`, 'JavaClients', brokers]).catch(
      (error: Error & { stdout: string; stderr: string }) => {
        throw new Error(`${error.stdout}\n${error.stderr}`)
      },
    )
    return stdout.trim().split('\n')
  }

  // First, since it also fetches the jars.
  it('work with Apache Kafka', async () => {
    const kafka = await startKafka({ set: { 'group.initial.rebalance.delay.ms': 0 } })
    try {
      expect(await use(kafka.bootstrap.map(({ host, port }) => `${host}:${port}`).join(','))).toEqual(
        steps.map((step) => `ok ${step}`),
      )
    } finally {
      await kafka.stop()
    }
  })

  it.each([1, 3])('work with the embedded broker of %i nodes', async (brokers) => {
    await using kafka = await EmbeddedKafka.start({ brokers, listen: true })
    expect(await use(kafka.brokers.join(','))).toEqual(steps.map((step) => `ok ${step}`))
  })
})

/**
 * What can be wrong before or while an application runs, as a user of the command line meets it: each ends with an error
 * that says what to do, a documented exit code and no stack trace; nothing hangs.
 */
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noHeaders } from '../../src/common/headers.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'

let kafka: EmbeddedKafka
let client: KafkaClient
let brokers: string

beforeAll(async () => {
  kafka = await EmbeddedKafka.start({ listen: true })
  brokers = kafka.brokers.join(',')
  await kafka.createTopic('text-lines', { partitions: 2 })
  await kafka.createTopic('word-counts', { partitions: 2 })
  client = connectKafka({ kafka, applicationId: 'test-client' })
  await client.connect()
  const producer = client.producer({})
  await producer.init()
  producer.append('text-lines', 1, null, Buffer.from('some words'), 1, noHeaders)
  await producer.flush()
  await producer.close()
})

afterAll(async () => {
  await client.close()
  await kafka.close()
})

async function run(module: string, ...args: readonly string[]): Promise<Finished> {
  await using child = Child.millrace(['run', `test/testdata/modules/${module}`, ...args])
  return await child.finished
}

function expectError(finished: Finished, code: number, ...texts: readonly string[]): void {
  for (const text of texts) expect(finished.stderr).toContain(text)
  expect(finished.stderr).not.toMatch(/^\s+at .*(?:node_modules|dist|src)\//m)
  expect(finished.stdout).toBe('')
  expect(finished.code).toBe(code)
}

async function listening<S extends Server>(server: S): Promise<S & { readonly port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(server, { port: (server.address() as AddressInfo).port })
}

describe('millrace run', () => {
  it('names a module that does not exist', async () => {
    expectError(await run('gone.ts', '--brokers', brokers), 2, "there is no file 'test/testdata/modules/gone.ts'")
  })

  it('says what a module must export', async () => {
    expectError(await run('not-a-topology.ts', '--brokers', brokers), 2, 'is not a topology module', 'defineTopology(')
  })

  it('says why a module does not load', async () => {
    expectError(await run('broken.mjs', '--brokers', brokers), 2, 'does not load', 'there-is-no-such-file')
  })

  it('names the embedded broker where no brokers are given', async () => {
    expectError(await run('throws.ts'), 2, 'no brokers: give --brokers', 'millrace dev')
  })

  it('names the nearest key for an unknown one, from the module and from the command line', async () => {
    expectError(
      await run('unknown-key.ts', '--brokers', brokers),
      2,
      "'comitIntervalMs'; did you mean 'commitIntervalMs'?",
    )
    expectError(await run('throws.ts', '--brokers', brokers, '-X', 'maxTaskIdel=1'), 2, "did you mean 'maxTaskIdleMs'?")
  })

  it('refuses brokers without a port', async () => {
    expectError(await run('throws.ts', '--brokers', 'localhost'), 2, '--brokers takes host:port')
  })

  it('names an input topic that does not exist', async () => {
    expectError(
      await run('missing-topic.ts', '--brokers', brokers),
      4,
      "the input topic 'nowhere' does not exist; create it",
    )
  })

  it('names the node of a callback that throws, the record, and the line of the user', async () => {
    const finished = await run('throws.ts', '--brokers', brokers)
    expect(finished.stderr).toMatch(/shout/)
    expect(finished.stderr).toMatch(/no use for 10 characters/)
    expect(finished.stderr).toMatch(/text-lines-1/)
    expect(finished.stderr).toMatch(/throws\.ts:\d+/)
    expect(finished.code).toBe(1)
  })

  it('names the node of a callback that returns a promise', async () => {
    expectError(await run('promise.ts', '--brokers', brokers), 1, 'node later', 'returned a promise')
  })

  it('names the serde and the record of a value that is not valid', async () => {
    expectError(await run('int32-input.ts', '--brokers', brokers), 1, 'int32', 'text-lines-1@0', 'expects exactly 4')
  })

  it('says so when there is no broker at the address', async () => {
    const server = await listening(createTcpServer())
    const { port } = server
    await new Promise((resolve) => server.close(resolve))
    expectError(await run('throws.ts', '--brokers', `127.0.0.1:${port}`), 5, `127.0.0.1:${port}`)
  })

  it('says so when something else than Kafka answers at the address', async () => {
    const server = await listening(createServer((_, response) => response.end('hello')))
    expectError(await run('throws.ts', '--brokers', `127.0.0.1:${server.port}`), 5, `127.0.0.1:${server.port}`)
    await new Promise((resolve) => server.close(resolve))
  })

  it('lets the first of two topologies under one application id run, and stops the other', async () => {
    await using first = Child.millrace(['run', 'topologies/word-count.ts', '--brokers', brokers])
    await first.prints('-> RUNNING')
    expectError(
      await run('upper-case.ts', '--brokers', brokers),
      4,
      "other members of 'word-count' run a different topology",
    )
    first.kill('SIGTERM')
    expect(await first.finished).toMatchObject({ code: 0 })
  })
})

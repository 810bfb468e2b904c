import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/common/clock.ts'
import { KafkajsTransport } from '../../src/kafka/transport/kafkajs-transport.ts'
import type { KafkajsTransportOptions } from '../../src/kafka/transport/kafkajs-transport.ts'
import { ClientBed, appendText, producerOf, readUntil, valuesOf } from '../support/client-bed.ts'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'
import type { RealKafka } from '../support/real-kafka.ts'

const run = promisify(execFile)
const noOpenssl = await run('openssl', ['version']).then(
  () => undefined,
  () => 'TLS with real Kafka skipped: no openssl to make a certificate with',
)
const missing = (await whatRealKafkaLacks()) ?? noOpenssl
if (missing !== undefined) test.skip(missing, () => undefined)

const plain = (password: string): NonNullable<KafkajsTransportOptions['sasl']> => ({
  mechanism: 'plain',
  username: 'alice',
  password,
})

describe.skipIf(missing !== undefined)('a SASL_SSL listener of Apache Kafka', () => {
  let kafka: RealKafka
  let folder: string
  let ca: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'))
    const [key, certificate, both] = ['key.pem', 'cert.pem', 'both.pem'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    const files = ['-keyout', key, '-out', certificate]
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files])
    ca = await readFile(certificate, 'utf8')
    await writeFile(both, `${await readFile(key, 'utf8')}${ca}`)
    const login = 'org.apache.kafka.common.security.plain.PlainLoginModule'
    kafka = await startKafka({
      secure: { protocol: 'SASL_SSL' },
      set: {
        'listener.name.secure.ssl.keystore.type': 'PEM',
        'listener.name.secure.ssl.keystore.location': both,
        'listener.name.secure.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.secure.plain.sasl.jaas.config': `${login} required user_alice="right";`,
      },
    })
  })
  afterAll(async () => {
    await kafka.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const transport = (options: Partial<KafkajsTransportOptions>): KafkajsTransport =>
    new KafkajsTransport({
      bootstrap: [{ host: '127.0.0.1', port: kafka.brokers[0]?.securePort ?? 0 }],
      clientId: 'secure',
      clock: systemClock,
      connectTimeoutMs: 5000,
      ...options,
    })

  const connect = async (options: Partial<KafkajsTransportOptions>): Promise<unknown> => {
    const secured = transport(options)
    const [endpoint] = secured.bootstrap
    if (endpoint === undefined) throw new Error('no endpoint')
    try {
      const connection = await secured.connect(endpoint, 'main')
      await connection.send({ apiKey: 3, apiVersion: 1, flexible: false, body: [Buffer.alloc(4)], timeoutMs: 5000 })
      return undefined
    } catch (error) {
      return error
    } finally {
      await secured.close()
    }
  }

  test('carries transactions over TLS and SASL', async () => {
    const bed = new ClientBed({
      name: 'secure',
      transport: () => transport({ ssl: { ca: [ca] }, sasl: plain('right') }),
      stop: async () => undefined,
    })
    const client = await bed.client()
    const topic = await bed.topic(client)
    const producer = await producerOf(client, { transactionalId: bed.name('tx') })
    appendText(producer, topic, ['secret'])
    await producer.commit()
    expect(valuesOf(await readUntil(client, topic, { until: 2 }))).toEqual(['secret'])
    await bed.close()
  })

  test('refuses a wrong password, in the broker’s words', async () => {
    expect(await connect({ ssl: { ca: [ca] }, sasl: plain('wrong') })).toMatchObject({
      code: 'MILLRACE_SASL_FAILED',
      reaction: 'fatal',
      message: expect.stringMatching(/SASL plain.*Authentication failed/i),
    })
  })

  test('hangs up on a client without SASL, which is told so', async () => {
    expect(await connect({ ssl: { ca: [ca] } })).toMatchObject({
      code: 'MILLRACE_CONNECTION_LOST',
      message: expect.stringContaining('`sasl`'),
    })
  })

  test('is recognised by a client without TLS', async () => {
    expect(await connect({ sasl: plain('right') })).toMatchObject({ message: expect.stringContaining('`ssl`') })
  })

  test('is not trusted without its certificate authority', async () => {
    expect(await connect({ ssl: true, sasl: plain('right') })).toMatchObject({
      code: 'MILLRACE_TLS_FAILED',
      reaction: 'fatal',
      message: expect.stringContaining('ssl.ca'),
    })
  })
})

/** Secrets of the configuration do not get out: not by errors, logs, status or metrics. */
import { afterEach, describe, expect, it } from 'vitest'
import { jsonLogger } from '../../src/common/json-logger.ts'
import { ConfigError } from '../../src/errors/config-error.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import { KafkaStreams } from '../../src/server/serving-kafka-streams.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { ask } from '../support/http.ts'

const password = 'planted-sasl-password'
const privateKey = '-----BEGIN PRIVATE KEY-----planted-ssl-key'
const passphrase = 'planted-passphrase'
const token = 'planted-http-token-of-some-length'
const planted = /planted/

/** What a person, a log collector or a tool could see of `error`. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const facts = JSON.stringify(Object.entries(error))
  return [error.message, error.stack, facts, error.cause === undefined ? '' : everythingOf(error.cause)].join('\n')
}

const secrets = {
  sasl: { mechanism: 'plain', username: 'me', password },
  ssl: { key: privateKey, passphrase, ca: ['a certificate'] },
}

const apps: KafkaStreams[] = []

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close({ timeoutMs: 5000 }).catch(() => undefined)
})

describe('Secrets of the configuration', () => {
  const wrong: readonly (readonly [string, Record<string, unknown>])[] = [
    ['no brokers', { kafka: { brokers: [], ...secrets } }],
    ['no brokers at all', { kafka: secrets }],
    ['credentials in the address of a broker', { kafka: { brokers: [`kafka://me:${password}@host`], ...secrets } }],
    ['a token that is no text', { httpToken: [token] }],
    ['a token with a space', { httpToken: `${token} ` }],
    ['a token that is too short', { httpToken: 'planted' }],
    ['an address for all, without a token', { http: '0.0.0.0:0', kafka: { brokers: ['host:1'], ...secrets } }],
    ['something else that is wrong', { threads: 0, httpToken: token, kafka: { brokers: ['host:1'], ...secrets } }],
    ['an object where a number belongs', { commitIntervalMs: secrets }],
  ]

  it.each(wrong)('are not in the error about %s', (_, config) => {
    const given = { applicationId: 'app', kafka: { brokers: ['host:1'] }, ...config } as unknown as StreamsConfig
    let error: unknown
    try {
      apps.push(new KafkaStreams(countByKey(), given))
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(ConfigError)
    expect(everythingOf(error)).not.toMatch(planted)
  })

  it.each([
    ['cannot connect', { sasl: secrets.sasl }],
    ['has a key for TLS that is none', secrets],
  ])('are not in what an application that %s says and logs', async (_, connection) => {
    const lines: string[] = []
    const logger = jsonLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } })
    const kafka = { brokers: ['127.0.0.1:1'], ...connection }
    const app = new KafkaStreams(countByKey(), {
      applicationId: 'app',
      kafka,
      logger,
      http: '127.0.0.1:0',
      httpToken: token,
    })
    apps.push(app)
    const error: unknown = await app.start().catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(Error)
    expect(everythingOf(error)).not.toMatch(planted)
    expect(JSON.stringify(app.status())).not.toMatch(planted)
    expect(app.metrics.prometheus()).not.toMatch(planted)
    expect(lines.join('')).toMatch(/the application stops/)
    expect(lines.join('')).not.toMatch(planted)
  })

  it('are not in what the server of a running one answers, whatever is asked with or without the token', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const lines: string[] = []
    const logger = jsonLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } })
    const app = new KafkaStreams(countByKey(), {
      applicationId: 'app',
      kafka: cluster.kafka,
      logger,
      http: '127.0.0.1:0',
      httpToken: token,
    })
    apps.push(app)
    await app.start()
    const port = Number(app.httpAddress?.split(':').at(-1))
    for (const path of [
      '/livez',
      '/readyz',
      '/metrics',
      '/v1/status',
      '/v1/tasks',
      '/v1/topology',
      '/v1/errors',
      '/x',
    ]) {
      for (const headers of [[], [`Authorization: Bearer ${token}`], [`Authorization: Bearer ${token}x`]]) {
        const { body, headers: answered } = await ask(port, path, { headers })
        expect(body + [...answered].join(), path).not.toMatch(planted)
      }
    }
    expect(lines.join('')).not.toMatch(planted)
  })
})

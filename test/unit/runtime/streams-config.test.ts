import { describe, expect, it } from 'vitest'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { completeConfig, configKeys } from '../../../src/runtime/streams-config.ts'

const required = { applicationId: 'app', kafka: { brokers: ['localhost:9092'] } }

function complete(given: object): Readonly<StreamsConfig> {
  return completeConfig({ ...required, ...given }, '/tmp')
}

describe('completeConfig', () => {
  it('fills in the defaults, which depend on the guarantee where Kafka Streams has it so', () => {
    expect(complete({})).toMatchObject({
      processingGuarantee: 'exactly_once',
      commitIntervalMs: 100,
      stateDir: '/tmp/millrace',
    })
    expect(complete({ processingGuarantee: 'at_least_once' }).commitIntervalMs).toBe(30_000)
    expect(Object.keys(complete({})).toSorted()).toEqual(configKeys.toSorted())
  })

  it.each(['127.0.0.1:0', '[::1]:8080', 'localhost:80'])('takes http = %s without a token', (http) => {
    expect(complete({ http }).http).toBe(http)
  })

  it.each(['0.0.0.0:8080', '[::]:8080', '10.0.0.1:80', 'counts.example:80'])(
    'takes http = %s with a token only',
    (http) => {
      expect(() => complete({ http })).toThrow(/can be reached from other machines.*httpToken/)
      expect(complete({ http, httpToken: 'sixteen-or-more-characters' }).http).toBe(http)
    },
  )

  it.each(['8080', ':8080', 'localhost', 'http://localhost:80', 8080, ''])('refuses http = %s', (http) => {
    expect(() => complete({ http })).toThrow(/'http' must be host:port/)
  })

  it('refuses a token that is short or could not be sent, without repeating it', () => {
    for (const httpToken of ['short', 'with a space in its midst', 'ümläüt-and-long-enough', 5]) {
      expect(() => complete({ httpToken })).toThrow(/'httpToken' must be a token of 16.*not \(redacted\)$/)
    }
  })

  it('takes a processor wrapper', () => {
    const processorWrapper = { wrapProcessorSupplier: <T>(_name: string, supplier: T): T => supplier }
    expect(complete({ processorWrapper }).processorWrapper).toBe(processorWrapper)
    expect(complete({}).processorWrapper).toBeUndefined()
  })

  it('ignores keys that are given as undefined', () => {
    expect(complete({ cacheMaxBytes: undefined }).cacheMaxBytes).toBe(10 * 1024 * 1024)
  })

  it.each([
    [
      'an unknown key, naming the nearest',
      { comitIntervalMs: 5 },
      "unknown key 'comitIntervalMs'; did you mean 'commitIntervalMs'?",
    ],
    ['an unknown key without a near one', { zzz: 5 }, "unknown key 'zzz' (all keys"],
    [
      'a value outside of its set',
      { processingGuarantee: 'exactly_twice' },
      "must be one of 'exactly_once', 'at_least_once', not 'exactly_twice'",
    ],
    ['a number as text', { commitIntervalMs: '100' }, "'commitIntervalMs' must be an integer of at least 1, not '100'"],
    ['a negative number', { cacheMaxBytes: -1 }, 'an integer of at least 0, not -1'],
    [
      'an application id that cannot be part of a topic name',
      { applicationId: 'my app' },
      "'applicationId' must be up to 200",
    ],
    ['brokers without a port', { kafka: { brokers: ['localhost'] } }, "host:port in brokers, but one is 'localhost'"],
    [
      'a processor wrapper that wraps nothing',
      { processorWrapper: { wrap: () => undefined } },
      "'processorWrapper' must be an object with the functions wrapProcessorSupplier or",
    ],
    ['no brokers', { kafka: { brokers: [] } }, 'at least one broker'],
    [
      'a commit interval beyond the transaction time-out',
      { commitIntervalMs: 20_000 },
      'every transaction times out before its commit',
    ],
    ['heartbeats too rare for the session', { sessionTimeoutMs: 1000 }, 'at most a third of sessionTimeoutMs'],
    [
      'what this version does not have',
      { threads: 2 },
      'threads = 2 is not available in this version; run more instances',
    ],
  ])('refuses %s', (_, given, message) => {
    expect(() => complete(given)).toThrow(message)
  })

  it('names a required key that is missing', () => {
    expect(() => completeConfig({ applicationId: 'app' } as never, '/tmp')).toThrow("'kafka' is missing")
  })
})

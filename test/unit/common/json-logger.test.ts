import { describe, expect, it } from 'vitest'
import { JsonLogger, type JsonLoggerOptions } from '../../../src/common/json-logger.ts'
import { KafkaError } from '../../../src/errors/kafka-error.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function logger(options: JsonLoggerOptions = {}): {
  readonly log: JsonLogger
  readonly clock: ManualClock
  readonly lines: () => Record<string, unknown>[]
} {
  const written: string[] = []
  const clock = new ManualClock()
  const destination = { write: (line: string) => written.push(line) }
  const log = new JsonLogger({ destination, ...options }, clock)
  return { log, clock, lines: () => written.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('jsonLogger', () => {
  it('writes a line of JSON per event, with the field names of pino', () => {
    const { log, lines, clock } = logger({ base: { service: 'counts' } })
    log.info({ taskId: '0_1', at: new Date(0) }, 'a task\nhas begun')
    const [line] = lines()
    expect(line).toMatchObject({
      level: 30,
      time: clock.now(),
      pid: process.pid,
      service: 'counts',
      taskId: '0_1',
      at: '1970-01-01T00:00:00.000Z',
      msg: 'a task\nhas begun',
    })
    expect(line).toHaveProperty('hostname')
  })

  it('commands no terminal, whatever stands in what it is told', () => {
    const text = 'x\u009B2J\u0085y\u007F\u2028z\u202E'
    const written: string[] = []
    const log = new JsonLogger({ destination: { write: (line) => written.push(line) } }, new ManualClock())
    log.warn({ [text]: text, err: new Error(text) }, text)
    // oxlint-disable-next-line no-control-regex -- those are what must not be there
    expect(written.join('')).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028-\u202E]/)
    expect(JSON.parse(written.join(''))).toMatchObject({ [text]: text, err: { message: text }, msg: text })
  })

  it('writes levels as numbers, and leaves out what is below its own', () => {
    const { log, lines } = logger({ level: 'warn' })
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]({}, level)
    expect(lines().map(({ level, msg }) => [level, msg])).toEqual([
      [40, 'warn'],
      [50, 'error'],
    ])
  })

  it('writes errors with type, message, stack, code, facts and cause', () => {
    const { log, lines } = logger()
    const cause = new TypeError('below')
    log.error({ err: new KafkaError('MILLRACE_KAFKA_UNREACHABLE', 'no broker', { cause }) }, 'failed')
    expect(lines()[0]?.['err']).toMatchObject({
      type: 'KafkaError',
      message: 'no broker',
      code: 'MILLRACE_KAFKA_UNREACHABLE',
      stack: expect.stringContaining('json-logger.test') as string,
      cause: { type: 'TypeError', message: 'below' },
    })
  })

  it('redacts secrets at any depth, and shows bytes by their number', () => {
    const { log, lines } = logger()
    const deep = { sasl: { mechanism: 'plain', username: 'me', password: 'p4ss' }, ssl: { key: 'PEM', ca: ['c'] } }
    log.info(
      {
        kafka: [deep],
        headers: new Map([['authorization', 'Bearer t0ken']]),
        httpToken: 't0ken',
        value: Buffer.from('x'),
      },
      'configured',
    )
    const [line] = lines()
    expect(JSON.stringify(line)).not.toMatch(/p4ss|PEM|t0ken/)
    expect(line).toMatchObject({
      kafka: [{ sasl: { mechanism: 'plain', username: 'me', password: '(redacted)' } }],
      value: '(1 bytes)',
    })
  })

  it('writes what has no JSON: circles, big integers, functions, depth', () => {
    const { log, lines } = logger()
    const circle: Record<string, unknown> = { n: 1n, call: () => 1 }
    circle['self'] = circle
    let deep: object = {}
    for (let i = 0; i < 100; i++) deep = { deep }
    log.info({ circle, deep }, 'odd')
    expect(lines()[0]).toMatchObject({ circle: { n: '1', self: '(circular)' } })
  })

  it('tells the same warning once per interval, and then how many there were', async () => {
    const { log, lines, clock } = logger({ repeatIntervalMs: 1000 })
    const failing = (taskId = '0_0'): void => log.warn({ taskId, err: new Error('no') }, 'trying again')
    for (let i = 0; i < 5; i++) failing()
    failing('0_1')
    expect(lines().map(({ taskId }) => taskId)).toEqual(['0_0', '0_1'])
    await clock.advance(1000)
    failing()
    failing()
    expect(lines()).toEqual([expect.objectContaining({ taskId: '0_0', suppressed: 4 })])
  })

  it('tells errors of other kinds and every info', () => {
    const { log, lines } = logger()
    log.error({ err: new Error('one') }, 'failed')
    log.error({ err: new Error('other') }, 'failed')
    log.info({}, 'again')
    log.info({}, 'again')
    expect(lines()).toHaveLength(4)
  })
})

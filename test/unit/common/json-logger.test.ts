import { describe, expect, it, vi } from 'vitest'
import { JsonLogger, jsonLogger, type JsonLoggerOptions } from '../../../src/common/json-logger.ts'
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

  it('writes from info on to standard error where nothing else is said, each line with its end', () => {
    const written: string[] = []
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0)
    try {
      const log = jsonLogger()
      log.debug({}, 'not told')
      log.info({ password: 'p4ss' }, 'told')
    } finally {
      write.mockRestore()
    }
    expect(written).toEqual([expect.stringMatching(/"password":"\(redacted\)","msg":"told"\}\n$/)])
  })

  it('writes to where it is told, through the public door', () => {
    const written: string[] = []
    const log = jsonLogger({
      level: 'debug',
      destination: { write: (line) => written.push(line) },
      repeatIntervalMs: 0,
    })
    log.debug({}, 'one')
    log.warn({}, 'two')
    log.warn({}, 'two')
    expect(written.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['one', 'two', 'two'])
  })

  it('has its own fields, whatever facts are called', () => {
    const { log, lines } = logger()
    log.info({ msg: 'a fact', level: 'high', time: 'noon', pid: 0 }, 'the message')
    expect(lines()[0]).toMatchObject({
      msg: 'the message',
      level: 30,
      time: expect.any(Number) as number,
      pid: process.pid,
    })
  })

  it('says how many were left out where some were, and only there', async () => {
    const { log, lines, clock } = logger()
    log.warn({}, 'again')
    await clock.advance(9999)
    log.warn({}, 'again')
    await clock.advance(1)
    log.warn({}, 'again')
    await clock.advance(10_000)
    log.warn({}, 'again')
    expect(lines().map(({ suppressed }) => suppressed)).toEqual([undefined, 1, undefined])
  })

  it('tells apart levels, places and codes; of one code the words do not matter', () => {
    const { log, lines } = logger()
    const unreachable = (words: string): KafkaError => new KafkaError('MILLRACE_KAFKA_UNREACHABLE', words)
    log.warn({ err: unreachable('broker 1, since 10 ms') }, 'failed')
    log.warn({ err: unreachable('broker 1, since 20 ms') }, 'failed')
    log.error({ err: unreachable('broker 1') }, 'failed')
    for (const place of [{ node: 'a' }, { node: 'b' }, { store: 'a' }, { topic: 'a' }, { taskId: '0_0' }]) {
      log.warn({ ...place, err: unreachable('broker 1') }, 'failed')
    }
    expect(lines().map(({ level, node, store, topic, taskId }) => [level, node ?? store ?? topic ?? taskId])).toEqual([
      [40, undefined],
      [50, undefined],
      [40, 'a'],
      [40, 'b'],
      [40, 'a'],
      [40, 'a'],
      [40, '0_0'],
    ])
  })

  it('tells a warning again after the clock was set back', () => {
    const written: string[] = []
    let nowMs = 1_000_000
    const log = new JsonLogger({ destination: { write: (line) => written.push(line) } }, { now: () => nowMs })
    log.warn({}, 'again')
    nowMs -= 500_000
    log.warn({}, 'again')
    expect(written).toHaveLength(2)
  })

  it('remembers the two hundred warnings that it told last', async () => {
    const { log, lines, clock } = logger()
    const tell = (from: number, to: number): void => {
      for (let id = from; id <= to; id++) log.warn({ node: `n${id}` }, 'failed')
    }
    tell(1, 200)
    await clock.advance(10_000)
    tell(1, 1)
    tell(201, 201)
    lines()
    // Told last: 3 to 200, 1 and 201. Of them only the two that were told within the interval are held back.
    tell(1, 1)
    tell(201, 201)
    expect(lines()).toEqual([])
    tell(2, 2)
    expect(lines()).toHaveLength(1)
    tell(1000, 1199)
    lines()
    tell(201, 201)
    expect(lines()).toHaveLength(1)
  })
})

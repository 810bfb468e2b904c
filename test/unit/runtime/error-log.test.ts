import { describe, expect, it } from 'vitest'
import { DiskError } from '../../../src/errors/disk-error.ts'
import { KafkaError } from '../../../src/errors/kafka-error.ts'
import { ErrorLog, type ErrorEntry } from '../../../src/runtime/error-log.ts'
import type { RecordFailure } from '../../../src/runtime/task/failure-handler.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function recordFailure(offset: number, action: RecordFailure['action']): RecordFailure {
  const place = { taskId: '0_0', node: 'map', topic: 'in', partition: 0, offset }
  return { code: 'MILLRACE_PROCESSING_FAILED', kind: 'processing', action, ...place }
}

function unreachable(): KafkaError {
  return new KafkaError('MILLRACE_KAFKA_UNREACHABLE', 'no broker')
}

function notWritten(taskId: string): DiskError {
  const cause = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  return new DiskError('MILLRACE_STATE_WRITE_FAILED', taskId, '/state', 'the disk is full', cause)
}

const flood = 10_000

describe('ErrorLog', () => {
  it('keeps what ended a thread while records fail by the thousand, in the order of time', async () => {
    const clock = new ManualClock()
    const log = new ErrorLog(clock)
    log.noteError('recovered', unreachable())
    await clock.advance(1)
    log.noteRecord(recordFailure(1, 'fail'))
    log.noteError('fatal', new Error('of a callback'))
    await clock.advance(1)
    for (let offset = 2; offset < flood; offset++) log.noteRecord(recordFailure(offset, 'skip'))
    const entries = log.recent()
    expect(entries).toHaveLength(100)
    expect(entries.map(({ at }) => at)).toEqual(
      entries
        .map(({ at }) => at)
        .sort()
        .reverse(),
    )
    expect(entries.slice(-3)).toMatchObject([
      { kind: 'fatal', code: null, message: null },
      { kind: 'record', action: 'fail', offset: 1 },
      { kind: 'recovered', code: 'MILLRACE_KAFKA_UNREACHABLE', message: 'no broker' },
    ])
    expect(entries[0]).toMatchObject({ kind: 'record', offset: flood - 1 })
  })

  it('keeps twenty of each sort at least, whichever of them is the most', () => {
    let tasks = 0
    const note: Readonly<Record<string, (log: ErrorLog) => void>> = {
      fatal: (log) => log.noteError('fatal', unreachable()),
      recovered: (log) => log.noteError('recovered', unreachable()),
      retried: (log) => log.noteRetried(notWritten(`0_${tasks++}`)),
      fail: (log) => log.noteRecord(recordFailure(1, 'fail')),
      skip: (log) => log.noteRecord(recordFailure(2, 'skip')),
    }
    for (const [most, noteMost] of Object.entries(note)) {
      const log = new ErrorLog(new ManualClock())
      for (const [sort, noteOne] of Object.entries(note)) {
        if (sort !== most) for (let i = 0; i < 30; i++) noteOne(log)
      }
      for (let i = 0; i < flood; i++) noteMost(log)
      const counts = Map.groupBy(log.recent(), ({ kind, action, taskId }) => {
        return action ?? (kind === 'recovered' && taskId !== null ? 'retried' : kind)
      })
      const kept = Object.fromEntries([...counts].map(([sort, entries]) => [sort, entries.length]))
      expect(kept).toEqual({ fatal: 20, recovered: 20, retried: 20, fail: 20, skip: 20 })
    }
  })

  it('says how many of each kind it has no place for', () => {
    const log = new ErrorLog(new ManualClock())
    const kept = (wanted: ErrorEntry['kind']): number => log.recent().filter(({ kind }) => kind === wanted).length
    log.noteError('fatal', unreachable())
    for (let i = 0; i < 99; i++) log.noteRecord(recordFailure(i, 'skip'))
    expect(log.leftOut).toEqual({ record: 0, recovered: 0, fatal: 0 })
    for (let i = 99; i < 150; i++) log.noteRecord(recordFailure(i, 'skip'))
    expect(log.leftOut).toEqual({ record: 51, recovered: 0, fatal: 0 })
    for (let i = 0; i < 150; i++) log.noteError('recovered', unreachable())
    expect(log.total).toBe(301)
    expect(log.recent()).toHaveLength(100)
    expect(log.leftOut).toEqual({ record: 150 - kept('record'), recovered: 150 - kept('recovered'), fatal: 0 })
  })

  it('lists what is tried again once per task and half a minute, each kind of trouble by itself', async () => {
    const clock = new ManualClock()
    const log = new ErrorLog(clock)
    const tryAll = (): void => {
      for (const taskId of ['0_0', '0_1']) log.noteRetried(notWritten(taskId))
      log.noteRetried(unreachable())
    }
    for (let second = 0; second < 30; second++) {
      tryAll()
      await clock.advance(1000)
    }
    const ofTasks = [{ taskId: null }, { taskId: '0_1' }, { taskId: '0_0' }]
    expect(log.recent()).toMatchObject(ofTasks)
    expect(log.recent().at(-1)).toMatchObject({
      kind: 'recovered',
      code: 'MILLRACE_STATE_WRITE_FAILED',
      message: 'task 0_0: the disk is full',
      reaction: 'retriable',
    })
    tryAll()
    expect(log.recent()).toMatchObject([...ofTasks, ...ofTasks])
  })
})

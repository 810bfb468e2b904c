import { describe, expect, it } from 'vitest'
import type { TopicPartitionKey } from '../../../src/common/topic-partition.ts'
import { RepartitionPurge } from '../../../src/runtime/repartition-purge.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

type Before = Readonly<Record<string, number>>

function bed(): {
  readonly clock: ManualClock
  readonly purge: RepartitionPurge
  /** Of every request. */
  readonly asked: Before[]
  readonly logged: string[]
  readonly answer: (error?: Error) => Promise<void>
  readonly commit: (offsets: Before) => void
} {
  const clock = new ManualClock()
  const asked: Before[] = []
  const logged: string[] = []
  const open: PromiseWithResolvers<void>[] = []
  const deleteRecords = (before: ReadonlyMap<TopicPartitionKey, number>): Promise<void> => {
    asked.push(Object.fromEntries(before))
    const request = Promise.withResolvers<void>()
    open.push(request)
    return request.promise
  }
  const note = (_: object, message: string): void => void logged.push(message)
  const purge = new RepartitionPurge({
    client: { admin: { deleteRecords } } as unknown as ConstructorParameters<typeof RepartitionPurge>[0]['client'],
    clock,
    logger: { debug: note, info: note, warn: note, error: note },
    intervalMs: 1000,
    isRepartition: (topic) => topic.endsWith('-repartition'),
  })
  return {
    clock,
    purge,
    asked,
    logged,
    answer: async (error) => {
      const request = open.shift()
      if (error === undefined) request?.resolve()
      else request?.reject(error)
      await settled()
    },
    commit: (offsets) =>
      purge.committed(new Map(Object.entries(offsets).map(([key, offset]) => [key as TopicPartitionKey, { offset }]))),
  }
}

describe('RepartitionPurge', () => {
  it('asks for the newest committed offsets of repartition topics once the interval has passed', async () => {
    const { clock, commit, asked } = bed()
    commit({ 'a-repartition-0': 5, 'input-0': 9 })
    await clock.advance(999)
    commit({ 'a-repartition-0': 7, 'a-repartition-1': 0 })
    expect(asked).toEqual([])
    await clock.advance(1)
    expect(asked).toEqual([{ 'a-repartition-0': 7 }])
  })

  it('asks at once when the interval has passed without a commit', async () => {
    const { clock, commit, asked } = bed()
    await clock.advance(5000)
    commit({ 'a-repartition-0': 5 })
    await clock.advance(0)
    expect(asked).toEqual([{ 'a-repartition-0': 5 }])
  })

  it('asks for nothing where nothing has moved', async () => {
    const { clock, commit, asked, answer } = bed()
    commit({ 'a-repartition-0': 5, 'a-repartition-1': 3 })
    await clock.advance(1000)
    await answer()
    commit({ 'a-repartition-0': 5, 'a-repartition-1': 4 })
    await clock.advance(1000)
    await answer()
    expect(asked.slice(1)).toEqual([{ 'a-repartition-1': 4 }])
    commit({ 'a-repartition-0': 5, 'a-repartition-1': 4 })
    await clock.advance(10_000)
    expect(asked).toHaveLength(2)
    expect(clock.pendingTimers).toBe(0)
  })

  it('has one request under way at a time, and keeps what is committed meanwhile for the next', async () => {
    const { clock, commit, asked, answer } = bed()
    commit({ 'a-repartition-0': 5 })
    await clock.advance(1000)
    commit({ 'a-repartition-0': 8 })
    await clock.advance(10_000)
    expect(asked).toHaveLength(1)
    await answer()
    await clock.advance(0)
    expect(asked.slice(1)).toEqual([{ 'a-repartition-0': 8 }])
  })

  it('notes a request that failed and makes it again after the interval, with what was committed since', async () => {
    const { clock, commit, asked, answer, logged } = bed()
    commit({ 'a-repartition-0': 5, 'b-repartition-0': 2 })
    await clock.advance(1000)
    commit({ 'a-repartition-0': 6 })
    await answer(new Error('no leader'))
    expect(logged).toHaveLength(1)
    await clock.advance(999)
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    expect(asked.slice(1)).toEqual([{ 'a-repartition-0': 6, 'b-repartition-0': 2 }])
  })

  it('asks and logs nothing more once it is closed', async () => {
    const { clock, purge, commit, asked, answer, logged } = bed()
    commit({ 'a-repartition-0': 5 })
    await clock.advance(1000)
    commit({ 'a-repartition-0': 6 })
    purge.close()
    await answer(new Error('closed'))
    commit({ 'a-repartition-0': 7 })
    await clock.advance(10_000)
    expect(asked).toHaveLength(1)
    expect(logged).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })
})

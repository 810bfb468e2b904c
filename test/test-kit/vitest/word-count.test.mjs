// With vitest: vitest run
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runTopology, startKafka } from 'millrace/testing'
import { counts, latest, lines, topics, wordCount } from './word-count.mjs'

describe('word count', () => {
  let kafka
  let app

  beforeAll(async () => {
    kafka = await startKafka({ topics })
    app = await runTopology(wordCount, kafka)
  }, 180_000)

  afterAll(async () => {
    await app?.[Symbol.asyncDispose]()
    await kafka?.close()
  })

  it('counts words', async () => {
    await kafka.pipe('text-lines', lines, [{ value: 'to be or not' }, { value: 'to be' }])
    await kafka.awaitLagZero(app.applicationId)
    expect(latest(await kafka.read('word-counts', counts))).toEqual({ to: 2, be: 2, or: 1, not: 1 })
  }, 60_000)

  it('goes on after the broker was restarted', async () => {
    await kafka.restartBroker()
    await kafka.pipe('text-lines', lines, [{ value: 'not to' }])
    // Both words: each may be counted by another task, in a transaction of its own.
    const isCounted = (all) => latest(all).to === 3 && latest(all).not === 2
    const records = await kafka.awaitRecords('word-counts', counts, isCounted)
    expect(latest(records)).toEqual({ to: 3, be: 2, or: 1, not: 2 })
  }, 60_000)

  it('is told what was there when something else is waited for', async () => {
    const waiting = kafka.awaitRecords('word-counts', counts, 1000, { timeoutMs: 200 })
    await expect(waiting).rejects.toMatchObject({ code: 'MILLRACE_TEST_RECORDS_MISSING' })
    await expect(waiting).rejects.toThrow(/not: 2/)
  }, 60_000)
})

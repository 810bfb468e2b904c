// With node:test: node --test
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { runTopology, startKafka } from 'millrace/testing'
import { counts, latest, lines, topics, wordCount } from './word-count.mjs'

describe('word count', () => {
  let kafka
  let app

  before(async () => {
    kafka = await startKafka({ topics })
    app = await runTopology(wordCount, kafka)
  })

  after(async () => {
    await app?.[Symbol.asyncDispose]()
    await kafka?.close()
  })

  it('counts words', async () => {
    await kafka.pipe('text-lines', lines, [{ value: 'to be or not' }, { value: 'to be' }])
    await kafka.awaitLagZero(app.applicationId)
    assert.deepEqual(latest(await kafka.read('word-counts', counts)), { to: 2, be: 2, or: 1, not: 1 })
  })

  it('goes on after the broker was restarted', async () => {
    await kafka.restartBroker()
    await kafka.pipe('text-lines', lines, [{ value: 'not to' }])
    // Both words: each may be counted by another task, in a transaction of its own.
    const isCounted = (all) => latest(all).to === 3 && latest(all).not === 2
    const records = await kafka.awaitRecords('word-counts', counts, isCounted)
    assert.deepEqual(latest(records), { to: 3, be: 2, or: 1, not: 2 })
  })

  it('is told what was there when something else is waited for', async () => {
    const waiting = kafka.awaitRecords('word-counts', counts, 1000, { timeoutMs: 200 })
    await assert.rejects(waiting, { code: 'MILLRACE_TEST_RECORDS_MISSING', message: /not: 2/ })
  })
})

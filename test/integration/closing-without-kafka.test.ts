/** Kafka is away: `close` ends within its time-out, and the next start goes on where the last commit was. */
import { describe, expect, it } from 'vitest'
import { describeFailure, exitCodeOf } from '../../src/cli/failure.ts'
import { runUntilSignal } from '../../src/cli/run.ts'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import type { Logger } from '../../src/common/logger.ts'
import { errorCodes } from '../../src/kafka/protocol/error-codes.ts'
import { Cluster, countByKey } from '../support/embedded-app.ts'
import { readCounts } from '../support/word-count-load.ts'

const always = Number.POSITIVE_INFINITY
const config = { commitIntervalMs: 30, transactionTimeoutMs: 1000 }

describe('closing while Kafka is away', () => {
  for (const fate of ['silent', 'gone'] as const) {
    for (const api of ['Produce', 'TxnOffsetCommit', 'EndTxn'] as const) {
      it(`ends within its time-out, and loses nothing, where brokers are ${fate} from ${api} on`, async () => {
        await using cluster = await Cluster.start({ in: 1, out: 1 })
        const { controls } = cluster.broker
        const app = cluster.app(countByKey(), { ...config, kafka: cluster.as('cut-off') })
        const failures: string[] = []
        app.on('error', ({ error }) => failures.push(error.message))
        await app.start()
        const last = controls.hold('request', { api, clientId: 'cut-off' })
        await cluster.produce('in', [['k', 'a']])
        await last.arrived
        if (fate === 'silent') controls.hold('request', { clientId: 'cut-off', times: always })
        else controls.disconnect('request', { clientId: 'cut-off', times: always })
        if (fate === 'gone') controls.closeConnections({ clientId: 'cut-off' })
        await expect(app.close({ timeoutMs: 1500 })).rejects.toMatchObject({
          code: 'MILLRACE_TIMEOUT',
          message: expect.stringContaining('closed without Kafka') as string,
        })
        expect({ state: app.state, failures }).toEqual({ state: 'NOT_RUNNING', failures: [] })
        await expect(app.close()).resolves.toBeUndefined()

        for (const member of controls.memberIds('app')) controls.expireMember('app', member)
        const next = cluster.app(countByKey(), config)
        await next.start()
        await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
        expect(await readCounts(cluster.client, 'out', 1)).toEqual({ counts: new Map([['k', 1]]), regressions: [] })
      })
    }
  }
})

describe('a command that runs an application', () => {
  it('fails with what happened after a signal that found no Kafka', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const app = cluster.app(countByKey(), config)
    const close = app.close.bind(app)
    app.close = () => close({ timeoutMs: 300 })
    const others = process.listeners('SIGTERM')
    const ended = runUntilSignal(app)
    await app.stateIs('RUNNING')
    cluster.broker.controls.freezeNode(1)
    for (const listener of process.listeners('SIGTERM')) if (!others.includes(listener)) listener('SIGTERM')
    const error: unknown = await ended.then(
      () => undefined,
      (cause: unknown) => cause,
    )
    expect(error).toMatchObject({ code: 'MILLRACE_TIMEOUT' })
    expect(describeFailure(error, false)).toMatch(/Kafka, which did not answer .* nothing is lost: an open transaction/)
    expect(exitCodeOf(error)).toBe(6)
    cluster.broker.controls.thawNode(1)
  })
})

describe('a producer that was closed and found no successor', () => {
  it('is not asked to abort', async () => {
    await using cluster = await Cluster.start({ in: 1, out: 1 })
    const { controls } = cluster.broker
    controls.finalizeTransactionVersion(0)
    const { logger, errors } = errorsLogged()
    const app = cluster.app(countByKey(), { ...config, logger })
    await app.start()
    controls.disconnect('answer', { api: 'EndTxn', clientId: 'app' })
    const refused = controls.alterAnswer({ api: 'InitProducerId', clientId: 'app', times: 2 }, (answer) => ({
      ...(answer as object),
      errorCode: errorCodes.PRODUCER_FENCED,
    }))
    await cluster.produce('in', [['k', 'a']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    await cluster.produce('in', [['k', 'b']])
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    expect((await readCounts(cluster.client, 'out', 1)).counts).toEqual(new Map([['k', 2]]))
    expect(refused.hits).toBe(2)
    expect(errors.filter((error) => error.includes('please report this'))).toEqual([])
  })
})

/** Keeps what went wrong as far as it was logged. */
function errorsLogged(): { readonly logger: Logger; readonly errors: string[] } {
  const errors: string[] = []
  const note = (facts: object): void => {
    if ('err' in facts) errors.push(String(facts.err))
  }
  return { logger: { debug: note, info: note, warn: note, error: note }, errors }
}

/**
 * What the client must do on every broker: run unchanged against Apache Kafka and against the embedded broker, so that
 * each checks the other. Each case broke some client once (duplicates, leaked aborted records, lost batches).
 */
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { ClientBed } from '../support/client-bed.ts'
import type { ClientTarget } from '../support/client-bed.ts'
import { fetchingCases } from './client-suite-fetching.ts'
import { groupCases } from './client-suite-groups.ts'
import { producingCases } from './client-suite-producing.ts'
import { transactionCases } from './client-suite-transactions.ts'

export function clientSuite(startTarget: () => Promise<ClientTarget>): void {
  let target: ClientTarget
  let bed: ClientBed

  beforeAll(async () => {
    target = await startTarget()
    bed = new ClientBed(target)
  })
  afterEach(() => bed.close())
  afterAll(() => target.stop())

  const theBed = (): ClientBed => bed
  describe('producing', () => producingCases(theBed))
  describe('fetching', () => fetchingCases(theBed))
  describe('transactions', () => transactionCases(theBed))
  describe('groups', () => groupCases(theBed))
}

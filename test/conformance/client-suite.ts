/**
 * What the client must do on every broker: run unchanged against Apache Kafka and against the embedded broker, so that
 * each checks the other. Each case broke some client once (duplicates, leaked aborted records, lost batches).
 */
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { ClientBed } from '../support/client-bed.ts'
import type { ClientTarget } from '../support/client-bed.ts'
import { adminCases } from './client-suite-admin.ts'
import { fetchingCases } from './client-suite-fetching.ts'
import { groupCases } from './client-suite-groups.ts'
import { overlapCases } from './client-suite-overlap.ts'
import { fencingCases, removalCases } from './client-suite-predecessors.ts'
import { producingCases } from './client-suite-producing.ts'
import { newEpochCases, sameEpochCases, transactionCases } from './client-suite-transactions.ts'

export function clientSuite(startTarget: () => Promise<ClientTarget>): void {
  let target: ClientTarget
  let bed: ClientBed
  let bedOfV1: ClientBed

  beforeAll(async () => {
    target = await startTarget()
    bed = new ClientBed(target)
    bedOfV1 = new ClientBed(target, { transactionProtocol: 'v1' })
  })
  afterEach(() => Promise.all([bed.close(), bedOfV1.close()]))
  afterAll(() => target.stop())

  const theBed = (): ClientBed => bed
  const theBedOfV1 = (): ClientBed => bedOfV1
  describe('producing', () => producingCases(theBed))
  describe('fetching', () => fetchingCases(theBed))
  describe('transactions of protocol v1', () => {
    transactionCases(theBedOfV1)
    sameEpochCases(theBedOfV1)
    overlapCases(theBedOfV1)
    fencingCases(theBedOfV1)
  })
  describe('transactions of protocol v2', () => {
    transactionCases(theBed)
    newEpochCases(theBed)
    overlapCases(theBed)
    fencingCases(theBed)
  })
  describe('groups', () => {
    groupCases(theBed)
    removalCases(theBed)
  })
  describe('administration', () => adminCases(theBed))
}

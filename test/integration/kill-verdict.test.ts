/** What the kill test says about itself: that it tested nothing, which limits held, how long a transaction was open. */
import { afterEach, expect, it, vi } from 'vitest'
import { main } from '../kill/kill-test.ts'
import { brokerSweepMs, transactionTimeoutMs } from '../kill/layout.ts'
import { medianLimits } from '../kill/recovery.ts'
import { openTooLong } from '../kill/run.ts'

vi.mock(import('../support/real-kafka.ts'), async (original) => ({
  ...(await original()),
  whatRealKafkaLacks: async () => 'real Kafka skipped: no Java',
}))
afterEach(() => void vi.restoreAllMocks())

it.each([
  ['where there is no real Kafka', ['--records', '1'], 'real Kafka skipped: no Java'],
  ['with no runs', ['--broker', 'embedded', '--runs', '0'], '--runs 0: nothing was tested'],
])('the kill test ends with 2 and a line %s', async (_, args, line) => {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  expect(await main(args)).toBe(2)
  expect(log.mock.calls).toEqual([[line]])
})

it('the limits of the recovery are wider on a busy machine, and that is said', () => {
  expect(medianLimits([900, 1000, 9000])).toMatchObject({ restartMs: 2000, takeOverMs: 7000 })
  const busy = medianLimits([900, 1200, 1300])
  expect(busy).toMatchObject({ restartMs: 6000, takeOverMs: 9000 })
  expect(busy.said).toContain('6.00 s and 9.00 s (those of a busy machine: the median first line came after 1.20 s)')
})

it('a transaction may be open for its time-out, the sweep, and as long as the broker was away', () => {
  const bed = (longestOpenMs: number): Parameters<typeof openTooLong>[0] =>
    ({ fleet: { brokerAwayMs: 500 }, follower: { longestOpenMs, longestOpen: 'counts-0' } }) as never
  const maxMs = transactionTimeoutMs + brokerSweepMs + 500
  expect(openTooLong(bed(maxMs))).toEqual([])
  expect(openTooLong(bed(maxMs + 1))).toEqual([expect.stringContaining('counts-0')])
})

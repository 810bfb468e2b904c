/**
 * The kill test of `docs/kill-test.md` on Apache Kafka, small enough for every run of the tests; the variant on the
 * embedded broker is in `test/integration/kill.test.ts`. A failing run names the command that repeats it and keeps its logs.
 */
import { describe, expect, it } from 'vitest'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'
import { describeReport } from './kill-test.ts'
import { ciOptions } from './options.ts'
import type { KillOptions } from './options.ts'
import { describeRecovery, measureRecovery, medianLimits } from './recovery.ts'
import { runKillTest } from './run.ts'
import type { KillReport } from './run.ts'
import { spreadOf } from './figures.ts'

const lacks = await whatRealKafkaLacks()
if (lacks !== undefined) console.log(lacks)

/** Longer than any wait inside, so that a run which hangs says where. */
const limits = { timeout: 300_000 }

async function run(variant: Partial<KillOptions>): Promise<KillReport> {
  const report = await runKillTest({ ...ciOptions(), ...variant })
  console.log(describeReport(report))
  return report
}

describe.skipIf(lacks !== undefined)('Three instances that are killed while they count on Apache Kafka', limits, () => {
  it('count every word exactly once', async () => {
    const report = await run({})
    expect(report.violations).toEqual([])
    expect(report.kills.length).toBeGreaterThanOrEqual(report.options.kills)
  })

  it('count exactly when one sleeps past its session and wakes as a zombie', async () => {
    const report = await run({ zombie: true })
    expect(report.violations).toEqual([])
    expect(report.sleepersJudged).toBeGreaterThan(0)
  })

  it('count exactly when the broker is killed too', async () => {
    const report = await run({ restartBroker: true })
    expect(report.violations).toEqual([])
  })

  it('close every window once, and find every pair of a join once', async () => {
    const report = await run({ ...ciOptions('windows') })
    expect(report.violations).toEqual([])
  })

  it('lose nothing with at_least_once', async () => {
    const report = await run({ guarantee: 'at_least_once' })
    expect(report.violations).toEqual([])
  })
})

describe.skipIf(lacks !== undefined)('After kill -9 of one of three instances', limits, () => {
  it('its tasks run again within 2 s of its restart, and elsewhere within the session time-out and a second', async () => {
    const report = await measureRecovery(ciOptions(), 3)
    const max = medianLimits(report.bootMs)
    console.log(`${describeRecovery(report)}\n${max.said}`)
    expect(report.violations).toEqual([])
    expect(spreadOf(report.restartMs).p50).toBeLessThanOrEqual(max.restartMs)
    expect(spreadOf(report.takeOverMs).p50).toBeLessThanOrEqual(max.takeOverMs)
  })
})

/** The kill test of `docs/kill-test.md` on the embedded broker over TCP: no Java, no Kafka. */
import { expect, it } from 'vitest'
import { describeReport } from '../kill/kill-test.ts'
import { ciOptions } from '../kill/options.ts'
import { runKillTest } from '../kill/run.ts'

it('three instances that are killed while they count on the embedded broker count every word exactly once', async () => {
  const report = await runKillTest({ ...ciOptions(), broker: 'embedded' })
  console.log(describeReport(report))
  expect(report.violations).toEqual([])
  expect(report.kills.length).toBeGreaterThanOrEqual(report.options.kills)
}, 300_000)

it('three instances that are killed on the embedded broker close every window and find every pair exactly once', async () => {
  const report = await runKillTest({ ...ciOptions('windows'), broker: 'embedded' })
  console.log(describeReport(report))
  expect(report.violations).toEqual([])
}, 300_000)

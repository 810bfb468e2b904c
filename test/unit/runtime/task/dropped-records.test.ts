import { expect, it } from 'vitest'
import { silentLogger } from '../../../../src/common/logger.ts'
import { MetricsRegistry } from '../../../../src/common/metrics.ts'
import { DroppedRecords } from '../../../../src/runtime/task/dropped-records.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

it('the log tells a record that a dead-letter topic has from one that is gone', () => {
  const clock = new ManualClock()
  const metrics = new MetricsRegistry()
  const told: string[] = []
  const logger = { ...silentLogger, warn: (_: object, message: string) => void told.push(message) }
  using dropped = new DroppedRecords({ 'task-id': '0_0' }, metrics, clock, logger)
  dropped.drop('deserialization', 'source', { topic: 'in', partition: 0, offset: 0 }, true)
  dropped.drop('processing', 'map', { topic: 'in', partition: 0, offset: 1 })
  expect(told).toEqual(['sent a record to a dead-letter topic', 'dropped a record'])
})

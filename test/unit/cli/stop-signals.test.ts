import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { onStopSignal } from '../../../src/cli/stop-signals.ts'
import { ManualClock } from '../../support/manual-clock.ts'

it('a signal that is delivered twice is one, and a later one is the second', async () => {
  const source = new EventEmitter()
  const calls: string[] = []
  const clock = new ManualClock()
  const off = onStopSignal(
    { first: (signal) => calls.push(`first ${signal}`), again: (signal) => calls.push(`again ${signal}`) },
    { clock, source },
  )
  source.emit('SIGTERM', 'SIGTERM')
  source.emit('SIGTERM', 'SIGTERM')
  await clock.advance(499)
  source.emit('SIGINT', 'SIGINT')
  expect(calls).toEqual(['first SIGTERM'])
  await clock.advance(1)
  source.emit('SIGINT', 'SIGINT')
  expect(calls).toEqual(['first SIGTERM', 'again SIGINT'])
  off()
  expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0)
})

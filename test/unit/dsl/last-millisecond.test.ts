import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { session } from '../../../src/dsl/windows.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import type { EmitStrategy } from '../../../src/dsl/windows.ts'

const text = { key: serdes.string, value: serdes.string }
const counts = { key: serdes.sessionWindowed(serdes.string), value: serdes.int64 }

/** What a count of sessions says of records with these keys and times. */
function countSessions(
  { gap, grace, emit }: { readonly gap: number; readonly grace: number; readonly emit: EmitStrategy },
  records: readonly (readonly [key: string, timestamp: number])[],
): string[] {
  const builder = new StreamsBuilder()
  const windowed = builder.stream('in', text).groupByKey().windowedBy(session({ gap, grace }))
  windowed.emitStrategy(emit).count({ store: 'sessions', caching: false }).toStream().to('out', counts)
  const driver = new TopologyTestDriver(builder.build())
  const input = driver.createInputTopic('in', text.key, text.value)
  const output = driver.createOutputTopic('out', counts.key, counts.value)
  for (const [key, timestamp] of records) input.pipeInput({ key, value: 'x', timestamp })
  const results = output.readRecords()
  driver.close()
  return results.map(({ key, value }) => `${key?.key}[${key?.window.start},${key?.window.end}] ${value}`)
}

describe('the last millisecond of a session', () => {
  it.each([1, 3])('is final once, though time goes on by single milliseconds (gap %d)', (gap) => {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
    const records = keys.map((key, at) => [key, at] as const)
    const closed = keys.slice(0, keys.length - 1 - gap)
    expect(countSessions({ gap, grace: 0, emit: 'onWindowClose' }, records)).toEqual(
      closed.map((key, at) => `${key}[${at},${at}] 1`),
    )
  })

  it('takes a record that comes exactly when gap and grace are over into the session that is there', () => {
    const records = [
      ['a', 0],
      ['b', 15],
      ['a', 5],
    ] as const
    expect(countSessions({ gap: 10, grace: 5, emit: 'onWindowUpdate' }, records)).toEqual([
      'a[0,0] 1',
      'b[15,15] 1',
      'a[0,0] null',
      'a[0,5] 2',
    ])
  })
})

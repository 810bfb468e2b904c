import { describe, expect, test } from 'vitest'
import type { Suppression } from '../../../src/dsl/options.ts'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KTable } from '../../../src/dsl/streams.ts'
import { tumbling } from '../../../src/dsl/windows.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'

const strings = { key: serdes.string, value: serdes.string }

function suppressed(suppression: unknown): KTable<string, string> {
  return new StreamsBuilder().table('in', strings).suppress(suppression as Suppression)
}

function driverOf(suppression: Suppression, config: Partial<StreamsConfig> = {}): TopologyTestDriver {
  const builder = new StreamsBuilder()
  builder.table('in', strings).suppress(suppression).toStream().to('out')
  return new TopologyTestDriver(builder.build(), { applicationId: 'app', ...config })
}

describe('suppress()', () => {
  test.each([
    [{}, "until is 'windowCloses' or { timeLimit } with a duration"],
    [{ until: 'windowClosed' }, 'found "windowClosed"'],
    [{ until: { timeLimit: 'soon' } }, 'found {"timeLimit":"soon"}'],
    [{ until: { timeLimit: -1 } }, 'found {"timeLimit":-1}'],
    [{ until: { timeLimit: 1 }, maxRecords: -1 }, 'maxRecords is a whole number of at least 0, found -1'],
    [{ until: { timeLimit: 1 }, maxBytes: 1.5 }, 'maxBytes is a whole number of at least 0, found 1.5'],
    [{ until: { timeLimit: 1 }, whenFull: 'emit' }, "whenFull is 'emitEarly' or 'shutDown', found \"emit\""],
    [{ until: 'windowCloses', whenFull: 'emitEarly' }, "until 'windowCloses' emits final results only"],
    [{ until: { timeLimit: 1 }, whenfull: 'shutDown' }, "has no option 'whenfull'; did you mean 'whenFull'?"],
    [{ until: { timeLimit: 1 }, name: 'a b' }, 'contains a character other than'],
  ])('refuses %j', (suppression, reason) => {
    expect(() => suppressed(suppression)).toThrow(reason)
  })

  test('until windows close says what it found in place of a window', () => {
    const builder = new StreamsBuilder()
    const table = builder.table('in', strings).filter(() => true, { name: 'chosen' })
    expect(() => table.suppress({ until: 'windowCloses' })).toThrow(
      'window close time is only defined for windowed computations, found KTABLE-SOURCE-0000000002 -> chosen;',
    )
  })

  test('until windows close refuses keys without a window, which only running can tell', () => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', strings)
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .count()
      .toStream((_count, windowed) => windowed.key)
      .toTable({ key: serdes.string, value: serdes.int64 })
      .suppress({ until: 'windowCloses' })
    const driver = new TopologyTestDriver(builder.build(), { applicationId: 'app' })
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    expect(() => input.pipeInput({ key: 'a', value: 'x', timestamp: 0 })).toThrow(
      "because it waits until 'windowCloses'",
    )
  })

  test.each(['fail', 'skip'] as const)('ends the application when it is full, with the policy %s', (policy) => {
    const driver = driverOf(
      { until: { timeLimit: 10 }, maxRecords: 1, whenFull: 'shutDown', name: 'held' },
      { onProcessingError: policy },
    )
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    input.pipeInput({ key: 'a', value: '1', timestamp: 0 })
    const more = (): void => input.pipeInput({ key: 'b', value: '1', timestamp: 1 })
    expect(more).toThrow(expect.objectContaining({ code: 'MILLRACE_BUFFER_FULL', node: 'held' }))
  })

  test('forgets no record that was still waiting when the buffer was full', () => {
    const driver = driverOf({ until: { timeLimit: 10 }, maxRecords: 2, whenFull: 'shutDown' })
    const input = driver.createInputTopic('in', serdes.string, serdes.string)
    input.pipeInput({ key: 'a', value: '1', timestamp: 0 })
    input.pipeInput({ key: 'b', value: '1', timestamp: 10 })
    expect(driver.producedRecords().filter(({ topic }) => topic === 'out')).toMatchObject([{ timestamp: 0 }])
  })
})

import { describe, expect, test } from 'vitest'
import type { FixedKeyProcessorContext, ProcessorContext } from '../../../src/processor/processor-context.ts'
import type { FixedKeyProcessor, Processor } from '../../../src/processor/processor.ts'
import { fixedKeyProcessorOperator, processorOperator } from '../../../src/topology/processor-operator.ts'
import { OperatorHarness } from '../../support/operator-harness.ts'

type TestContext = ProcessorContext<unknown, unknown>

function harness(
  process: (
    record: Parameters<Processor<unknown, unknown, unknown, unknown>['process']>[0],
    context: TestContext,
  ) => unknown,
): OperatorHarness {
  return new OperatorHarness(
    processorOperator('node', () => {
      let context!: TestContext
      const processor: Processor<unknown, unknown, unknown, unknown> = {
        init: (given) => {
          context = given
        },
        process: (record) => process(record, context),
      }
      return processor
    }),
    { s: { cached: false } },
  )
}

test('a processor sees the record with its timestamp and headers', () => {
  const seen: unknown[] = []
  const runs = harness((record) => seen.push(record))
  runs.record.headers = [['h', null]]
  runs.process('k', 'v', 7)
  expect(seen).toEqual([{ key: 'k', value: 'v', timestamp: 7, headers: [['h', null]] }])
})

test('what it forwards has its own timestamp and headers, and the record keeps its', () => {
  const runs = harness((record, context) => {
    context.forward({ ...record, value: 'first', timestamp: 99 })
    context.forward({ ...record, key: 'other' }, 'child')
  })
  expect(runs.process('k', 'v', 7)).toEqual([
    { key: 'k', value: 'first', timestamp: 99 },
    { key: 'other', value: 'v', timestamp: 7, child: 'child' },
  ])
  expect(runs.record.timestamp).toBe(7)
})

test('the context tells where the record came from, and gives stores by name', () => {
  const runs = harness((_, context) => {
    expect(context.recordMetadata).toEqual({ topic: 'in', partition: 0, offset: 0, timestamp: 3, headers: [] })
    expect([context.applicationId, context.taskId]).toEqual(['app', '0_0'])
    expect(context.getStateStore<{ name: string }>('s').name).toBe('s')
  })
  runs.process('k', 'v', 3)
})

test('a record without a time, or with one before 1970, cannot be forwarded', () => {
  for (const timestamp of [-1, Number.NaN, undefined as unknown as number]) {
    const runs = harness((record, context) => context.forward({ ...record, timestamp }))
    expect(() => runs.process('k', 'v', 7)).toThrow(
      expect.objectContaining({ code: 'MILLRACE_CALLBACK_RESULT_INVALID' }),
    )
    expect([runs.take(), runs.record.timestamp]).toEqual([[], 7])
  }
})

test('a process method that returns a promise is refused', () => {
  const runs = harness(() => Promise.reject(new Error('never seen')))
  expect(() => runs.process('k', 'v')).toThrow(/node node: the process method returned a promise/)
})

describe('a fixed-key processor', () => {
  test('forwards under the key of its record, and only while it has one', () => {
    let forward!: FixedKeyProcessorContext<string>['forward']
    const supplier = (): FixedKeyProcessor<string, string, string> => ({
      init: (context) => {
        forward = (record, child) => context.forward(record, child)
      },
      process: (record) => forward({ ...record, value: record.value + '!' }),
    })
    const runs = new OperatorHarness(fixedKeyProcessorOperator('node', supplier))
    expect(runs.process('k', 'v', 5)).toEqual([{ key: 'k', value: 'v!', timestamp: 5 }])
    expect(() => forward({ value: 'x', timestamp: 1, headers: [] })).toThrow(/only while it processes a record/)
  })
})

test('every task gets a processor of its own, which is closed with it', () => {
  const closed: number[] = []
  let made = 0
  const supplier = processorOperator('node', () => {
    const number = made++
    return { process: () => undefined, close: () => void closed.push(number) }
  })
  const tried = made
  new OperatorHarness(supplier).close()
  new OperatorHarness(supplier).close()
  expect(closed).toEqual([tried, tried + 1])
})

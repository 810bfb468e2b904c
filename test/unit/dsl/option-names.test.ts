/** Options that do not exist, as they come from JavaScript or from a spread: refused, with the nearest one named. */
import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KStream } from '../../../src/dsl/streams.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { Topology } from '../../../src/topology/topology.ts'

const strings = { key: serdes.string, value: serdes.string }
const stream = (): KStream<string, string> => new StreamsBuilder().stream('in', strings)
/** What no compiler looks at. */
const given = (options: object): object => options
const none = (): null => null
const processor = (): { process: () => void } => ({ process: () => undefined })

const operators: Readonly<Record<string, (options: object) => unknown>> = {
  'stream()': (options) => new StreamsBuilder().stream('in', options),
  'table()': (options) => new StreamsBuilder().table('in', options),
  'filter()': (options) => stream().filter(() => true, options),
  'filterNot()': (options) => stream().filterNot(() => true, options),
  'map()': (options) => stream().map((value, key) => [key, value], options),
  'flatMap()': (options) => stream().flatMap(() => [], options),
  'mapValues()': (options) => stream().mapValues(none, options),
  'flatMapValues()': (options) => stream().flatMapValues(() => [], options),
  'selectKey()': (options) => stream().selectKey(none, options),
  'peek()': (options) => stream().peek(none, options),
  'forEach()': (options) => stream().forEach(none, options),
  'print()': (options) => stream().print(options),
  'merge()': (options) => {
    const builder = new StreamsBuilder()
    return builder.stream('one', strings).merge(builder.stream('two', strings), options)
  },
  'repartition()': (options) => stream().repartition(options),
  'to()': (options) => stream().to('out', options),
  'toTable()': (options) => stream().toTable(options),
  'groupByKey()': (options) => stream().groupByKey(options),
  'groupBy()': (options) => stream().groupBy((value) => value, options),
  'process()': (options) => stream().process(processor, options),
  'processValues()': (options) => stream().processValues(processor, options),
  'count()': (options) => stream().groupByKey().count(options),
  'reduce()': (options) =>
    stream()
      .groupByKey()
      .reduce((value) => value, options),
  'aggregate()': (options) =>
    stream()
      .groupByKey()
      .aggregate(
        () => '',
        (value) => value,
        options,
      ),
  'toStream()': (options) => stream().toTable().toStream(options),
  'addProcessor(p)': (options) => new Topology().addSource('s', 'in').addProcessor('p', processor, 's', options),
  'addSink(t)': (options) => new Topology().addSource('s', 'in').addSink('t', 'out', 's', options),
  'source s': (options) => new Topology().addSource('s', 'in', options),
}

describe('options', () => {
  it.each(Object.entries(operators))('of %s that do not exist are refused', (operator, use) => {
    expect(() => use(given({ naem: 'x' }))).toThrowError(
      expect.objectContaining({
        code: 'MILLRACE_OPTION_INVALID',
        message: expect.stringContaining(`${operator} has no option 'naem'; did you mean 'name'?`) as string,
      }),
    )
    expect(() => use({ name: 'x', onProcessingError: undefined })).not.toThrow(/has no option/)
  })

  it('of tables are refused likewise', () => {
    const table = stream().toTable()
    const grouped = table.groupBy((value) => [value, value], strings)
    for (const use of [
      (options: object) => table.filter(() => true, options),
      (options: object) => table.filterNot(() => true, options),
      (options: object) => table.mapValues(none, options),
      (options: object) => table.join(table, none, options),
      (options: object) => table.leftJoin(table, none, options),
      (options: object) => table.outerJoin(table, none, options),
      (options: object) => table.transformValues(() => ({ transform: none }), options),
      (options: object) => grouped.count(options),
      (options: object) => grouped.reduce(none, none, options),
      (options: object) => grouped.aggregate(none, none, none, options),
    ]) {
      expect(() => use({ stroe: 'x' })).toThrow("did you mean 'store'?")
    }
  })

  it('that are a name only are refused with the form that they have', () => {
    expect(() => operators['count()']?.('counts' as unknown as object)).toThrow(
      `count(): its options are an object such as { name: '…' }, found "counts"`,
    )
  })

  it.each([['ignore'], [{ deadLetter: '' }], [{ deadLetter: { topik: 'x' } }], [null]])(
    'that are error policies are of their form, and %j is not',
    (policy) => {
      expect(() => operators['map()']?.({ onProcessingError: policy })).toThrow(
        "map(): onProcessingError is 'fail', 'skip', { deadLetter: topic } or a function, found",
      )
    },
  )
})

/** What users’ code is inferred as, and what it must not compile. Checked by tsc; there is nothing to run. */
import { describe, expectTypeOf, test } from 'vitest'
import {
  nullable,
  serdes,
  StreamsBuilder,
  Topology,
  type KGroupedStream,
  type KStream,
  type KTable,
  type Processor,
  type Serde,
  type SerdeType,
} from '../../src/index.ts'

interface Order {
  readonly id: string
  readonly amount: number
}

const orders = { key: serdes.string, value: serdes.json<Order>() }
const strings = { key: serdes.string, value: serdes.string }

function stream(): KStream<string, Order> {
  return new StreamsBuilder().stream('orders', orders)
}

test('what a serde writes and reads has a type', () => {
  expectTypeOf<SerdeType<typeof orders.value>>().toEqualTypeOf<Order>()
  expectTypeOf<SerdeType<typeof serdes.bigint64>>().toEqualTypeOf<bigint>()
  const maybe = nullable(serdes.string)
  expectTypeOf<SerdeType<typeof maybe>>().toEqualTypeOf<string | null>()
  // @ts-expect-error: only of serdes
  expectTypeOf<SerdeType<string>>().toBeNever()
})

describe('sources', () => {
  test('have the types of their serdes, and bytes or null without', () => {
    const builder = new StreamsBuilder()
    expectTypeOf(builder.stream('a', strings)).toEqualTypeOf<KStream<string, string>>()
    expectTypeOf(builder.stream('b', { value: serdes.string })).toEqualTypeOf<KStream<Uint8Array | null, string>>()
    expectTypeOf(builder.stream('c', { key: serdes.int64 })).toEqualTypeOf<KStream<number, Uint8Array | null>>()
    expectTypeOf(builder.stream('d')).toEqualTypeOf<KStream<Uint8Array | null, Uint8Array | null>>()
    expectTypeOf(builder.stream(/e.*/, { name: 'e' })).toEqualTypeOf<KStream<Uint8Array | null, Uint8Array | null>>()
    expectTypeOf(builder.table('f', strings)).toEqualTypeOf<KTable<string, string>>()
    expectTypeOf(builder.table('g')).toEqualTypeOf<KTable<Uint8Array, Uint8Array>>()
  })

  test('have null only where a nullable serde admits it', () => {
    const nullableStream = new StreamsBuilder().stream('a', { ...strings, value: nullable(serdes.string) })
    expectTypeOf(nullableStream).toEqualTypeOf<KStream<string, string | null>>()
    // @ts-expect-error -- the value may be null
    nullableStream.mapValues((value) => value.length)
  })
})

describe('streams', () => {
  test('infer keys and values through the chain', () => {
    expectTypeOf(stream().filter((order) => order.amount > 0)).toEqualTypeOf<KStream<string, Order>>()
    expectTypeOf(stream().mapValues((order) => order.amount)).toEqualTypeOf<KStream<string, number>>()
    expectTypeOf(stream().map((order, key) => [order.amount, key])).toEqualTypeOf<KStream<number, string>>()
    expectTypeOf(stream().flatMap((order) => [[order.amount, order] as const])).toEqualTypeOf<KStream<number, Order>>()
    expectTypeOf(stream().flatMapValues((order) => [order.id])).toEqualTypeOf<KStream<string, string>>()
    expectTypeOf(stream().selectKey((order) => order.amount)).toEqualTypeOf<KStream<number, Order>>()
    expectTypeOf(stream().peek(() => undefined)).toEqualTypeOf<KStream<string, Order>>()
    expectTypeOf(stream().toTable()).toEqualTypeOf<KTable<string, Order>>()
  })

  test('narrow with a type predicate', () => {
    const values = new StreamsBuilder().stream('a', { key: serdes.string, value: nullable(serdes.string) })
    expectTypeOf(values.filter((value): value is string => value !== null)).toEqualTypeOf<KStream<string, string>>()
    expectTypeOf(values.toTable()).toEqualTypeOf<KTable<string, string>>()
  })

  test('give joiners values without null, whatever the stream admits', () => {
    const values = new StreamsBuilder().stream('a', { key: serdes.string, value: nullable(serdes.string) })
    const table = new StreamsBuilder().globalTable('t', orders)
    const joined = values.join(
      table,
      (value) => value,
      (value, order) => value.length + order.amount,
    )
    expectTypeOf(joined).toEqualTypeOf<KStream<string, number>>()
    const left = values.leftJoin(
      table,
      (value) => value,
      (value, order) => ({ value, order }),
    )
    expectTypeOf(left).toEqualTypeOf<KStream<string, { value: string; order: Order | null }>>()
  })

  test('group by non-null keys', () => {
    const keys = new StreamsBuilder().stream('a', { value: serdes.string })
    expectTypeOf(keys.groupByKey()).toEqualTypeOf<KGroupedStream<Uint8Array, string>>()
    expectTypeOf(keys.groupBy((value): string | null => value)).toEqualTypeOf<KGroupedStream<string, string>>()
  })

  test('refuse promises', () => {
    const use = (): void => {
      // @ts-expect-error -- callbacks are synchronous
      stream().mapValues(async (order) => order.amount)
      // @ts-expect-error -- callbacks are synchronous
      stream().filter(async () => true)
      // @ts-expect-error -- callbacks are synchronous
      stream().selectKey(async (order) => order.id)
      // @ts-expect-error -- callbacks are synchronous
      stream().peek(async () => undefined)
      // @ts-expect-error -- callbacks are synchronous
      stream().forEach(async () => undefined)
      // @ts-expect-error -- callbacks are synchronous
      stream().map(async (order) => [order.id, order])
      // @ts-expect-error -- callbacks are synchronous
      stream().map((order) => [order.id, Promise.resolve(order)])
      // @ts-expect-error -- callbacks are synchronous
      stream().flatMapValues(async (order) => [order.id])
      // @ts-expect-error -- callbacks are synchronous
      stream().groupBy(async (order) => order.id)
    }
    expectTypeOf(use).returns.toBeVoid()
  })

  test('refuse serdes of another type', () => {
    const use = (): void => {
      // @ts-expect-error -- the value is an Order
      stream().to('out', { value: serdes.string })
      // @ts-expect-error -- the key is a string
      stream().to('out', { key: serdes.int64 })
      // @ts-expect-error -- the values are of another type
      stream().merge(new StreamsBuilder().stream('x', strings))
      // @ts-expect-error -- the group's key is a number
      stream().groupBy((order) => order.amount, { key: serdes.string })
      stream().to((order, key, context) => `${order.id}${key}${context.partition}`, {
        partitioner: (order, key, { partitions }) =>
          order === null || key === null ? null : order.amount % partitions,
      })
    }
    expectTypeOf(use).returns.toBeVoid()
  })

  test('process with typed processors', () => {
    const processor = (): Processor<string, Order, number, string> => ({ process: () => undefined })
    expectTypeOf(stream().process(processor)).toEqualTypeOf<KStream<number, string>>()
    expectTypeOf(
      stream().processValues<boolean>(() => ({ process: (record) => void record.value.amount })),
    ).toEqualTypeOf<KStream<string, boolean>>()
  })
})

describe('groups and tables', () => {
  test('infer aggregates', () => {
    const grouped = stream().groupByKey()
    expectTypeOf(grouped.count()).toEqualTypeOf<KTable<string, number>>()
    expectTypeOf(grouped.reduce((sum, order) => ({ ...order, amount: sum.amount + order.amount }))).toEqualTypeOf<
      KTable<string, Order>
    >()
    const totals = grouped.aggregate(
      () => 0,
      (total, order) => total + order.amount,
      { value: serdes.float64 },
    )
    expectTypeOf(totals).toEqualTypeOf<KTable<string, number>>()
  })

  test('reduce sees values without null, and may return null to delete', () => {
    const values = new StreamsBuilder().stream('a', { key: serdes.string, value: nullable(serdes.string) })
    const reduced = values.groupByKey().reduce((one, two) => (two === 'del' ? null : one + two))
    expectTypeOf(reduced).toEqualTypeOf<KTable<string, string>>()
  })

  test('refuse promises and serdes of another type', () => {
    const use = (): void => {
      const grouped = stream().groupByKey()
      // @ts-expect-error -- callbacks are synchronous
      grouped.reduce(async (one) => one)
      // @ts-expect-error -- the aggregate is a number
      grouped.count({ value: serdes.string })
      // @ts-expect-error -- callbacks are synchronous
      grouped.count().mapValues(async (count) => count)
    }
    expectTypeOf(use).returns.toBeVoid()
  })

  test('become streams whose values may be null', () => {
    const counts = stream().groupByKey().count()
    expectTypeOf(counts.toStream()).toEqualTypeOf<KStream<string, number | null>>()
    expectTypeOf(counts.toStream((count) => count ?? 0)).toEqualTypeOf<KStream<number, number | null>>()
    expectTypeOf(counts.filter((count) => count > 1)).toEqualTypeOf<KTable<string, number>>()
    expectTypeOf(counts.mapValues((count) => String(count))).toEqualTypeOf<KTable<string, string>>()
    expectTypeOf(counts.queryableStoreName).toEqualTypeOf<string | undefined>()
  })
})

describe('serdes', () => {
  test('infer what they are made of', () => {
    expectTypeOf(serdes.list(serdes.string)).toEqualTypeOf<Serde<string[]>>()
    expectTypeOf(serdes.bigint64).toEqualTypeOf<Serde<bigint>>()
    expectTypeOf(serdes.json<Order>()).toEqualTypeOf<Serde<Order>>()
  })

  test('are checked contravariantly', () => {
    const use = (): void => {
      // @ts-expect-error -- it cannot write every string or number
      const serde: Serde<string | number> = serdes.string
      void serde
    }
    expectTypeOf(use).returns.toBeVoid()
  })
})

test('the processor API takes typed processors and sinks', () => {
  const topology = new Topology()
    .addSource('s', 'in', strings)
    .addProcessor('p', (): Processor<string, string, string, number> => ({ process: () => undefined }), 's')
    .addSink('k', (value: number, key: string) => `${key}${value}`, 'p')
  expectTypeOf(topology.describe().toString()).toBeString()
})

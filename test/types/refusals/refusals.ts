/**
 * Programs that must not compile, and what their author reads. Each `error:` comment is for the line below it: every
 * part, divided by `|`, must be in the compiler's message. Checked by test/codebase/compile-errors.test.ts.
 */
import {
  joinWithin,
  nullable,
  serdes,
  stores,
  StreamsBuilder,
  tumbling,
  type KStream,
  type KTable,
  type Serde,
} from '../../../src/index.ts'

interface Order {
  readonly id: string
  readonly amount: number
}
declare const builder: StreamsBuilder
declare const orders: KStream<string, Order>
declare const byNumber: KStream<number, string>
declare const numbers: KTable<number, string>
declare const rates: KTable<string, number>
const soon = joinWithin({ difference: '1m' })

// --- keys of joins --------------------------------------------------------------------------------------------------

// error: Argument of type 'KStream<number, string>' is not assignable to parameter of type 'KStream<string, string>' | Type 'number' is not assignable to type 'string'
orders.join(byNumber, (order, text) => `${order.id}${text}`, soon)
// error: Argument of type 'KTable<number, string>' is not assignable to parameter of type 'KTable<string, string>' | Type 'number' is not assignable to type 'string'
orders.join(numbers, (order, text) => `${order.id}${text}`)
// error: Argument of type 'KTable<number, string>' is not assignable to parameter of type 'KTable<string, string>' | Type 'number' is not assignable to type 'string'
rates.join(numbers, (one, two) => `${one}${two}`)
// error: Type 'string' is not assignable to type 'number'
rates.joinOn(
  numbers,
  (rate) => String(rate),
  (rate, text) => `${rate}${text}`,
)
// error: Type 'number' is not assignable to type 'string'
orders
  .groupByKey()
  .cogroup((sum: number, order) => sum + order.amount)
  .cogroup(byNumber.groupByKey(), (sum) => sum)

// --- promises -------------------------------------------------------------------------------------------------------

// error: Promise<number> | PromiseRefused
orders.mapValues(async (order) => order.amount)
// error: Promise<boolean> | boolean
orders.filter(async (order) => order.amount > 0)
// error: Promise<Order> | PromiseRefused
orders.map((order) => [order.id, Promise.resolve(order)])
// error: Promise<string> | PromiseRefused
orders.selectKey(async (order) => order.id)
// error: Promise<number> | PromiseRefused
orders.join(rates, async (order, rate) => order.amount * rate)
// error: Promise<boolean> | boolean
orders.split().branch(async (order) => order.amount > 0)
// error: Promise<number>
orders
  .groupByKey()
  .windowedBy(tumbling({ size: '1m' }))
  .aggregate(
    () => 0,
    async (sum) => sum,
  )

// --- serdes ---------------------------------------------------------------------------------------------------------

// error: Type 'Serde<string>' is not assignable to type 'Serde<Order>'
orders.to('out', { value: serdes.string })
// error: Type 'Serde<number>' is not assignable to type 'Serde<string>'
orders.to('out', { key: serdes.int64 })
// error: Type 'Serde<string>' is not assignable to type 'Serde<Order>'
orders.repartition({ value: serdes.string })
// error: Type 'Serde<string>' is not assignable to type 'Serde<number>'
orders.groupByKey().count({ value: serdes.string })
// error: Type 'NullableSerde<string>' is not assignable to type 'Serde<string>' | Type 'null' is not assignable to type 'string'
rates
  .toStream()
  .mapValues((rate) => String(rate))
  .repartition({ value: nullable(serdes.string), key: nullable(serdes.string) })
// error: Type 'number' is not assignable to type 'string'
orders.groupBy((order) => order.amount, { key: serdes.string })
// error: Serde<string> | Serde<Order>
orders.join(
  byNumber.selectKey(() => 'a'),
  (order, text) => order.id + text,
  soon,
  { value: serdes.string },
)
// error: Type 'string' is not assignable to type 'number'
stores.keyValue('seen', { key: serdes.string, value: serdes.int64 satisfies Serde<string> })

// --- null -----------------------------------------------------------------------------------------------------------

// error: 'text' is possibly 'null'
builder.stream('in', { key: serdes.string, value: nullable(serdes.string) }).mapValues((text) => text.length)
// error: 'rate' is possibly 'null'
orders.leftJoin(rates, (order, rate) => order.amount * rate)
// error: 'two' is possibly 'null'
orders.leftJoin(orders, (one, two) => one.amount + two.amount, soon)
// error: 'one' is possibly 'null'
orders.outerJoin(orders, (one) => one.amount, soon)
// error: 'rate' is possibly 'null'
rates.toStream().mapValues((rate) => rate.toFixed(2))

// --- shapes ---------------------------------------------------------------------------------------------------------

// error: '"1 minute"' is not assignable to type
tumbling({ size: '1 minute' })
// error: 'gap' does not exist
tumbling({ size: '1m', gap: '1s' })
// error: '"onClose"' is not assignable
orders
  .groupByKey()
  .windowedBy(tumbling({ size: '1m' }))
  .emitStrategy('onClose')
// error: JoinWindows
orders.join(
  byNumber.selectKey(() => 'a'),
  (order, text) => order.id + text,
  tumbling({ size: '1m' }),
)

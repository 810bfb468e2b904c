/**
 * A large application as far as the compiler is concerned: long chains over every kind of stream and table. Never run;
 * test/codebase/compile-errors.test.ts watches how many types the compiler makes for it.
 */
import { hopping, joinWithin, serdes, session, sliding, StreamsBuilder, tumbling } from '../../../src/index.ts'

interface Order {
  readonly id: string
  readonly customer: string
  readonly product: number
  readonly amount: number
}
interface Customer {
  readonly name: string
  readonly country: string
}

const builder = new StreamsBuilder()
const orders = builder.stream('orders', { key: serdes.string, value: serdes.json<Order>() })
const returns = builder.stream('returns', { key: serdes.string, value: serdes.json<Order>() })
const customers = builder.table('customers', { key: serdes.string, value: serdes.json<Customer>() })
const products = builder.globalTable('products', { key: serdes.int64, value: serdes.string })

const large = orders
  .filter((order) => order.amount > 0)
  .mapValues((order) => ({ ...order, cents: order.amount * 100 }))
  .filterNot((order) => order.cents === 0)
  .peek((order) => void order.cents)
  .selectKey((order) => order.customer)
  .mapValues((order, customer) => ({ ...order, customer }))
const enriched = large
  .leftJoin(customers, (order, customer) => ({ ...order, country: customer?.country ?? 'none' }))
  .join(
    products,
    (order) => order.product,
    (order, product) => ({ ...order, product }),
  )
enriched
  .split({ name: 'by-' })
  .branch((order) => order.country === 'none')
  .branch((order) => order.cents > 1000, { name: 'large' })
  .defaultBranch()
  .forEach((branch, name) => branch.to(name, { key: serdes.string, value: serdes.json() }))
const kept = orders.outerJoin(
  returns,
  (order, returned) => (order?.amount ?? 0) - (returned?.amount ?? 0),
  joinWithin({ difference: '1d' }),
)
const sums = kept.groupByKey({ value: serdes.float64 })
const daily = sums.windowedBy(tumbling({ size: '1d' })).reduce((one, two) => one + two)
const hourly = sums.windowedBy(hopping({ size: '1h', advance: '5m' })).count()
const recent = sums.windowedBy(sliding({ difference: '5m' })).aggregate(
  () => [0],
  (list, value) => [...list, value],
  { value: serdes.list(serdes.float64) },
)
const visits = sums.windowedBy(session({ gap: '30m' })).aggregate(
  () => 0,
  (sum, value) => sum + value,
  (one, two) => one + two,
  { value: serdes.float64 },
)
for (const table of [daily, hourly, visits]) {
  table
    .suppress({ until: 'windowCloses' })
    .toStream((value, { key, window }) => `${key}@${window.start}:${value ?? 0}`)
    .to('totals')
}
recent.filter((list) => list.length > 1).mapValues((list) => list.length)
const byCountry = customers
  .groupBy((customer, id) => [customer.country, id] as const, { key: serdes.string, value: serdes.string })
  .aggregate(
    () => [] as string[],
    (list, id) => [...list, id],
    (list, id) => list.filter((each) => each !== id),
    { value: serdes.list(serdes.string) },
  )
const sizes = byCountry.mapValues((list) => list.length)
const spent = large
  .groupByKey({ key: serdes.string, value: serdes.json() })
  .cogroup((sum: number, order) => sum + order.cents)
  .cogroup(returns.groupByKey(), (sum, returned) => sum - returned.amount * 100)
  .aggregate(() => 0, { value: serdes.float64 })
customers
  .join(spent, (customer, cents) => ({ ...customer, cents }))
  .leftJoinOn(
    sizes,
    ({ country }) => country,
    (customer, size) => ({ ...customer, size: size ?? 0 }),
  )
  .toStream()
  .to('customer-report', { key: serdes.string, value: serdes.json() })

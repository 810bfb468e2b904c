/** Topologies that have one of everything that a description tells of. */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { joinWithin, session, tumbling, unlimited } from '../../src/dsl/windows.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import { nullable } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Topology } from '../../src/topology/topology.ts'

const strings = { key: serdes.string, value: serdes.string }

export function built(make: (builder: StreamsBuilder) => void, config: Partial<StreamsConfig> = {}): Topology {
  const builder = new StreamsBuilder(config)
  make(builder)
  return builder.build()
}

/** Everything with generated names: counts by window, a join of streams, a table, a global table, suppress, sessions. */
export function shop(config: Partial<StreamsConfig> = {}): Topology {
  return built((builder) => {
    const orders = builder.stream('orders', strings)
    const payments = builder.stream('payments', strings)
    const customers = builder.table('customers', strings)
    const products = builder.globalTable('products', strings)
    orders
      .groupBy((value) => value, strings)
      .windowedBy(tumbling({ size: '1h', grace: '5m' }))
      .count()
      .suppress({ until: 'windowCloses' })
      .toStream()
      .to('orders-per-hour', { key: serdes.timeWindowed(serdes.string, 3_600_000), value: serdes.int64 })
    orders
      .join(payments, (order, payment) => order + payment, joinWithin({ difference: '10m', grace: '1m' }))
      .to('paid-orders', strings)
    orders.leftJoin(customers, (order, customer) => order + String(customer)).to('enriched', strings)
    orders
      .join(
        products,
        (_, value) => value,
        (order, product) => order + product,
      )
      .to('with-products', strings)
    payments
      .groupByKey()
      .windowedBy(session({ gap: '30m' }))
      .count({ store: 'visits' })
    builder.stream(/audit-.*/, { key: nullable(serdes.string), value: serdes.bytes }).forEach(() => undefined)
    builder.stream('forever', strings).groupByKey().windowedBy(unlimited()).count({ store: 'ever' })
  }, config)
}

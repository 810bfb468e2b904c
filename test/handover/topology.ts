/** The application that is handed over between Java and millrace; HandOver.java has the same. */
import { joinWithin, serdes, session, StreamsBuilder, tumbling, type Topology, type Windowed } from '../../src/index.ts'

const strings = { key: serdes.string, value: serdes.string }
const counts = { key: serdes.string, value: serdes.int64 }

function text({ key, window }: Windowed<string>): string {
  return `${key}@${window.start}-${window.end}`
}

/** `out` begins the names of the output topics. */
export function handOverTopology(out: string): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('lines', strings)
    .flatMapValues((line) => line.split(' '))
    .groupBy((word) => word, strings)
    .count({ store: 'words' })
    .toStream()
    .to(`${out}words`, counts)

  const visits = builder.stream('visits', strings).groupByKey()
  visits
    .windowedBy(tumbling({ size: '10s', grace: '2s' }))
    .count()
    .toStream((_count, key) => text(key))
    .to(`${out}windows`, counts)
  visits
    .windowedBy(session({ gap: '4s', grace: '2s' }))
    .count({ store: 'sessions' })
    .toStream((_count, key) => text(key))
    .to(`${out}sessions`, counts)
  visits
    .windowedBy(tumbling({ size: '20s', grace: '2s' }))
    .count({ store: 'final-windows' })
    .suppress({ until: 'windowCloses' })
    .toStream((_count, key) => text(key))
    .to(`${out}final`, counts)

  const left = builder.stream('left', strings)
  const right = builder.stream('right', strings)
  left
    .outerJoin(right, (one, two) => `${one}+${two}`, joinWithin({ difference: '3s', grace: '1s' }), {
      key: serdes.string,
      value: serdes.string,
      otherValue: serdes.string,
    })
    .to(`${out}outer`, strings)

  const orders = builder.table('orders', { ...strings, store: 'orders' })
  const customers = builder.table('customers', strings)
  orders
    .join(customers, (order, customer) => `${order}+${customer}`)
    .toStream()
    .to(`${out}tables`, strings)
  orders
    .leftJoinOn(
      customers,
      (order) => `k${order.at(-1) ?? ''}`,
      (order, customer) => `${order}+${customer}`,
      strings,
    )
    .toStream()
    .to(`${out}foreign`, strings)
  return builder.build()
}

/**
 * Orders with the name and country of their customer, looked up in a table. Orders of customers that nobody knows are
 * kept apart, so that they can be sent again once the customer is there.
 */
import { defineTopology, serdes, type SerdeType } from 'millrace'
import { jsonOf } from '../json-of.ts'

export const order = jsonOf({ customer: 'text', cents: 'number' })
export const customer = jsonOf({ name: 'text', country: 'text' })

/** On its way: the key is the customer's, so the order's own travels in the value. */
interface Enriched extends SerdeType<typeof order> {
  readonly id: string
  readonly name?: string
  readonly country?: string
}
const enriched = serdes.json<Enriched>()

export default defineTopology(
  'order-enrichment',
  (builder) => {
    const key = serdes.string
    const customers = builder.table('customers', { key, value: customer, name: 'customers', store: 'customers' })
    const output = { key, value: enriched }
    builder
      .stream('orders', { key, value: order, name: 'read-orders' })
      // The join needs an order where its customer's row is: this makes the topic with-customer-repartition.
      .map((value, id): [string, Enriched] => [value.customer, { id, ...value }], { name: 'by-customer' })
      .leftJoin(customers, (value, found) => ({ ...value, ...found }), { key, value: enriched, name: 'with-customer' })
      .selectKey(({ id }) => id, { name: 'by-order' })
      .split({ name: 'customer-' })
      .branch(({ name }) => name !== undefined, {
        name: 'known',
        withConsumer: (known) => known.to('enriched-orders', { ...output, name: 'write-enriched' }),
      })
      .defaultBranch({
        name: 'unknown',
        withConsumer: (unknown) => unknown.to('orders-without-customer', { ...output, name: 'write-without-customer' }),
      })
  },
  { naming: 'explicit' },
)

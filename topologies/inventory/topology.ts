/**
 * What lies in the warehouses, with the names and prices of the products: every row of stock is joined with the product
 * that it names, a foreign key. A change of either side changes all rows that it concerns.
 */
import { defineTopology, serdes } from 'millrace'
import { jsonOf } from '../json-of.ts'

export const stock = jsonOf({ product: 'text', pieces: 'number' })
export const product = jsonOf({ name: 'text', cents: 'number' })

interface Item {
  readonly name: string
  readonly pieces: number
  readonly worthCents: number
}
export const item = serdes.json<Item>()

export default defineTopology(
  'inventory',
  (builder) => {
    const key = serdes.string
    const shelves = builder.table('stock', { key, value: stock, name: 'stock', store: 'stock' })
    const products = builder.table('products', { key, value: product, name: 'products', store: 'products' })
    shelves
      .joinOn(
        products,
        (shelf) => shelf.product,
        ({ pieces }, { name, cents }): Item => ({ name, pieces, worthCents: pieces * cents }),
        // Stored, so that processors and tests can look rows up; its changelog is where they are restored from.
        { name: 'with-product', store: 'inventory', value: item },
      )
      .toStream({ name: 'inventory-as-stream' })
      .to('inventory', { key, value: item, name: 'write-inventory' })
  },
  { naming: 'explicit' },
)

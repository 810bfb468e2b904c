/**
 * The examples that a project can begin with. Their code is that of `topologies/`, their tests that of `templates/`. A test
 * holds what stands here against the topologies.
 */
export interface Example {
  readonly name: string
  /** What it does, as the project's README says it. */
  readonly summary: string
  /** Below `topologies/`. */
  readonly module: string
  /** Its id there; the project's name takes its place. */
  readonly applicationId: string
  /** What has to exist when the application starts. */
  readonly topics: readonly string[]
  /** Those of `topics` that are read as tables, which Kafka should compact. */
  readonly tables: readonly string[]
  /** What is read, repartition topics without the application's id in front; for autoscaling by lag. */
  readonly reads: readonly string[]
}

export const examples: readonly Example[] = [
  {
    name: 'orders-enriched',
    summary:
      'Orders with the name and country of their customer, looked up in a table that follows a compacted topic. Orders of customers that nobody knows go to a topic of their own.',
    module: 'orders-enriched/topology.ts',
    applicationId: 'order-enrichment',
    topics: ['customers', 'orders', 'enriched-orders', 'orders-without-customer'],
    tables: ['customers'],
    reads: ['customers', 'orders', 'with-customer-repartition'],
  },
  {
    name: 'top-pages',
    summary: 'The three most viewed pages of each minute: counted by page in windows, ranked when a minute is over.',
    module: 'top-pages/topology.ts',
    applicationId: 'top-pages',
    topics: ['page-views', 'top-pages'],
    tables: [],
    reads: ['page-views', 'by-page-repartition', 'by-minute-repartition'],
  },
  {
    name: 'dead-letters',
    summary:
      'Payments in any currency, written to a ledger in euro cents; what cannot be becomes a dead letter with the reason, and the next one is processed.',
    module: 'dead-letters/topology.ts',
    applicationId: 'payment-ledger',
    topics: ['payments', 'ledger', 'payments-dead-letters'],
    tables: [],
    reads: ['payments'],
  },
  {
    name: 'word-count',
    summary: 'How often each word was written, in all lines so far.',
    module: 'word-count.ts',
    applicationId: 'word-count',
    topics: ['text-lines', 'word-counts'],
    tables: [],
    reads: ['text-lines', 'counts-repartition'],
  },
]

export const exampleNames: readonly string[] = examples.map(({ name }) => name)

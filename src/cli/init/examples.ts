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
  /** What is read, topics of its own without the application's id in front; for autoscaling by lag. */
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
    name: 'fraud-detection',
    summary:
      'Cards that pay in three cities without ten minutes of rest: payments are put into sessions, and late ones make two sessions one.',
    module: 'fraud-detection/topology.ts',
    applicationId: 'fraud-detection',
    topics: ['card-payments', 'fraud-alerts'],
    tables: [],
    reads: ['card-payments'],
  },
  {
    name: 'deduplication',
    summary:
      'Events of a provider that delivers at least once, each passed on exactly once: a processor remembers the ids of an hour in a window store.',
    module: 'deduplication/topology.ts',
    applicationId: 'deduplication',
    topics: ['webhook-events', 'unique-events'],
    tables: [],
    reads: ['webhook-events'],
  },
  {
    name: 'clicks-and-impressions',
    summary:
      'What became of every ad that was shown: clicked within ten minutes, or ignored; an outer join of two streams, with those that found no partner.',
    module: 'clicks-and-impressions/topology.ts',
    applicationId: 'clicks-and-impressions',
    topics: ['impressions', 'clicks', 'clicked-ads', 'ignored-ads', 'suspicious-clicks'],
    tables: [],
    reads: ['impressions', 'clicks'],
  },
  {
    name: 'inventory',
    summary:
      'What lies in the warehouses, with the names and prices of the products: two tables joined by a foreign key, deletes included.',
    module: 'inventory/topology.ts',
    applicationId: 'inventory',
    topics: ['stock', 'products', 'inventory'],
    tables: ['stock', 'products'],
    reads: [
      'stock',
      'products',
      'with-product-subscription-registration-topic',
      'with-product-subscription-response-topic',
    ],
  },
  {
    name: 'late-data',
    summary:
      'The takings of taxis by zone and hour, told once, when no ride can change them any more; what comes later goes to a topic of its own.',
    module: 'late-data/topology.ts',
    applicationId: 'late-data',
    topics: ['rides', 'hourly-takings', 'late-rides'],
    tables: [],
    reads: ['rides'],
  },
  {
    name: 'sensor-averages',
    summary:
      'Readings of sensors, made fewer: one average for each minute and a moving one over five, each written once, when its window has closed.',
    module: 'sensor-averages/topology.ts',
    applicationId: 'sensor-averages',
    topics: ['readings', 'minute-averages', 'moving-averages'],
    tables: [],
    reads: ['readings'],
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

/**
 * A table that every instance holds completely, of a topic with any number of partitions: filled before the first record
 * is processed, and updated as the topic is. A stream is joined with it by any key; every processor reads its store by
 * its name. Kafka Streams: `GlobalKTable`.
 */
export interface GlobalKTable<K, V> {
  readonly '~kind': 'globalTable'
  readonly '~types'?: readonly [K, V]
  /** The name of its store, given or generated. */
  readonly queryableStoreName: string | undefined
}

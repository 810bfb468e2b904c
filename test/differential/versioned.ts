/** A versioned store for the tables of random programs. */
import { StoreBuilder } from '../../src/processor/store-builder.ts'
import type { AnySerde } from '../../src/serde/serde.ts'

export function versioned(
  name: string,
  historyRetentionMs: number,
  serdes: { readonly key: AnySerde; readonly value: AnySerde },
): StoreBuilder {
  return new StoreBuilder({
    kind: 'versioned',
    name,
    ...serdes,
    caching: false,
    logging: true,
    changelogConfig: {},
    historyRetentionMs,
    persistent: true,
  })
}

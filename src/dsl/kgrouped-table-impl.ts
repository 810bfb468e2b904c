/** KGroupedTable over the logical graph. Kafka Streams: KTableImpl.groupBy, KGroupedTableImpl.java. */
import type { DslBuilder, KGroupedTablePart, KTablePart } from './dsl-builder.ts'
import { notAvailable } from './not-available.ts'
import type { Grouped } from './options.ts'
import type { KGroupedTable, KTable } from './streams.ts'

export function groupTable<K, V>(
  _dsl: DslBuilder,
  _table: KTablePart,
  _mapper: (...parameters: readonly never[]) => unknown,
  _options: Grouped<K, V>,
): KGroupedTable<K, V> {
  return notAvailable('groupBy() of a table')
}

export class KGroupedTableImpl<K, V> implements KGroupedTable<K, V> {
  readonly #dsl: DslBuilder
  readonly #part: KGroupedTablePart

  constructor(dsl: DslBuilder, part: KGroupedTablePart) {
    this.#dsl = dsl
    this.#part = part
  }

  count(): KTable<K, number> {
    return notAvailable(`count() of ${this.#part.name} (${this.#dsl.graph.nodes().length})`)
  }

  reduce(): KTable<K, V> {
    return notAvailable('reduce() of a grouped table')
  }

  aggregate<VA>(): KTable<K, VA> {
    return notAvailable('aggregate() of a grouped table')
  }
}

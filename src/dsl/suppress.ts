/** Updates of a table that are held back. Kafka Streams: KTableImpl.suppress. */
import { parseDuration } from '../common/duration.ts'
import { TopologyError } from '../errors/topology-error.ts'
import type { StoreSpec } from '../processor/store-builder.ts'
import { checkName } from '../topology/names.ts'
import type { DslBuilder, KTablePart } from './dsl-builder.ts'
import { requireSerde } from './materialized.ts'
import { suppressOperator, type Suppressing } from './operators/suppress.ts'
import { checkSuppression } from './option-names.ts'
import type { Suppression } from './options.ts'
import type { KTable } from './streams.ts'
import { SuppressedTable } from './suppressed-table.ts'
import { findWindowGrace } from './window-grace.ts'

const operator = 'suppress()'
const prefix = 'KTABLE-SUPPRESS-'

export function suppressTable<K, V>(dsl: DslBuilder, table: KTablePart, suppression: Suppression): KTable<K, V> {
  checkSuppression(operator, suppression)
  const { logging = true, onProcessingError } = suppression
  if (table.supply.isVersioned) {
    throw new TopologyError(
      'MILLRACE_STORE_OPTION_INVALID',
      `${operator} is only supported for tables that are not versioned, and ${table.name} is (a table without a store is as versioned as its parents); give it an ordinary store`,
      { node: table.name },
    )
  }
  // Unlike elsewhere, Java spends no index on a node that is named.
  const name = suppression.name === undefined ? dsl.nodeName(prefix) : dsl.givenNodeName(prefix, suppression.name)
  const suppressing = { ...toSuppressing(dsl, table, suppression), bufferName: bufferName(dsl, suppression) }
  table.supply.demandOldValues(true)
  const buffer: StoreSpec = {
    kind: 'changeBuffer',
    name: suppressing.bufferName,
    key: requireSerde(name, `buffer ${suppressing.bufferName}`, 'key', table.key, ' of the table'),
    value: requireSerde(name, `buffer ${suppressing.bufferName}`, 'value', table.value, ' of the table'),
    caching: false,
    logging,
    changelogConfig: {},
    buffer: {
      until: suppressing.isFinal ? 'windowCloses' : 'timeLimit',
      waitMs: suppressing.waitMs,
      maxRecords: finiteOrNull(suppressing.maxRecords),
      maxBytes: finiteOrNull(suppressing.maxBytes),
    },
  }
  const node = dsl.graph.add({
    kind: 'operation',
    name,
    parents: [table.node],
    supplier: suppressOperator(suppressing),
    ownStores: () => [buffer],
    otherStores: [],
    onProcessingError,
  })
  const { key, value, sources, supply } = table
  const suppressed = new SuppressedTable(supply, suppressing.bufferName)
  return dsl.table({ name, node, key, value, sources, queryableStoreName: undefined, supply: suppressed })
}

function bufferName(dsl: DslBuilder, { name, logging = true }: Suppression): string {
  if (name !== undefined) return checkName(`${name}-store`)
  const generated = dsl.skipStoreName(prefix)
  if (logging) dsl.generated.changelogs.push(`${generated}-changelog`)
  return generated
}

function toSuppressing(dsl: DslBuilder, table: KTablePart, suppression: Suppression): Omit<Suppressing, 'bufferName'> {
  const limits = {
    maxRecords: limitOf('maxRecords', suppression.maxRecords),
    maxBytes: limitOf('maxBytes', suppression.maxBytes),
  }
  const { until, whenFull } = suppression as Suppression & { readonly whenFull?: unknown }
  if (whenFull !== undefined && whenFull !== 'emitEarly' && whenFull !== 'shutDown') {
    refuse(`whenFull is 'emitEarly' or 'shutDown', found ${JSON.stringify(whenFull)}`)
  }
  if (until === 'windowCloses') {
    if (whenFull === 'emitEarly') {
      refuse(
        `until 'windowCloses' emits final results only, and never early; leave whenFull out, or wait for a timeLimit`,
      )
    }
    const waitMs = findWindowGrace(dsl.graph.nodes(), table.node, operator)
    return { ...limits, waitMs, isFinal: true, emitsEarly: false }
  }
  return { ...limits, waitMs: timeLimitMs(until), isFinal: false, emitsEarly: whenFull !== 'shutDown' }
}

function timeLimitMs(until: unknown): number {
  const timeLimit = typeof until === 'object' && until !== null && 'timeLimit' in until ? until.timeLimit : undefined
  const limitMs = parseDuration(timeLimit)
  if (limitMs !== undefined && limitMs >= 0) return limitMs
  return refuse(
    `until is 'windowCloses' or { timeLimit } with a duration (milliseconds, or '10s'), found ${JSON.stringify(until)}`,
  )
}

function limitOf(option: string, limit: number | undefined): number {
  if (limit === undefined) return Infinity
  if (Number.isSafeInteger(limit) && limit >= 0) return limit
  return refuse(
    `${option} is a whole number of at least 0, found ${JSON.stringify(limit)}; without it there is no limit`,
  )
}

function finiteOrNull(limit: number): number | null {
  return limit === Infinity ? null : limit
}

function refuse(reason: string): never {
  throw new TopologyError('MILLRACE_OPTION_INVALID', `${operator}: ${reason}`)
}

/** Lookups of a stream's records in a table. Kafka Streams: KStreamImpl.doStreamTableJoin. */
import { parseDuration, type Duration } from '../../common/duration.ts'
import { TopologyError } from '../../errors/topology-error.ts'
import type { OperatorSupplier } from '../../processor/operator.ts'
import type { StoreSpec } from '../../processor/store-builder.ts'
import { bytesSerde } from '../../serde/basic-serdes.ts'
import type { AnySerde } from '../../serde/serde.ts'
import { checkOptions } from '../../topology/check-options.ts'
import type { DslBuilder, KStreamPart, KTablePart } from '../dsl-builder.ts'
import { requireSerde } from '../materialized.ts'
import { streamTableJoinWithGraceOperator } from '../operators/stream-table-join-grace.ts'
import { streamTableJoinOperator, type StreamTableJoin } from '../operators/stream-table-join.ts'
import { joinedOptions } from '../option-names.ts'
import type { Joined } from '../options.ts'
import type { KStream } from '../streams.ts'
import { repartitionForJoin } from './repartition-for-join.ts'

/** `otherValue` of the options has no effect, as in Java: the table has its serdes already. */
interface Options extends Omit<Joined<never, never, never>, 'key' | 'value'> {
  readonly key?: AnySerde | undefined
  readonly value?: AnySerde | undefined
}

interface Operation {
  readonly supplier: OperatorSupplier
  readonly ownStores: () => readonly StoreSpec[]
}

export function joinTable<K, VR>(
  dsl: DslBuilder,
  stream: KStreamPart,
  table: KTablePart,
  kind: 'inner' | 'left',
  joiner: StreamTableJoin['joiner'],
  options: Options,
): KStream<K, VR> {
  const operator = kind === 'inner' ? 'join()' : 'leftJoin()'
  const { name: givenName, key, value, grace, onProcessingError } = checkOptions(operator, options, joinedOptions)
  if (grace !== undefined && !table.supply.isVersioned) refuseTable(operator)
  const serdeHint = ` of ${operator}`
  const parent = stream.repartitionRequired
    ? repartitionForJoin(dsl, stream, { givenName, key, value, serdeHint })
    : stream
  const sources = dsl.copartition(parent, table)
  const name = dsl.nodeName(kind === 'inner' ? 'KSTREAM-JOIN-' : 'KSTREAM-LEFTJOIN-', givenName)
  const join = { kind, joiner, table: table.supply.view() }
  const serdes = { key: key ?? parent.key, value: value ?? parent.value }
  const operation: Operation =
    grace === undefined
      ? { supplier: streamTableJoinOperator(join), ownStores: () => [] }
      : withGrace(dsl, { ...join, ...serdes, name, givenName, operator, grace })
  const node = dsl.graph.add({
    kind: 'operation',
    name,
    parents: [parent.node],
    wantsNullKeys: kind === 'left',
    ...operation,
    otherStores: join.table.storeNames,
    onProcessingError,
  })
  return dsl.stream({ name, node, key: serdes.key, value: undefined, sources, repartitionRequired: false })
}

interface JoinWithGrace extends StreamTableJoin {
  readonly name: string
  readonly givenName: string | undefined
  readonly operator: string
  readonly grace: Duration
  readonly key: AnySerde | undefined
  readonly value: AnySerde | undefined
}

function withGrace(dsl: DslBuilder, join: JoinWithGrace): Operation {
  const { name, operator } = join
  const graceMs = checkedGrace(join)
  const bufferName = `${name}-Buffer`
  if (join.givenName === undefined) {
    dsl.generated.stores.push(bufferName)
    dsl.generated.changelogs.push(`${bufferName}-changelog`)
  }
  const key = requireSerde(name, `store ${bufferName}`, 'key', join.key, ` of ${operator}`)
  const value = requireSerde(name, `store ${bufferName}`, 'value', join.value, ` of ${operator}`)
  const asJava = dsl.shape.compatibility === 'java'
  const spec = bufferSpec(bufferName)
  return {
    supplier: streamTableJoinWithGraceOperator({ ...join, key, value, graceMs, bufferName, asJava }),
    ownStores: () => [spec],
  }
}

function checkedGrace({ operator, grace, table }: JoinWithGrace): number {
  const graceMs = parseDuration(grace)
  if (graceMs === undefined || graceMs < 0) {
    refuse('MILLRACE_OPTION_INVALID', `${operator}: grace is a duration of at least 0, found ${JSON.stringify(grace)}`)
  }
  if (table.historyRetentionMs === undefined) refuseTable(operator)
  if (graceMs <= table.historyRetentionMs) return graceMs
  return refuse(
    'MILLRACE_STORE_OPTION_INVALID',
    `${operator}: history retention must be at least the grace period: the table keeps ${table.historyRetentionMs} ms, and grace is ${graceMs} ms; give its store a longer historyRetention, or the join a shorter grace`,
  )
}

/** Its entries are bytes, made by the join. */
function bufferSpec(name: string): StoreSpec {
  return {
    kind: 'keyValue',
    name,
    key: bytesSerde,
    value: bytesSerde,
    caching: false,
    logging: true,
    changelogConfig: {},
    untimed: true,
  }
}

function refuseTable(operator: string): never {
  refuse(
    'MILLRACE_STORE_OPTION_INVALID',
    `${operator}: the table must be versioned to use a grace period in a stream-table join; give it a store made by stores.versioned(), or leave out grace`,
  )
}

function refuse(code: 'MILLRACE_OPTION_INVALID' | 'MILLRACE_STORE_OPTION_INVALID', message: string): never {
  throw new TopologyError(code, message)
}

/**
 * A stream in front of a join, partitioned anew where its key may have changed. Kafka Streams:
 * KStreamImpl.repartitionForJoin.
 */
import type { AnySerde } from '../../serde/serde.ts'
import type { DslBuilder, KStreamPart } from '../dsl-builder.ts'
import type { NodeId } from '../graph.ts'
import { repartitionNode } from '../repartition.ts'

export interface JoinRepartition {
  /** Of the operator, or of the side of it; undefined: the topic is named after the stream's node. */
  readonly givenName: string | undefined
  readonly key: AnySerde | undefined
  readonly value: AnySerde | undefined
  /** Where the user can give the serdes: ` of join()`. */
  readonly serdeHint: string
}

interface Repartitioned {
  readonly node: NodeId
  readonly name: string
}

/** What each stream was last written through. */
const latest = new WeakMap<KStreamPart, Repartitioned>()

/**
 * `name` is the topic's base. Joins of one stream that are not named share its latest topic, whatever that is called:
 * Java remembers one per stream and takes it for every join whose topic would be named after the stream.
 */
export function repartitionForJoin(dsl: DslBuilder, stream: KStreamPart, join: JoinRepartition): KStreamPart {
  const base = join.givenName ?? stream.name
  const key = join.key ?? stream.key
  const value = join.value ?? stream.value
  const baseIsGiven = join.givenName !== undefined
  // Made even where it is not used, because it uses up indices.
  const request = repartitionNode(dsl, {
    parent: stream.node,
    base,
    baseIsGiven,
    key,
    value,
    serdeHint: join.serdeHint,
  })
  const shared = base === stream.name ? latest.get(stream) : undefined
  const used = shared ?? { node: dsl.graph.add(request), name: request.name }
  latest.set(stream, used)
  return { name: used.name, node: used.node, key, value, sources: new Set([used.name]), repartitionRequired: false }
}

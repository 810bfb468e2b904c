/** Which of the joins of a stream is meant: with a stream, a table or a global table. */
import { TopologyError } from '../../errors/topology-error.ts'
import { checkFunction } from '../../topology/check-options.ts'
import type { Named } from '../../topology/options.ts'
import type { DslBuilder, KStreamPart } from '../dsl-builder.ts'
import type { Joined } from '../options.ts'
import type { KStream } from '../streams.ts'
import type { JoinWindows } from '../windows.ts'
import { joinGlobalTable } from './stream-global-join.ts'
import { joinStreams, type StreamJoinOptions } from './stream-stream-join.ts'
import { joinTable } from './stream-table-join.ts'

export type JoinKind = 'inner' | 'left' | 'outer'

type Callback = (...parameters: readonly never[]) => unknown

/** `rest`: the arguments after `other`, which the overloads of KStream describe. */
export function joinStream<K, VR>(
  dsl: DslBuilder,
  part: KStreamPart,
  kind: JoinKind,
  other: unknown,
  rest: readonly unknown[],
): KStream<K, VR> {
  const operator = kind === 'inner' ? 'join()' : `${kind}Join()`
  const { stream, table, globalTable } = dsl.partsOf(other)
  const [first, second, third] = rest
  if (stream !== undefined) {
    const options = (third ?? {}) as StreamJoinOptions
    return joinStreams(dsl, part, stream, kind, callback(operator, 'joiner', first), second as JoinWindows, options)
  }
  if (kind !== 'outer' && table !== undefined) {
    const options = (second ?? {}) as Joined<K, never, never>
    return joinTable(dsl, part, table, kind, callback(operator, 'joiner', first), options)
  }
  if (kind !== 'outer' && globalTable !== undefined) {
    const mappedKey = callback(operator, 'function that selects the key', first)
    const options = (third ?? {}) as Named
    return joinGlobalTable(dsl, part, globalTable, kind, mappedKey, callback(operator, 'joiner', second), options)
  }
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `${operator}: the first argument must be a stream${kind === 'outer' ? '' : ', a table or a global table'} of this StreamsBuilder; make both with the same builder`,
  )
}

function callback(operator: string, what: string, found: unknown): Callback {
  return checkFunction(operator, what, found) as Callback
}

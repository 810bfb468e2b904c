/** What the translations of StreamJoinScenarios.java share. */
import type { KStream } from '../../../src/dsl/streams.ts'
import type { StreamJoined } from '../../../src/dsl/options.ts'
import { joinWithin, type JoinWindows } from '../../../src/dsl/windows.ts'
import { pair, STRINGS, type Text } from './vector-topology.ts'

export type TextStream = KStream<Text, Text>

export const joinKinds = ['inner', 'left', 'outer'] as const
export type JoinKind = (typeof joinKinds)[number]

/** Java's `StreamJoined.with(S, S, S)`. */
export const joined: StreamJoined<Text, Text, Text> = { ...STRINGS, otherValue: STRINGS.value }

export function within(before: number, after: number, grace: number): JoinWindows {
  return joinWithin({ before, after, grace })
}

export function join(
  kind: JoinKind,
  left: TextStream,
  right: TextStream,
  windows: JoinWindows,
  options: StreamJoined<Text, Text, Text> = joined,
): TextStream {
  return joinAny(kind, left, right, windows, options) as unknown as TextStream
}

function joinAny(
  kind: JoinKind,
  left: TextStream,
  right: TextStream,
  windows: JoinWindows,
  options: StreamJoined<Text, Text, Text>,
): KStream<Text, string> {
  if (kind === 'inner') return left.join(right, pair, windows, options)
  if (kind === 'left') return left.leftJoin(right, pair, windows, options)
  return left.outerJoin(right, pair, windows, options)
}

/** "10/10/0": before, after, grace. */
export function windowsOf(name: string): JoinWindows {
  const [before = 0, after = 0, grace = 0] = name.split('/').map(Number)
  return within(before, after, grace)
}

export function swap(stream: TextStream): TextStream {
  return stream.map((v, k) => [v, k] as const)
}

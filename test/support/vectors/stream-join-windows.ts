/** StreamJoinScenarios.java, `windows`: every kind of join with every kind of window. */
import { serdes } from '../../../src/serde/serdes.ts'
import { join, joinKinds, windowsOf, within, type JoinKind } from './stream-join-kinds.ts'
import { dsl, STRINGS, strings, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

const windows = [
  '10/10/0',
  '15/15/5',
  '0/0/0',
  '0/0/10',
  '5/15/2',
  '15/5/0',
  '0/10/3',
  '10/0/3',
  '-3/10/1',
  '10/-3/1',
  '0/0/1',
  '500/500/0',
]

function joinOf(kind: JoinKind, window: string): VectorTopology {
  return dsl((b) => join(kind, b.stream('L', STRINGS), b.stream('R', STRINGS), windowsOf(window)).to('out', strings))
}

function plain(kind: JoinKind): [string, VectorTopology][] {
  return windows.flatMap((window) => {
    const inOne = window.startsWith('0/0') || window.startsWith('500')
    const inputs = inOne ? ['mixed', 'random 1'] : ['mixed', 'random 1', 'random 2']
    return inputs.map((input): [string, VectorTopology] => [
      `stream join ${kind} ${window}: ${input}`,
      joinOf(kind, window),
    ])
  })
}

function otherTypes(kind: JoinKind): VectorTopology {
  return dsl((b) => {
    const left = b.stream('L', { key: serdes.int32, value: serdes.int64 })
    const right = b.stream('R', { key: serdes.int32, value: serdes.float64 })
    const format = (value: number | null): string => {
      if (value === null) return 'null'
      if (value === 1e300) return '1.0E300'
      return Number.isInteger(value) ? `${value}.0` : String(value)
    }
    const joiner = (x: number | null, y: number | null, k: number): string => `${k}:${x}:${format(y)}`
    const joined =
      kind === 'inner'
        ? left.join(right, joiner, within(10, 10, 1))
        : kind === 'left'
          ? left.leftJoin(right, joiner, within(10, 10, 1))
          : left.outerJoin(right, joiner, within(10, 10, 1))
    joined.to('out', { key: serdes.int32, value: serdes.string })
  })
}

export const joinWindowVectors: VectorTopologies = Object.fromEntries(
  joinKinds.flatMap((kind) => [
    ...plain(kind),
    [`stream join ${kind}: emitted every second at most`, joinOf(kind, '5/5/0')],
    [`stream join ${kind}: cache on`, joinOf(kind, '10/10/5')],
    [`stream join ${kind}: headers`, joinOf(kind, '10/10/0')],
    [`stream join ${kind}: keys and values of other types`, otherTypes(kind)],
  ]),
)

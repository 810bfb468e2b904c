/** StreamJoinScenarios.java, `selfJoins`: a stream joined with itself, over two stores and over one. */
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { join, joined, joinKinds, windowsOf, within, type TextStream } from './stream-join-kinds.ts'
import { dsl, STRINGS, strings, type VectorTopologies, type VectorTopology } from './vector-topology.ts'

const windows = ['10/10/0', '5/15/3', '15/0/3', '0/0/0', '0/0/5', '-3/10/1']

/** The inputs have records for R too, which nothing is joined with. */
function sourceOf(b: StreamsBuilder): TextStream {
  const s = b.stream('L', STRINGS)
  b.stream('R', STRINGS).to('unjoined')
  return s
}

function rekeyed(b: StreamsBuilder): TextStream {
  const s = b.stream('L', STRINGS).selectKey((_v, k) => k)
  b.stream('R', STRINGS).to('unjoined')
  return s
}

const options = { ...joined, name: 'jn', store: 'js' }

function joinsItself(define: (b: StreamsBuilder) => TextStream): VectorTopology {
  return dsl((b) => {
    const s = define(b)
    join('inner', s, s, within(5, 5, 2)).to('out', strings)
  })
}

function joinsItselfNamed(): VectorTopology {
  return dsl((b) => {
    const s = rekeyed(b)
    join('inner', s, s, within(5, 5, 2), options).to('out', strings)
  })
}

const plain = joinKinds.flatMap((kind) =>
  ['none', 'single.store.self.join'].flatMap((optimization) =>
    windows.map((window): [string, VectorTopology] => [
      `self join ${kind} ${window} (${optimization})`,
      dsl((b) => {
        const s = sourceOf(b)
        join(kind, s, s, windowsOf(window)).to('out', strings)
      }),
    ]),
  ),
)

export const selfJoinVectors: VectorTopologies = {
  ...Object.fromEntries(plain),
  'self join of two streams of one topic, optimized': dsl((b) => {
    b.stream('R', STRINGS).to('unjoined')
    join('inner', b.stream('L', STRINGS), b.stream('L', STRINGS), within(5, 5, 2)).to('out', strings)
  }),
  'self join, repartitioned, optimized': joinsItself(rekeyed),
  'self join, repartitioned, named, optimized': joinsItselfNamed(),
  'self join, repartitioned, named, not optimized': joinsItselfNamed(),
  'self joins: two of one stream, named and not, optimized': dsl((b) => {
    const s = sourceOf(b)
    join('inner', s, s, within(5, 5, 2), { ...joined, name: 'jn' }).to('one', strings)
    join('left', s, s, within(3, 3, 0), { ...joined, store: 'js' }).to('two', strings)
    const filtered: TextStream = s.filter(() => true)
    join('inner', s, filtered, within(3, 3, 0)).to('three', strings)
  }),
  'self joins: chained, optimized': dsl((b) => {
    const s = b.stream('L', STRINGS)
    const j = join('inner', s, s, within(3, 3, 2))
    b.stream('R', STRINGS).to('unjoined')
    join('inner', j, j, within(2, 2, 1)).to('out', strings)
  }),
}

/** Failing callbacks of tables and joins: of ErrorScenarios.java. */
import { stores } from '../../../src/state/stores.ts'
import type { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { KStream, KTable } from '../../../src/dsl/streams.ts'
import { joinWithin } from '../../../src/dsl/windows.ts'
import { ok, TO_PICKY } from './dead-letters.ts'
import {
  dsl,
  pair,
  STRINGS,
  strings,
  type Text,
  type VectorTopologies,
  type VectorTopology,
} from './vector-topology.ts'

type TextTable = KTable<string, string>
type TextStream = KStream<Text, Text>
const stored = { ...strings, store: 's' }
const append = (aggregate: string, value: string): string => aggregate + value
const without = (aggregate: string, value: string): string => aggregate.replace(value, '')
const joiner = (left: unknown, right: unknown): string => ok(`${String(left)}${String(right)}`)

function table(b: StreamsBuilder, topic = 'in', options: object = {}): TextTable {
  return b.table(topic, { ...strings, ...options })
}

function out<V>(define: (b: StreamsBuilder) => KTable<string, V>): VectorTopology {
  return dsl((b) =>
    define(b)
      .toStream()
      .to('out', strings as object),
  )
}

const tables: VectorTopologies = {
  'dead letter: table filter': out((b) => table(b, 'in', { store: 't' }).filter((v) => ok(v) !== '', { store: 'f' })),
  'dead letter: table filter, not materialized': out((b) => table(b).filter((v) => ok(v) !== '')),
  'dead letter: table mapValues': out((b) =>
    table(b, 'in', { store: 't' }).mapValues((v) => ok(v), { ...strings, store: 'm' }),
  ),
  'dead letter: table source with a store that refuses the value': out((b) =>
    b.stream('in', STRINGS).toTable({ ...TO_PICKY, store: 't' }),
  ),
  'dead letter: toStream with a mapper': dsl((b) =>
    table(b)
      .toStream((v) => ok(v))
      .to('out', strings),
  ),
  'dead letter: table groupBy': out((b) =>
    table(b)
      .groupBy((v) => [ok(v).slice(0, 1), v], strings)
      .reduce(append, without, stored),
  ),
  'dead letter: adder': out((b) =>
    table(b)
      .groupBy((v) => ['all', v], strings)
      .reduce((a, v) => ok(a + v), without, stored),
  ),
  'dead letter: subtractor': out((b) =>
    table(b)
      .groupBy((v) => ['all', v], strings)
      .reduce(append, (a, v) => without(ok(a), v), stored),
  ),
  'dead letter: table fan-out, one of three fails': dsl((b) => {
    const t = table(b, 'in', { store: 't' })
    t.mapValues((v) => `${v}1`)
      .toStream()
      .to('one', strings)
    t.mapValues((v) => ok(v))
      .toStream()
      .to('two', strings)
    t.filter((v) => v !== 'c')
      .toStream()
      .to('three', strings)
  }),
}

const kinds = ['join', 'leftJoin', 'outerJoin'] as const
const within = joinWithin({ difference: 5, grace: 5 })

const JOIN_OPTIONS = { ...STRINGS, otherValue: STRINGS.value, store: 'j' }

function streamJoin(join: (left: TextStream, right: TextStream) => KStream<Text, string>): VectorTopology {
  return dsl((b) => join(b.stream('L', STRINGS), b.stream('R', STRINGS)).to('out', strings))
}

const streamJoins: VectorTopologies = {
  'dead letter: stream join': streamJoin((l, r) => l.join(r, joiner, within, JOIN_OPTIONS)),
  'dead letter: stream leftJoin': streamJoin((l, r) => l.leftJoin(r, joiner, within, JOIN_OPTIONS)),
  'dead letter: stream outerJoin': streamJoin((l, r) => l.outerJoin(r, joiner, within, JOIN_OPTIONS)),
}

const tableJoins: VectorTopologies = Object.fromEntries(
  kinds.flatMap((kind) => [
    [`dead letter: table ${kind}`, out((b) => table(b, 'L')[kind](table(b, 'R'), joiner, stored))],
    [
      `dead letter: below a table ${kind}`,
      dsl((b) => {
        const joined = table(b, 'L')[kind](table(b, 'R'), pair)
        joined
          .toStream()
          .mapValues((v) => ok(v))
          .to('out', strings)
      }),
    ],
  ]),
)

function selfJoin(b: StreamsBuilder): KStream<Text, string> {
  const s = b.stream(['L', 'R'], STRINGS)
  return s.join(s, joiner, within, JOIN_OPTIONS)
}

const JOINED = { ...STRINGS, otherValue: strings.value }

const otherJoins: VectorTopologies = {
  'dead letter: self join': dsl((b) => selfJoin(b).to('out', strings)),
  'dead letter: self join in one store': dsl((b) => selfJoin(b).to('out', strings)),
  'dead letter: stream-table join': dsl((b) =>
    b.stream('L', STRINGS).join(table(b, 'R'), joiner, JOINED).to('out', strings),
  ),
  'dead letter: stream-table leftJoin': dsl((b) =>
    b.stream('L', STRINGS).leftJoin(table(b, 'R'), joiner, JOINED).to('out', strings),
  ),
  'dead letter: stream-table join with grace': dsl((b) => {
    const versioned = stores.versioned('v', { ...strings, historyRetention: 100 })
    b.stream('L', STRINGS)
      .leftJoin(table(b, 'R', { store: versioned }), joiner, { ...JOINED, grace: 3 })
      .to('out', strings)
  }),
  'dead letter: global join, selector fails': dsl((b) =>
    b
      .stream('L', STRINGS)
      .leftJoin(b.globalTable('R', strings), (v) => ok(v), pair)
      .to('out', strings),
  ),
}

const foreignKeys: VectorTopologies = Object.fromEntries(
  [false, true].flatMap((isLeft) => {
    const name = `dead letter: foreign-key ${isLeft ? 'leftJoin' : 'join'}`
    const join = (
      b: StreamsBuilder,
      foreignKey: (value: string) => string,
      joined: (left: unknown, right: unknown) => string,
    ): TextTable => {
      const [l, r] = [table(b, 'L'), table(b, 'R')]
      return isLeft ? l.leftJoinOn(r, foreignKey, joined, stored) : l.joinOn(r, foreignKey, joined, stored)
    }
    return [
      [`${name}, extractor`, out((b) => join(b, (v) => ok(v).replaceAll(/l./g, 'k'), pair))],
      [`${name}, joiner`, out((b) => join(b, () => 'k', joiner))],
    ]
  }),
)

export const deadLetterTableVectors: VectorTopologies = {
  ...tables,
  ...streamJoins,
  ...tableJoins,
  ...otherJoins,
  ...foreignKeys,
}

/** What WindowScenarios.java does with every kind of windows. */
import type { EmitStrategy, SessionWindows, SlidingWindows, TimeWindows } from '../../../src/dsl/windows.ts'
import type { KGroupedStream, KTable } from '../../../src/dsl/streams.ts'
import type { Windowed } from '../../../src/serde/windowed.ts'
import { dsl, STRINGS, strings, type Text, type VectorTopology } from './vector-topology.ts'

export type Op = 'count' | 'reduce' | 'aggregate' | 'aggregate and delete'
type Table = KTable<Windowed<string>, string>

/** The store is called w. Values are strings; those of count are numbers, which only `to` sees. */
export type Kind = (grouped: KGroupedStream<string, Text>, op: Op, emit?: EmitStrategy, retention?: number) => Table

export function append(aggregate: string, value: Text): string {
  return `${aggregate}${value}`
}

export function appendOrDelete(aggregate: string, value: Text): Text {
  return value === 'del' ? null : append(aggregate, value)
}

export function merged(one: string, two: string): string {
  return `(${one}|${two})`
}

export function timeKind(windows: TimeWindows | SlidingWindows): Kind {
  return (grouped, op, emit = 'onWindowUpdate', retention) => {
    const windowed = grouped.windowedBy(windows).emitStrategy(emit)
    const store = { store: 'w', ...(retention !== undefined && { retention }) }
    const value = strings.value
    switch (op) {
      case 'count':
        return windowed.count(store) as unknown as Table
      case 'reduce':
        return windowed.reduce(appendOrDelete, { ...store, value })
      case 'aggregate':
        return windowed.aggregate(() => '', append, { ...store, value })
      case 'aggregate and delete':
        return windowed.aggregate(() => '', appendOrDelete, { ...store, value })
    }
  }
}

export function sessionKind(windows: SessionWindows): Kind {
  return (grouped, op, emit = 'onWindowUpdate', retention) => {
    const windowed = grouped.windowedBy(windows).emitStrategy(emit)
    const store = { store: 'w', ...(retention !== undefined && { retention }) }
    const value = strings.value
    switch (op) {
      case 'count':
        return windowed.count(store) as unknown as Table
      case 'reduce':
        return windowed.reduce(appendOrDelete, { ...store, value })
      case 'aggregate':
        return windowed.aggregate(() => '', append, merged, { ...store, value })
      case 'aggregate and delete':
        return windowed.aggregate(() => '', appendOrDelete, merged, { ...store, value })
    }
  }
}

export function updates(kind: Kind, op: Op | 'old values'): VectorTopology {
  return dsl((b) => {
    const grouped = b.stream('in', STRINGS).groupByKey({ key: strings.key, value: STRINGS.value })
    if (op !== 'old values') return kind(grouped, op).toStream().to('out')
    kind(grouped, 'aggregate and delete')
      .groupBy((value, { key }) => [key, value], strings)
      .reduce(
        (a, v) => `${a}+${v}`,
        (a, v) => `${a}-${v}`,
        { store: 'g', caching: false },
      )
      .toStream()
      .to('out')
  })
}

export function onClose(kind: Kind, op: Op, retention?: number): VectorTopology {
  return dsl((b) => {
    const grouped = b.stream('in', STRINGS).groupByKey({ key: strings.key, value: STRINGS.value })
    kind(grouped, op, 'onWindowClose', retention).toStream().to('out')
  })
}

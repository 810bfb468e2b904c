/** The tables that windowed aggregations make: store, operator, grace and keys of each kind of windows. */
import type { TopologyShape } from '../topology/topology-shape.ts'
import type { Serde } from '../serde/serde.ts'
import { sessionWindowedSerde, timeWindowedSerde } from '../serde/windowed-serdes.ts'
import type { MakeTable } from './grouped-aggregation.ts'
import type { Aggregation } from './operators/aggregate.ts'
import type { Merger } from './operators/aggregation-calls.ts'
import { sessionWindowAggregateOperator } from './operators/session-window-aggregate.ts'
import { slidingWindowAggregateOperator } from './operators/sliding-window-aggregate.ts'
import { windowAggregateOperator } from './operators/window-aggregate.ts'
import { withLastMillisecond } from './last-millisecond.ts'
import { windowedStore } from './window-stores.ts'
import { openSessions, openWindows, WindowTable } from './window-supply.ts'
import { finite, type EmitStrategy, type SessionWindows, type SlidingWindows, type TimeWindows } from './windows.ts'

export function timeWindowedTable(
  shape: TopologyShape,
  windows: TimeWindows | SlidingWindows,
  emit: EmitStrategy,
): MakeTable {
  const emitsOnClose = emit === 'onWindowClose'
  return (node, storeName, options, serdes) => {
    const spec = windowedStore(node, storeName, windows, emitsOnClose, options, serdes)
    const table = new WindowTable(storeName, spec.retentionMs, openWindows)
    const losesExpired = shape.compatibility === 'java'
    return {
      spec,
      supply: table,
      key: timeWindowedSerde(
        spec.key as Serde<unknown>,
        windows.kind === 'time' ? finite(windows.sizeMs) : windows.differenceMs,
      ),
      graceMs: windows.graceMs,
      operator<K, V>(aggregation: Aggregation<K, V>) {
        const given = { aggregation, table, emitsOnClose, losesExpired }
        return windows.kind === 'time'
          ? windowAggregateOperator(windows, given)
          : slidingWindowAggregateOperator(windows, { ...given, sharesAggregates: spec.value?.immutable === true })
      },
    }
  }
}

/** A session takes records until its gap and the grace are over. */
export function sessionWindowedTable(
  shape: TopologyShape,
  windows: SessionWindows,
  emit: EmitStrategy,
  merger: Merger<never>,
): MakeTable {
  const emitsOnClose = emit === 'onWindowClose'
  return (node, storeName, options, serdes) => {
    const losesExpired = shape.compatibility === 'java'
    const asJava = windowedStore(node, storeName, windows, emitsOnClose, options, serdes)
    const spec = losesExpired ? asJava : withLastMillisecond(asJava)
    const table = new WindowTable(storeName, spec.retentionMs, openSessions)
    return {
      spec,
      supply: table,
      key: sessionWindowedSerde(spec.key as Serde<unknown>),
      graceMs: windows.graceMs + windows.gapMs,
      operator: (aggregation) =>
        sessionWindowAggregateOperator(windows, {
          aggregation,
          table,
          emitsOnClose,
          losesExpired,
          merger: merger as Merger<unknown>,
        }),
    }
  }
}

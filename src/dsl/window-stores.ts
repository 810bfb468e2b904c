/**
 * From the options of a windowed table to its store, with Java's retention: long enough for every window that can still
 * change. Kafka Streams: WindowStoreMaterializer.java, SlidingWindowStoreMaterializer.java, SessionStoreMaterializer.java.
 */
import { TopologyError } from '../errors/topology-error.ts'
import type { StoreSpec, StoreWindows } from '../processor/store-builder.ts'
import { givenRetentionMs, storeOf, type AnyMaterialized, type InheritedSerdes } from './materialized.ts'
import { finite, isUnlimited, type AnyWindows } from './windows.ts'

type BuilderKind = 'window' | 'session'

export function windowedStore(
  node: string,
  name: string,
  windows: AnyWindows,
  emitsOnClose: boolean,
  options: AnyMaterialized,
  serdes: InheritedSerdes,
): StoreSpec & { readonly retentionMs: number } {
  const given = builderSpec(node, options, windows.kind === 'session' ? 'session' : 'window')
  const leastMs = leastRetention(windows)
  const chosenMs = givenRetentionMs(node, options)
  if (chosenMs !== undefined && chosenMs < leastMs.ms) refuseRetention(node, name, chosenMs, leastMs)
  const store = storeOf(node, name, options, given, serdes)
  return {
    ...store,
    kind: windows.kind === 'session' ? 'session' : 'timestampedWindow',
    // As in Java a cache would only delay final results; of time windows it keeps one, which nobody listens to.
    caching: store.caching && (!emitsOnClose || windows.kind === 'time'),
    retentionMs: given?.retentionMs ?? chosenMs ?? finite(leastMs.ms),
    windowSizeMs: given?.windowSizeMs ?? windowSize(windows),
    timeOrdered: emitsOnClose,
    windows: describedWindows(windows),
  }
}

interface Least {
  readonly ms: number
  readonly formula: string
}

function leastRetention(windows: AnyWindows): Least {
  const { graceMs } = windows
  switch (windows.kind) {
    case 'time':
      return { ms: windows.sizeMs + graceMs, formula: `the size and the grace, ${windows.sizeMs} + ${graceMs}` }
    case 'sliding':
      return {
        ms: 2 * windows.differenceMs + graceMs,
        formula: `twice the difference and the grace, 2 * ${windows.differenceMs} + ${graceMs}`,
      }
    case 'session':
      return { ms: windows.gapMs + graceMs, formula: `the gap and the grace, ${windows.gapMs} + ${graceMs}` }
  }
}

function describedWindows(windows: AnyWindows): StoreWindows {
  const { graceMs } = windows
  if (windows.kind === 'session') return { kind: 'session', gapMs: windows.gapMs, graceMs }
  if (windows.kind === 'sliding') return { kind: 'sliding', differenceMs: windows.differenceMs, graceMs }
  const { sizeMs, advanceMs, startMs = 0 } = windows
  if (isUnlimited(windows)) return { kind: 'unlimited', startMs, graceMs }
  return { kind: advanceMs === sizeMs ? 'tumbling' : 'hopping', sizeMs, advanceMs, graceMs }
}

function windowSize(windows: AnyWindows): number | undefined {
  if (windows.kind === 'session') return undefined
  return windows.kind === 'time' ? finite(windows.sizeMs) : windows.differenceMs
}

function refuseRetention(node: string, storeName: string, foundMs: number, least: Least): never {
  throw new TopologyError(
    'MILLRACE_OPTION_INVALID',
    `node ${node}: the retention of store ${storeName} is ${foundMs} ms, and must be no smaller than ${least.formula} = ${least.ms} ms, because its windows change until then; give a longer 'retention', or none`,
    { node, storeName },
  )
}

function builderSpec(node: string, { store }: AnyMaterialized, kind: BuilderKind): StoreSpec | undefined {
  if (store === undefined || typeof store === 'string') return undefined
  const { spec } = store
  if (spec.kind === kind && spec.retainDuplicates !== true) return spec
  const found = spec.kind === kind ? `a ${kind} store that retains duplicates` : `a ${spec.kind} store`
  throw new TopologyError(
    'MILLRACE_STORE_OPTION_INVALID',
    `node ${node}: store ${spec.name} is ${found}, and this table needs one of kind ${kind} without duplicates; use stores.${kind}()`,
    { node, storeName: spec.name },
  )
}

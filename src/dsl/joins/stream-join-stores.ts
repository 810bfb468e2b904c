/**
 * The stores of a join of two streams: one window store per side, which keeps every record, and for left and outer joins
 * one that both share. Kafka Streams: StreamJoinedStoreFactory.java, OuterStreamJoinStoreFactory.java, and the checks of
 * KStreamImplJoin.java.
 */
import { TopologyError } from '../../errors/topology-error.ts'
import type { StoreBuilder, StoreSpec } from '../../processor/store-builder.ts'
import { bytesSerde } from '../../serde/basic-serdes.ts'
import type { AnySerde } from '../../serde/serde.ts'
import { checkName } from '../../topology/names.ts'
import { withLastMillisecond } from '../last-millisecond.ts'
import type { JoinWindows } from '../windows.ts'

export interface JoinStoreOptions {
  readonly operator: string
  readonly windows: JoinWindows
  readonly logging: boolean
  readonly key: AnySerde
  readonly asJava: boolean
}

/** Of one side. `given`: the builder that the user gave; else `name` is the store's. */
export function sideStore(
  { operator, windows, logging, key, asJava }: JoinStoreOptions,
  name: string,
  value: AnySerde,
  given: StoreBuilder | undefined,
): StoreSpec {
  const windowSizeMs = windows.beforeMs + windows.afterMs
  const retentionMs = windowSizeMs + windows.graceMs
  if (given !== undefined) checkWindow(operator, given, windowSizeMs, retentionMs)
  const spec = {
    kind: 'window' as const,
    name,
    key,
    value,
    persistent: given?.spec.persistent,
    caching: false,
    // A builder speaks for its own store, as Java's supplier does.
    logging: given?.spec.logging ?? logging,
    // Every record has a key of its own, so there is nothing to compact.
    changelogConfig: given?.spec.changelogConfig ?? { 'cleanup.policy': 'delete' },
    retentionMs,
    windowSizeMs,
    retainDuplicates: true,
    logsHeaders: true,
    windows: { kind: 'join' as const, beforeMs: windows.beforeMs, afterMs: windows.afterMs, graceMs: windows.graceMs },
  }
  return asJava ? spec : withLastMillisecond(spec)
}

/** Records that wait for a match. Keys and values are bytes: `operators/unmatched-records.ts` writes them. */
export function sharedStore(name: string, logging: boolean, persistent: boolean | undefined): StoreSpec {
  return {
    kind: 'keyValue',
    name,
    key: bytesSerde,
    value: bytesSerde,
    persistent,
    caching: false,
    logging,
    changelogConfig: {},
  }
}

export function checkJoinStores(
  operator: string,
  stores: { readonly thisStore?: StoreBuilder | undefined; readonly otherStore?: StoreBuilder | undefined },
): void {
  const { thisStore, otherStore } = stores
  for (const [option, store] of Object.entries(stores)) if (store !== undefined) checkIsBuilder(operator, option, store)
  if (thisStore !== undefined && thisStore.name === otherStore?.name) {
    refuse(operator, thisStore.name, `thisStore and otherStore have the same name; give each a name of its own`)
  }
}

function checkIsBuilder(operator: string, option: string, store: StoreBuilder): void {
  const spec: StoreSpec | undefined = store.spec
  if (spec?.kind !== 'window') {
    refuse(
      operator,
      store.name,
      `${option} is made by stores.window(), found ${spec === undefined ? typeof store : `a ${spec.kind} store`}`,
    )
  }
  checkName(store.name, 'store name')
}

function checkWindow(operator: string, { name, spec }: StoreBuilder, windowSizeMs: number, retentionMs: number): void {
  if (spec.retainDuplicates !== true) {
    refuse(operator, name, 'a join keeps every record of a key; make it with retainDuplicates: true')
  }
  if (spec.windowSizeMs === windowSizeMs && spec.retentionMs === retentionMs) return
  refuse(
    operator,
    name,
    `it has windowSize ${spec.windowSizeMs} ms and retention ${spec.retentionMs} ms, and the join needs windowSize ${windowSizeMs} ms (before + after) and retention ${retentionMs} ms (with the grace period); give it these`,
  )
}

function refuse(operator: string, storeName: string, reason: string): never {
  throw new TopologyError('MILLRACE_STORE_OPTION_INVALID', `${operator}: store ${storeName}: ${reason}`, { storeName })
}

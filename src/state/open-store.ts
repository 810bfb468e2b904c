/** Which classes make up a store of each kind. */
import { StateError } from '../errors/state-error.ts'
import type { StoreSpec } from '../processor/store-builder.ts'
import { WaitingChanges } from './change-buffer.ts'
import { KeyValueCore } from './key-value-core.ts'
import { PlainKeyValueStore, TimestampedKeyValueStore } from './key-value-stores.ts'
import { SessionTable } from './session-stores.ts'
import type { TaskState } from './state-engine.ts'
import { StoreCodec } from './store-codec.ts'
import type { StoreCore } from './store-core.ts'
import type { StoreHost } from './store-host.ts'
import { TimedCore } from './timed-core.ts'
import { complementTail, KeyTexts, TimedKeyLayout } from './timed-key.ts'
import { VersionedCore } from './versioned-core.ts'
import { DuplicateWindowStore, PlainWindowStore, TimestampedWindowStore, type WindowParts } from './window-stores.ts'

export interface TaskStore {
  readonly spec: StoreSpec
  /** The broker's name of its changelog, which serdes are told in any case. */
  readonly serdeTopic: string
  /** Undefined: writes are not logged. */
  readonly changelogTopic: string | undefined
}

export interface OpenStore {
  readonly core: StoreCore
  /** What operators get; processors and queries get its public view. */
  readonly face: unknown
}

export interface OpenOptions {
  readonly state: TaskState
  readonly host: StoreHost
  /** 0 turns caching off. */
  readonly cacheMaxBytes: number
  readonly likeJava: boolean
}

type Codec = StoreCodec<unknown, unknown>

export function openStore(store: TaskStore, options: OpenOptions): OpenStore {
  const { spec } = store
  switch (spec.kind) {
    case 'keyValue':
    case 'timestampedKeyValue':
      return openKeyValue(store, options, spec.kind === 'timestampedKeyValue')
    case 'window':
    case 'timestampedWindow':
      return openWindow(store, options, spec.kind === 'timestampedWindow')
    case 'session':
      return openSession(store, options)
    case 'changeBuffer':
      return openBuffer(store, options)
    case 'versioned':
      return openVersioned(store, options)
  }
}

function openKeyValue(store: TaskStore, options: OpenOptions, timestamped: boolean): OpenStore {
  const { spec, changelogTopic } = store
  const { state, host, cacheMaxBytes, likeJava } = options
  const core = new KeyValueCore<unknown, unknown>({
    name: spec.name,
    codec: codecOf(store, timestamped),
    keyspace: state.keyspace(spec.name),
    host,
    // What a maximum pushes out must be logged at once.
    cached: spec.caching && spec.maxEntries === undefined && cacheMaxBytes > 0,
    changelogTopic,
    maxEntries: spec.maxEntries,
    // differs from Java (#limited-stores), which does not log it where values have timestamps, and restores it.
    logsSurplus: !(likeJava && timestamped),
    logsHeaders: spec.logsHeaders,
    untimed: spec.untimed ?? false,
  })
  return { core, face: timestamped ? new TimestampedKeyValueStore(core) : new PlainKeyValueStore(core, host) }
}

function openWindow(store: TaskStore, options: OpenOptions, timestamped: boolean): OpenStore {
  const { spec } = store
  const codec = codecOf(store, timestamped)
  const layout = new TimedKeyLayout(4)
  // Entries that are numbered are never the same twice: there is nothing that a cache could save.
  const core = timedCore(store, options, codec, layout, spec.caching && spec.retainDuplicates !== true)
  const windowSizeMs = spec.windowSizeMs ?? Infinity
  const parts: WindowParts<unknown, unknown> = {
    core,
    keys: new KeyTexts(codec),
    layout,
    host: options.host,
    windowSizeMs,
  }
  if (timestamped) return { core, face: new TimestampedWindowStore(parts) }
  return { core, face: spec.retainDuplicates === true ? new DuplicateWindowStore(parts) : new PlainWindowStore(parts) }
}

function openSession(store: TaskStore, options: OpenOptions): OpenStore {
  const codec = codecOf(store, false)
  const layout = new TimedKeyLayout(8)
  const core = timedCore(store, options, codec, layout, store.spec.caching, complementTail)
  return { core, face: new SessionTable({ core, keys: new KeyTexts(codec), layout, host: options.host }) }
}

function openBuffer(store: TaskStore, { state, host }: OpenOptions): OpenStore {
  const { spec, changelogTopic } = store
  const keyspace = state.keyspace(spec.name)
  const buffer = new WaitingChanges({ name: spec.name, codec: codecOf(store, false), keyspace, host, changelogTopic })
  return { core: buffer, face: buffer }
}

function openVersioned(store: TaskStore, { state, host, likeJava }: OpenOptions): OpenStore {
  const { spec, changelogTopic } = store
  if (spec.historyRetentionMs === undefined) refuse(spec, 'it has no history retention')
  const codec = codecOf(store, false)
  const core = new VersionedCore<unknown, unknown>({
    name: spec.name,
    codec,
    keys: new KeyTexts(codec),
    state,
    host,
    changelogTopic,
    historyRetentionMs: spec.historyRetentionMs,
    withoutValidTo: likeJava,
  })
  return { core, face: core }
}

function timedCore(
  { spec, changelogTopic }: TaskStore,
  { state, host, cacheMaxBytes }: OpenOptions,
  codec: Codec,
  layout: TimedKeyLayout,
  caching: boolean,
  logged: (id: string) => string = (id) => id,
): TimedCore<unknown> {
  if (spec.retentionMs === undefined) refuse(spec, 'it has no retention')
  return new TimedCore<unknown>({
    name: spec.name,
    codec,
    layout,
    state,
    host,
    cached: caching && cacheMaxBytes > 0,
    changelogTopic,
    retentionMs: spec.retentionMs,
    timeOrdered: spec.timeOrdered ?? false,
    retainDuplicates: spec.retainDuplicates ?? false,
    logged,
    logsHeaders: spec.logsHeaders ?? false,
  })
}

function codecOf({ spec, serdeTopic }: TaskStore, timestamped: boolean): Codec {
  const { key, value } = spec
  if (key === undefined || value === undefined) refuse(spec, 'it has no key or value serde; name both')
  return new StoreCodec(spec.name, serdeTopic, key, value, timestamped)
}

function refuse(spec: StoreSpec, reason: string): never {
  throw new StateError('MILLRACE_STORE_OPTIONS', spec.name, `store ${spec.name}: ${reason}`)
}

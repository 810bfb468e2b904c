import type { AnySerde } from '../serde/serde.ts'

/** `timestampedWindow` and `changeBuffer` are made by the DSL only. */
export type StoreKind =
  'keyValue' | 'timestampedKeyValue' | 'versioned' | 'window' | 'timestampedWindow' | 'session' | 'changeBuffer'

/**
 * The windows whose results a store keeps, as they were defined, in milliseconds. For descriptions and comparisons: what
 * a store does is in `StoreSpec`.
 */
export interface StoreWindows {
  readonly kind: 'tumbling' | 'hopping' | 'unlimited' | 'sliding' | 'session' | 'join'
  readonly sizeMs?: number
  readonly advanceMs?: number
  readonly differenceMs?: number
  readonly gapMs?: number
  readonly beforeMs?: number
  readonly afterMs?: number
  readonly startMs?: number
  readonly graceMs: number
}

/** What a buffer waits for. For descriptions and comparisons. */
export interface BufferLimits {
  readonly until: 'windowCloses' | 'timeLimit'
  /** The grace of the windows, or the time limit. */
  readonly waitMs: number
  /** Null: no limit. */
  readonly maxRecords: number | null
  readonly maxBytes: number | null
}

/** Everything that is known of a store before a task makes it. Durations are in milliseconds. */
export interface StoreSpec {
  readonly kind: StoreKind
  readonly name: string
  readonly key?: AnySerde | undefined
  readonly value?: AnySerde | undefined
  /** Undefined: as `StreamsConfig.store` says. */
  readonly persistent?: boolean | undefined
  readonly caching: boolean
  /** False: nobody chose `caching`, and a table that is given this store has its own default, which is on. */
  readonly cachingChosen?: boolean | undefined
  readonly logging: boolean
  /** Additions to the changelog topic's configuration. */
  readonly changelogConfig: Readonly<Record<string, string>>
  /** Key-value only: least recently used entries go first. */
  readonly maxEntries?: number | undefined
  /** Key-value stores and those of stream joins, without a cache: changelog records have the headers of the record that caused them. */
  readonly logsHeaders?: boolean | undefined
  readonly retentionMs?: number | undefined
  readonly windowSizeMs?: number | undefined
  readonly retainDuplicates?: boolean | undefined
  readonly historyRetentionMs?: number | undefined
  /** Key-value only: changelog records have no timestamp of their own (the buffer of a stream-table join with grace). */
  readonly untimed?: boolean | undefined
  /** Windows and sessions that are also found by time over all keys, for emit on window close. */
  readonly timeOrdered?: boolean | undefined
  readonly windows?: StoreWindows | undefined
  readonly buffer?: BufferLimits | undefined
}

/** Made by `stores.keyValue` and its siblings; `S` is the type of the store that a processor gets. */
export class StoreBuilder<out S = unknown> {
  readonly name: string
  readonly spec: StoreSpec
  declare readonly '~store'?: S

  constructor(spec: StoreSpec) {
    this.name = spec.name
    this.spec = spec
  }
}

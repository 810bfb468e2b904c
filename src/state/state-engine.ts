/**
 * The state engine port: committed state of one task, and how a commit gets there. Engines know bytes only. Everything
 * about records, serdes, caching and changelogs is above, in the overlay and its stores; nothing below ever sees
 * uncommitted data.
 */
import type { TopicPartitionKey } from '../common/topic-partition.ts'

/** Written with every commit, in one atomic unit with its data: how far the state has come. */
export interface Marker {
  readonly formatVersion: number
  /** Per changelog partition 1 + the offset of the last record that is in the state. */
  readonly changelog: Readonly<Record<TopicPartitionKey, number>>
  /** Input offsets of that commit. */
  readonly input: Readonly<Record<TopicPartitionKey, number>>
  /** By topic name; a topic that was deleted and made again has another id. */
  readonly topicIds: Readonly<Record<string, string>>
  /** By store name, in what form its entries are: another topology may have another kind of store under that name. */
  readonly layouts: Readonly<Record<string, string>>
  /** Observed stream times of processors, by node name. */
  readonly streamTimes: Readonly<Record<string, number>>
  /** What stores count beside their entries, by store name and what it is: the highest time, the last number. */
  readonly counters: Readonly<Record<string, number>>
  readonly committedAtMs: number
}

export const markerFormatVersion = 1

export const emptyMarker: Marker = {
  formatVersion: markerFormatVersion,
  changelog: {},
  input: {},
  topicIds: {},
  layouts: {},
  streamTimes: {},
  counters: {},
  committedAtMs: 0,
}

export interface StateEngine {
  readonly name: string
  readonly persistent: boolean
  /**
   * Opens what the last owner of this task committed. `directory` is unused by an engine that is not persistent. Damage is
   * no error: what cannot be read is left out, and `damage` says so.
   */
  open(taskId: string, directory: string | undefined): Promise<TaskState>
}

/** The state of one task: one atomic unit. Reads are synchronous and see what was committed last. */
export interface TaskState {
  /** Of the last commit; undefined before the first. */
  readonly marker: Marker | undefined
  /** What was found broken when it was opened, in words for a log line; undefined where all was well. */
  readonly damage: string | undefined
  /** Made when first named; one per store, or several, whose ids are the store's name, a slash and more. */
  keyspace(id: string): Keyspace
  /** Of all that are there. */
  keyspaceIds(): Iterable<string>
  /**
   * All of `batch` and the marker, or nothing. The engine reads the batch before it returns, whose values stay as they are
   * until then, and copies what it keeps; undefined means that it is done already (an engine in memory).
   */
  commit(batch: Batch, marker: Marker): Promise<void> | undefined
  /** Forgets all key spaces of a store that must be rebuilt; atomic with the marker, as `commit` is. */
  clear(storeName: string, marker: Marker): Promise<void>
  close(): Promise<void>
}

/** Keys are ordered as unsigned bytes. Keys and values that are returned are borrowed: valid until the next call. */
export interface Keyspace {
  readonly size: number
  get(key: Uint8Array): Uint8Array | undefined
  /** From `from` (inclusive) up to `to` (exclusive); undefined is unbounded. It must not outlive a commit. */
  range(from: Uint8Array | undefined, to: Uint8Array | undefined, reverse: boolean): KeyspaceCursor
}

export interface KeyspaceCursor {
  next(): boolean
  readonly key: Uint8Array
  readonly value: Uint8Array
  close(): void
}

export type BatchVisitor = (keyspaceId: string, key: Uint8Array, value: Uint8Array | null) => void

/** What a commit changes; the engine pulls it. A null value deletes. */
export interface Batch {
  forEach(visit: BatchVisitor): void
  /** Key spaces that go as a whole, with their memory; nothing in `forEach` is of them. Asked for after `forEach`. */
  readonly dropped?: readonly string[]
}

/** Whether a key space is one of that store's. */
export function isKeyspaceOf(storeName: string, keyspaceId: string): boolean {
  return keyspaceId === storeName || keyspaceId.startsWith(`${storeName}/`)
}

/** Whether anything of a store is there, in whichever of its key spaces. */
export function hasEntriesOf(state: TaskState, storeName: string): boolean {
  for (const id of state.keyspaceIds()) if (isKeyspaceOf(storeName, id) && state.keyspace(id).size > 0) return true
  return false
}

/** For a commit that only moves the marker. */
export const emptyBatch: Batch = { forEach: () => undefined }

/** What tests of state engines need: batches and markers that are short to write, and all that a state holds. */
import { emptyMarker, type Batch, type Marker, type TaskState } from '../../src/state/state-engine.ts'

export type Change = readonly [keyspace: string, key: string, value: string | null]

export function batchOf(...changes: readonly Change[]): Batch {
  return {
    forEach: (visit) => {
      for (const [keyspace, key, value] of changes) {
        visit(keyspace, Buffer.from(key), value === null ? null : Buffer.from(value))
      }
    },
  }
}

/** The marker of commit `number`. */
export function markerOf(number: number): Marker {
  return { ...emptyMarker, changelog: { 'c-0': number * 10 }, input: { 'in-0': number }, committedAtMs: number }
}

/** Of these key spaces: `keyspace/key` to value, in order. */
export function contentsOf(state: TaskState, keyspaces: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const id of keyspaces) {
    const cursor = state.keyspace(id).range(undefined, undefined, false)
    while (cursor.next()) found[`${id}/${Buffer.from(cursor.key).toString()}`] = Buffer.from(cursor.value).toString()
    cursor.close()
  }
  return found
}

/**
 * Why records are dropped: the label `reason` of `dropped-records-total`, which Java does not have. `docs/nulls.md` lists
 * them.
 */
export const dropReasons = {
  'null key': 'a record without a key came where one is needed',
  'null value': 'a record without a value came where one is needed',
  'null foreign key': 'a row names no row of the other table',
  'negative timestamp': 'the timestamp extractor gave a time before 0',
  'expired window': 'every window of the record has closed, with its grace',
  'expired in its store': 'the entry is older than what its store retains',
  'older version': 'a versioned table was given an older version of a row than the newest',
  'outdated answer': 'the row of a foreign-key join has changed since it asked for its partner',
  'no partition': 'the partitioner named none',
  deserialization: 'a policy skips what cannot be read',
  processing: 'a policy skips what a node fails with',
  production: 'a policy skips what cannot be written',
} as const

export type DropReason = keyof typeof dropReasons

/** For what needs both. */
export function nullReason(key: unknown): DropReason {
  return key === null || key === undefined ? 'null key' : 'null value'
}

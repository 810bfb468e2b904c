import { isThenable, refusePromise, refuseResult } from '../../processor/callback-result.ts'

export type ForeignKeyCallback = (value: unknown, key: unknown) => unknown

/** Null: the row refers to none, or there is no row. */
export function foreignKeyOf(callback: ForeignKeyCallback, value: unknown, key: unknown, nodeName: string): unknown {
  if (value === null) return null
  const foreignKey = callback(value, key)
  if (isThenable(foreignKey)) refusePromise(nodeName, 'foreign key callback', foreignKey)
  if (foreignKey !== undefined) return foreignKey
  return refuseResult(
    nodeName,
    'foreign key callback',
    'the key of the other table, or null where the row refers to none',
    foreignKey,
  )
}

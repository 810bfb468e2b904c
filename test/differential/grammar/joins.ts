/** Joins of streams, of streams with tables, of tables. */
import type { Call } from '../program.ts'
import { typesOf, type Draft, type Made } from './draft.ts'

function withKeyOf(from: Made): (made: Made) => boolean {
  return ({ key }) => key === from.key
}

export function streamJoin(draft: Draft): boolean {
  const { random } = draft
  const from = draft.pick('stream')
  if (from === undefined) return false
  const other = random.chance(0.15) ? from : draft.pick('stream', withKeyOf(from))
  if (other === undefined) return false
  const before = random.pick([0, 5, 10, 10, 15])
  const after = random.chance(0.7) ? before : random.pick([0, 4, 12, ...(before >= 5 ? [-4] : [])])
  const call: Call = {
    op: 'streamJoin',
    how: random.pick(['inner', 'left', 'outer']),
    from: from.id,
    other: other.id,
    ...typesOf(from),
    vo: other.value,
    before,
    after,
    grace: random.pick([0, 0, 5, 20]),
    ...draft.named(0.25),
    ...(random.chance(0.25) ? { store: draft.name() } : {}),
    ...(random.chance(0.08) ? { suppliers: { this: draft.name(), other: draft.name() } } : {}),
    ...(random.chance(0.1) ? { logging: false } : {}),
  }
  draft.add('stream', call, from.key, 'S')
  return true
}

export function tableLookup(draft: Draft): boolean {
  const { random } = draft
  const from = draft.pick('stream')
  const other = from === undefined ? undefined : draft.pick('table', withKeyOf(from))
  if (from === undefined || other === undefined) return false
  const grace = random.chance(other.versioned ? 0.5 : 0.03) ? { grace: random.pick([0, 5, 20]) } : {}
  const how = random.pick(['inner', 'left'] as const)
  const call = { op: 'tableLookup', how, from: from.id, other: other.id, ...typesOf(from), vo: other.value, ...grace }
  draft.add('stream', { ...call, ...draft.named(0.3) }, from.key, 'S')
  return true
}

export function globalLookup(draft: Draft): boolean {
  const from = draft.pick('stream')
  const other = draft.pick('globalTable')
  if (from === undefined || other === undefined) return false
  const how = draft.random.pick(['inner', 'left'] as const)
  const call = { op: 'globalLookup', how, from: from.id, other: other.id, ...draft.named(0.3) }
  draft.add('stream', call, from.key, 'S')
  return true
}

export function tableJoin(draft: Draft): boolean {
  const { random } = draft
  const from = draft.pick('table')
  if (from === undefined) return false
  const other = random.chance(0.1) ? from : draft.pick('table', withKeyOf(from))
  if (other === undefined) return false
  const how = random.pick(['inner', 'left', 'outer'] as const)
  const versions = random.chance(0.04)
  const mat = versions ? draft.versionedStore(from.key) : random.chance(0.3) ? draft.materialized(1, from.key) : {}
  const call = { op: 'tableJoin', how, from: from.id, other: other.id, k: from.key, ...draft.named(0.2), ...mat }
  draft.add('table', call, from.key, 'S')
  return true
}

export function foreignKeyJoin(draft: Draft): boolean {
  const { random } = draft
  const isText = ({ key }: Made): boolean => key === 'S'
  const from = random.chance(0.15) ? draft.pick('table') : draft.pick('table', isText)
  const other = random.chance(0.1) && from?.key === 'S' ? from : draft.pick('table', isText)
  if (from === undefined || other === undefined) return false
  const how = random.pick(['inner', 'left'] as const)
  const mat = random.chance(0.3) ? draft.materialized(1, from.key) : {}
  const call = { op: 'foreignKeyJoin', how, from: from.id, other: other.id, ...typesOf({ ...from, value: 'S' }) }
  draft.add('table', { ...call, ...draft.named(0.25), ...mat }, from.key, 'S')
  return true
}

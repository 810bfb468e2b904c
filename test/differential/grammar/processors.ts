/** Processors of users, with stores of every kind. */
import type { StoreKindOf, StoreOf } from '../program.ts'
import { type Draft, type Made, typesOf } from './draft.ts'
import { failing } from './streams.ts'

const kinds: readonly StoreKindOf[] = [
  'keyValue',
  'keyValue',
  'keyValue',
  'timestamped',
  'window',
  'duplicates',
  'session',
  'versioned',
]

export function process(draft: Draft): boolean {
  const { random } = draft
  const from = draft.pick('stream')
  if (from === undefined) return false
  const fixed = random.chance(0.4)
  const uses = random.chance(0.7) ? usesStore(draft) : readsGlobal(draft)
  const rest = { from: from.id, ...uses, ...draft.named(0.3), ...failing(draft) }
  if (fixed) draft.add('stream', { op: 'processValues', ...rest }, from.key, 'S')
  else draft.add('stream', { op: 'process', ...rest, ...extras(draft, from) }, from.key, 'S')
  return true
}

/** A punctuator forwards text as key, and so does a scan. */
function extras({ random }: Draft, { key }: Made): { punctuate?: number; scan?: 'all' | 'reverse' | 'some' } {
  if (key !== 'S') return {}
  return {
    ...(random.chance(0.25) ? { punctuate: random.pick([5, 10, 25]) } : {}),
    ...(random.chance(0.25) ? { scan: random.pick(['all', 'reverse', 'some'] as const) } : {}),
  }
}

function readsGlobal({ random, globalStores }: Draft): { reads?: string } {
  return globalStores.length === 0 ? {} : { reads: random.pick(globalStores) }
}

type Uses = { readonly uses: StoreOf; readonly brings?: true }

/** Of the program's stores, or a new one; a processor may bring it along. */
export function usesStore(draft: Draft, only?: StoreKindOf): Uses {
  const { random, processorStores } = draft
  const shared = processorStores.filter(({ kind }) => only === undefined || kind === only)
  if (shared.length > 0 && random.chance(0.4)) return { uses: random.pick(shared) }
  const store = storeOf(draft, only ?? random.pick(kinds))
  if (only === undefined && random.chance(0.2)) return { uses: store, brings: true }
  draft.calls.push({ op: 'addStore', uses: store })
  processorStores.push(store)
  return { uses: store }
}

function storeOf(draft: Draft, kind: StoreKindOf): StoreOf {
  const { random } = draft
  const store = draft.name()
  const isRead = kind !== 'duplicates' && kind !== 'window'
  if (isRead) draft.queries.push({ store, k: 'S' })
  const caching = kind !== 'versioned' && kind !== 'duplicates' && random.chance(0.2) ? { caching: true as const } : {}
  const logging = random.chance(0.1) ? { logging: false as const } : {}
  return { store, kind, ...caching, ...logging }
}

export function transformValues(draft: Draft): boolean {
  const { random } = draft
  const from = draft.pick('table')
  if (from === undefined) return false
  const uses = random.chance(0.5) ? usesStore(draft, 'keyValue') : {}
  const mat = random.chance(0.25) ? draft.materialized(1, from.key) : {}
  const call = { op: 'transformValues', from: from.id, ...typesOf(from), ...uses, ...draft.named(0.2), ...mat }
  draft.add('table', call, from.key, 'S', from.versioned ? { versioned: true } : {})
  return true
}

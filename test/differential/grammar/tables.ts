/** Operators of tables that keep their keys. */
import type { Call } from '../program.ts'
import { isWindowed, typesOf, type Draft, type Made } from './draft.ts'
import { transformValues } from './processors.ts'

export function tableOperator(draft: Draft): boolean {
  const { random } = draft
  const from = draft.pick('table')
  if (from === undefined) return false
  const op = random.pick(['tableFilter', 'tableFilterNot', 'tableMapValues', 'tableMapValues', 'transformValues'])
  if (op === 'transformValues') return transformValues(draft)
  const versions = random.chance(from.versioned ? 0.15 : 0.02)
  const mat = versions ? draft.versionedStore(from.key) : random.chance(0.25) ? draft.materialized(1, from.key) : {}
  const value = op === 'tableMapValues' ? 'S' : from.value
  const call = { op, from: from.id, ...typesOf(from), ...draft.named(0.2), ...mat }
  draft.add('table', call, from.key, value, from.versioned || versions ? { versioned: true } : {})
  return true
}

export function toStream(draft: Draft): boolean {
  const from = draft.pick('table')
  if (from === undefined) return false
  streamOf(draft, from)
  return true
}

export function streamOf(draft: Draft, from: Made): Made {
  const withKey = draft.random.chance(isWindowed(from.key) ? 0.4 : 0.2)
  const op = withKey ? 'toStreamWithKey' : 'toStream'
  return draft.add('stream', { op, from: from.id, ...draft.named(0.2) }, withKey ? 'S' : from.key, from.value)
}

export function suppress(draft: Draft): boolean {
  const { random } = draft
  const from = draft.pick('table')
  if (from === undefined) return false
  const logging = random.chance(0.1) ? { logging: false as const } : {}
  const call = { op: 'suppress', from: from.id, ...logging, ...draft.named(0.25) }
  const close = random.chance(isWindowed(from.key) ? 0.5 : 0.02)
  const { key, value } = from
  if (close) draft.add('table', { ...call, close: true }, key, value)
  else draft.add('table', { ...call, limit: random.pick([0, 5, 10, 40]), ...bufferLimit(draft) }, key, value)
  return true
}

function bufferLimit({ random }: Draft): Partial<Call> {
  switch (random.below(5)) {
    case 0:
      return { maxRecords: random.between(1, 3), ...(random.chance(0.1) ? { shutDown: true } : {}) }
    case 1:
      return { maxBytes: random.pick([100, 200, 400]) }
    default:
      return {}
  }
}

/** Operators of streams without state, sinks, and what makes a table of a stream. */
import type { Call } from '../program.ts'
import { type Draft, type Made, typesOf } from './draft.ts'

const operators = [
  'filter',
  'filterNot',
  'map',
  'mapValues',
  'mapValues',
  'mapSomeToNull',
  'mapToNumber',
  'mapToList',
  'flatMap',
  'flatMapValues',
  'selectKey',
  'selectKey',
  'selectNumber',
  'peek',
  'forEach',
  'merge',
  'merge',
  'repartition',
] as const

export function stateless(draft: Draft): boolean {
  const from = draft.pick('stream')
  if (from === undefined) return false
  const op = draft.random.pick(operators)
  const fails = ['filter', 'mapValues', 'peek', 'flatMap', 'selectKey'].includes(op) ? failing(draft) : {}
  const call = { op, from: from.id, ...draft.named(0.2), ...fails }
  switch (op) {
    case 'merge':
      return merge(draft, from)
    case 'repartition':
      return repartition(draft, from)
    case 'forEach':
      draft.calls.push(call)
      return true
    case 'filter':
    case 'filterNot':
    case 'peek':
      draft.add('stream', call, from.key, from.value)
      return true
    case 'map':
    case 'flatMap':
      draft.add('stream', call, 'S', 'S')
      return true
    case 'selectKey':
      draft.add('stream', call, 'S', from.value)
      return true
    case 'selectNumber':
      draft.add('stream', call, 'L', from.value)
      return true
    default:
      draft.add('stream', call, from.key, op === 'mapToNumber' ? 'L' : op === 'mapToList' ? 'A' : 'S')
      return true
  }
}

/** Its callback throws for some values. */
export function failing({ random }: Draft): { fails?: true } {
  return random.chance(0.02) ? { fails: true } : {}
}

function merge(draft: Draft, from: Made): boolean {
  const other = draft.pick('stream', ({ key, value }) => key === from.key && value === from.value)
  if (other === undefined) return false
  draft.add('stream', { op: 'merge', from: from.id, other: other.id, ...draft.named(0.2) }, from.key, from.value)
  return true
}

function repartition(draft: Draft, from: Made): boolean {
  const { random } = draft
  const partitions = random.chance(0.15) ? { partitions: random.pick([1, 2, 3]) } : {}
  const call = { op: 'repartition', from: from.id, ...typesOf(from), ...partitions, ...partitioner(draft) }
  draft.add('stream', { ...call, ...draft.named(0.2) }, from.key, from.value)
  return true
}

function partitioner({ random }: Draft): { partitioner?: 'drops' | 'zero' } {
  return random.chance(0.1) ? { partitioner: random.pick(['drops', 'zero'] as const) } : {}
}

export function to(draft: Draft): boolean {
  const from = draft.pick('stream')
  if (from === undefined) return false
  sink(draft, from)
  return true
}

export function sink(draft: Draft, from: Made): void {
  const { random } = draft
  const rest = { from: from.id, ...typesOf(from), ...draft.named(0.2), ...partitioner(draft) }
  if (random.chance(0.05)) draft.calls.push({ op: 'toChosen', by: random.pick(['length', 'topic'] as const), ...rest })
  else draft.calls.push({ op: 'to', topic: draft.topic('out'), ...rest })
}

export function toTable(draft: Draft): boolean {
  const from = draft.pick('stream')
  if (from === undefined) return false
  const { key, value } = from
  const mat = draft.random.chance(0.1) ? draft.versionedStore(key) : draft.materialized(0.4, key)
  const versioned = mat.mat?.history === undefined ? {} : { versioned: true as const }
  const call: Call = { op: 'toTable', from: from.id, ...typesOf(from), ...draft.named(0.2), ...mat }
  draft.add('table', call, key, value, versioned)
  return true
}

export function split(draft: Draft): boolean {
  const { random } = draft
  const from = draft.pick('stream', ({ key, value }) => key === 'S' && value === 'S')
  if (from === undefined) return false
  const names = draft.named(0.5)
  let results = 0
  const branch = (): { name?: string; plain?: true; topic?: string; mapped?: true } => {
    const named = names.name === undefined ? {} : draft.named(0.6)
    const kind = random.below(4)
    if (kind === 0) return { ...named, topic: draft.topic('out') }
    results++
    return kind === 1 ? { ...named, mapped: true } : { ...named, plain: true }
  }
  const branches = Array.from({ length: random.between(1, 3) }, () => ({
    on: random.pick(['a', 'even'] as const),
    ...branch(),
  }))
  const rest = random.chance(0.6) ? { default: branch() } : {}
  const all = draft.newId()
  draft.calls.push({ op: 'split', id: all, from: from.id, ...names, branches, ...rest })
  for (let index = 0; index < results; index++) draft.add('stream', { op: 'branch', from: all, index }, 'S', 'S')
  return true
}

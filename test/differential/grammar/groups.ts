/** Groups, windows, aggregations. */
import type { Call, DataType, MaterializedAs, WindowsOf } from '../program.ts'
import { isWindowed, typesOf, type Draft } from './draft.ts'
import { failing } from './streams.ts'

export function group(draft: Draft): boolean {
  const from = draft.pick('stream')
  if (from === undefined) return false
  const isBy = draft.random.chance(0.5)
  const key = isBy ? 'S' : from.key
  const types = typesOf({ ...from, key })
  draft.add(
    'group',
    { op: isBy ? 'groupBy' : 'groupByKey', from: from.id, ...types, ...draft.named(0.2) },
    key,
    from.value,
  )
  return true
}

export function aggregate(draft: Draft): boolean {
  const { random } = draft
  const agg = random.pick(['count', 'reduce', 'aggregate'] as const)
  const from = draft.pick('group', ({ value }) => agg !== 'reduce' || value === 'S')
  if (from === undefined) return false
  const value = agg === 'count' ? 'L' : 'S'
  const call = { op: 'aggregate', from: from.id, ...typesOf(from), agg, ...draft.named(0.2), ...failing(draft) }
  const windows = isWindowed(from.key) || random.chance(0.4) ? undefined : drawWindows(draft)
  if (windows !== undefined) {
    const key = windowedKey(from.key, windows)
    const emit = windows.kind !== 'unlimited' && random.chance(0.3) ? { emit: 'close' as const } : {}
    draft.add('table', { ...call, windows, ...emit, ...windowStore(draft, key, windows) }, key, value)
    return true
  }
  const versions = random.chance(0.06)
  const mat = versions ? draft.versionedStore(from.key) : draft.materialized(0.5, from.key)
  draft.add('table', { ...call, ...mat }, from.key, value, versions ? { versioned: true } : {})
  return true
}

export function cogroup(draft: Draft): boolean {
  const { random } = draft
  const first = draft.pick('group')
  if (first === undefined) return false
  const others = Array.from({ length: random.between(0, 2) }, () => draft.pick('group', ({ key }) => key === first.key))
  const groups = [...new Set([first.id, ...others.flatMap((other) => (other === undefined ? [] : [other.id]))])]
  const { key } = first
  const call: Call = { op: 'cogroup', groups, k: key, ...draft.named(0.2) }
  if (isWindowed(key) || random.chance(0.4)) {
    draft.add('table', { ...call, ...draft.materialized(0.5, key) }, key, 'S')
    return true
  }
  const windows = drawWindows(draft)
  const windowed = windowedKey(key, windows)
  draft.add('table', { ...call, windows, ...windowStore(draft, windowed, windows) }, windowed, 'S')
  return true
}

/** `LT10`: a time window of 10 ms over a number. */
function windowedKey(key: DataType, windows: WindowsOf): DataType {
  const inner = key === 'L' ? 'L' : ''
  if (windows.kind === 'session') return `${inner}W`
  if (windows.kind === 'unlimited') return `${inner}Tmax`
  return `${inner}T${windows.kind === 'sliding' ? windows.difference : windows.size}`
}

function drawWindows({ random }: Draft): WindowsOf {
  const grace = random.pick([0, 0, 3, 10, 40])
  switch (random.below(5)) {
    case 0:
      return { kind: 'time', size: 10, advance: 10, grace }
    case 1:
      return { kind: 'time', size: 12, advance: random.pick([4, 5]), grace }
    case 2:
      // Java takes a difference of 0 and fails at the first record; millrace refuses it.
      return { kind: 'sliding', difference: random.chance(0.1) ? 1 : 8, grace }
    case 3:
      return { kind: 'session', gap: random.chance(0.1) ? 0 : 6, grace }
    default:
      if (random.chance(0.7)) return { kind: 'time', size: 10, advance: random.pick([1, 5, 5]), grace }
      return { kind: 'unlimited', start: random.pick([0, 12]) }
  }
}

/** With a retention that is as short as may be, now and then shorter; a store supplier must have one. */
function windowStore(draft: Draft, key: DataType, windows: WindowsOf): { mat?: MaterializedAs } {
  const { random } = draft
  const { mat } = draft.materialized(0.5, key)
  if (mat === undefined) return {}
  const { supplier, ...rest } = mat
  const shortest = shortestRetention(windows)
  const retention = random.pick([shortest, shortest, shortest + 1, 60, 100, 1000, shortest - 1])
  // No store's window is as long as an unlimited one.
  if (supplier === undefined || windows.kind === 'unlimited')
    return { mat: random.chance(0.25) ? { ...rest, retention } : rest }
  return { mat: { ...rest, supplier: { retention, size: random.chance(0.95) ? sizeOf(windows) : 7 } } }
}

function shortestRetention(windows: WindowsOf): number {
  if (windows.kind === 'unlimited') return 1000
  return (windows.kind === 'session' ? windows.gap : sizeOf(windows)) + windows.grace
}

function sizeOf(windows: WindowsOf): number {
  if (windows.kind === 'time') return windows.size
  return windows.kind === 'sliding' ? windows.difference : 0
}

export function tableGroup(draft: Draft): boolean {
  const from = draft.pick('table')
  if (from === undefined) return false
  const types = typesOf({ ...from, key: 'S' })
  draft.add('groupedTable', { op: 'tableGroupBy', from: from.id, ...types, ...draft.named(0.25) }, 'S', from.value)
  return true
}

export function tableAggregate(draft: Draft): boolean {
  const { random } = draft
  const agg = random.pick(['count', 'reduce', 'aggregate'] as const)
  const from = draft.pick('groupedTable', ({ value }) => agg !== 'reduce' || value === 'S')
  if (from === undefined) return false
  const mat = random.chance(0.05) ? draft.versionedStore('S') : draft.materialized(0.5, 'S')
  const call: Call = { op: 'tableAggregate', from: from.id, agg, ...draft.named(0.2), ...mat }
  draft.add('table', call, 'S', agg === 'count' ? 'L' : 'S')
  return true
}

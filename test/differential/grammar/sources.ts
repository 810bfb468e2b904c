/** Where a random program begins: streams, tables and global stores of topics. */
import type { Call, DataType } from '../program.ts'
import type { Draft, Input } from './draft.ts'

export function source(draft: Draft): boolean {
  const { random, inputs } = draft
  if (!inputs.some(({ topic }) => topic === 'p1') && random.chance(0.04)) {
    for (const topic of ['p1', 'p2']) inputs.push({ topic, key: 'S', value: 'S' })
    // Without an extractor: to Java's driver the topics of a pattern are one partition with one partition time.
    draft.add('stream', { op: 'stream', pattern: 'p[0-9]', ...draft.named(0.15) }, 'S', 'S')
    return true
  }
  if (random.chance(0.2)) return typedSource(draft)
  const topics = [random.pick(['t1', 't2', 't3'])]
  if (random.chance(0.05)) topics.push(`more-${draft.name()}`)
  for (const topic of topics) inputs.push({ topic, key: 'S', value: 'S' })
  draft.add('stream', { op: 'stream', topics, ...draft.named(0.15), ...extractor(draft) }, 'S', 'S')
  return true
}

const typed: readonly Input[] = [
  { topic: 'numbers', key: 'L', value: 'L' },
  { topic: 'by-number', key: 'L', value: 'S' },
  { topic: 'lists', key: 'S', value: 'A' },
]

function typedSource(draft: Draft): boolean {
  const input = draft.random.pick(typed)
  const { topic, key, value } = input
  draft.inputs.push(input)
  const call = { op: 'stream', topics: [topic], k: key, v: value, ...draft.named(0.15), ...extractor(draft) }
  draft.add('stream', call, key, value)
  return true
}

export function tableSource(draft: Draft): boolean {
  const { random, inputs } = draft
  const tables = inputs.filter(({ topic }) => topic.startsWith('table'))
  const input =
    tables.length > 0 && random.chance(0.04) ? random.pick(tables) : { ...types(draft), topic: draft.topic('table') }
  const { topic, key, value } = input
  inputs.push(input)
  const mat = random.chance(0.2) ? draft.versionedStore(key) : draft.materialized(0.4, key)
  const versioned = mat.mat?.history === undefined ? {} : { versioned: true as const }
  const call: Call = { op: 'table', topic, k: key, v: value, ...draft.named(0.2), ...extractor(draft), ...mat }
  draft.add('table', call, key, value, versioned)
  return true
}

function types({ random }: Draft): { readonly key: DataType; readonly value: DataType } {
  return { key: random.chance(0.12) ? 'L' : 'S', value: random.chance(0.1) ? random.pick(['L', 'A']) : 'S' }
}

function extractor({ random }: Draft): { extractor?: 'value' } {
  return random.chance(0.06) ? { extractor: 'value' } : {}
}

export function globalTable(draft: Draft): boolean {
  const topic = draft.topic('global')
  draft.inputs.push({ topic, key: 'S', value: 'S' })
  const mat = draft.random.chance(0.4) ? draft.materialized(1, 'S', false) : {}
  draft.add('globalTable', { op: 'globalTable', topic, ...draft.named(0.2), ...extractor(draft), ...mat }, 'S', 'S')
  return true
}

export function globalStore(draft: Draft): boolean {
  const topic = draft.topic('global')
  draft.inputs.push({ topic, key: 'S', value: 'S' })
  const store = draft.storeName('S')
  draft.globalStores.push(store)
  draft.calls.push({ op: 'addGlobalStore', topic, store, ...draft.named(0.2), ...extractor(draft) })
  return true
}

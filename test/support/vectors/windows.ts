/** Windowed and session aggregations, emit strategies, cogroup: PublicScenarios.java and WindowScenarios.java. */
import { hopping, session, sliding, tumbling, unlimited } from '../../../src/dsl/windows.ts'
import { publicWindowsVectors } from './windows-public.ts'
import { windowedCogroupVectors } from './windows-cogroup.ts'
import { windowedTableVectors } from './windows-tables.ts'
import { onClose, sessionKind, timeKind, updates, type Kind } from './windows-kinds.ts'
import type { VectorTopologies, VectorTopology } from './vector-topology.ts'

function kindVectors(name: string, kind: Kind, closes = true): VectorTopologies {
  const vectors: Record<string, VectorTopology> = {}
  for (const op of ['count', 'reduce', 'aggregate', 'aggregate and delete'] as const) {
    vectors[`${name}: ${op}`] = updates(kind, op)
  }
  for (const op of ['reduce', 'aggregate and delete'] as const) vectors[`${name}: ${op}, cached`] = updates(kind, op)
  vectors[`${name}: old values`] = updates(kind, 'old values')
  vectors[`${name}: old values, cached`] = updates(kind, 'old values')
  if (!closes) return vectors
  for (const op of ['count', 'aggregate and delete'] as const) vectors[`${name}: ${op}, on close`] = onClose(kind, op)
  vectors[`${name}: aggregate, on close, retention 1000`] = onClose(kind, 'aggregate', 1000)
  vectors[`${name}: reduce, on close, cached`] = onClose(kind, 'reduce', 1000)
  vectors[`${name}: on close, at most every 10 ms`] = onClose(kind, 'aggregate', 1000)
  return vectors
}

export const windowsVectors: VectorTopologies = {
  ...publicWindowsVectors,
  ...kindVectors('tumbling 10 grace 5', timeKind(tumbling({ size: 10, grace: 5 }))),
  ...kindVectors('tumbling 7 grace 0', timeKind(tumbling({ size: 7 }))),
  ...kindVectors('hopping 10/4 grace 3', timeKind(hopping({ size: 10, advance: 4, grace: 3 }))),
  ...kindVectors('unlimited from 4', timeKind(unlimited({ start: 4 })), false),
  ...kindVectors('sliding 10 grace 4', timeKind(sliding({ difference: 10, grace: 4 }))),
  ...kindVectors('sliding 4 grace 30', timeKind(sliding({ difference: 4, grace: 30 }))),
  ...kindVectors('session 5 grace 0', sessionKind(session({ gap: 5 }))),
  ...kindVectors('session 4 grace 9', sessionKind(session({ gap: 4, grace: 9 }))),
  ...kindVectors('session 0 grace 3', sessionKind(session({ gap: 0, grace: 3 }))),
  ...windowedTableVectors,
  ...windowedCogroupVectors,
}

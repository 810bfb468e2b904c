/**
 * The topologies of the recorded scenarios (test/testdata/vectors), written in this project's DSL: the translation of
 * their Java source, by name. One file per area in test/support/vectors.
 */
import { burstsVectors } from './vectors/audit-bursts.ts'
import { chainsVectors } from './vectors/audit-chains.ts'
import { oddVectors } from './vectors/audit-odd.ts'
import { auditVectors } from './vectors/audit.ts'
import { errorVectors } from './vectors/errors.ts'
import { fkSuppressVectors } from './vectors/fk-suppress.ts'
import { mixedVectors } from './vectors/mixed.ts'
import { splitGlobalVectors } from './vectors/split-global.ts'
import { statelessVectors } from './vectors/stateless.ts'
import { storesVectors } from './vectors/stores.ts'
import { streamJoinsVectors } from './vectors/stream-joins.ts'
import { streamTableVectors } from './vectors/stream-table.ts'
import { tablesVectors } from './vectors/tables.ts'
import type { VectorTopologies, VectorTopology } from './vectors/vector-topology.ts'
import { windowsVectors } from './vectors/windows.ts'

const areas: Readonly<Record<string, VectorTopologies>> = {
  stateless: statelessVectors,
  errors: errorVectors,
  mixed: mixedVectors,
  'stream-table': streamTableVectors,
  windows: windowsVectors,
  'stream-joins': streamJoinsVectors,
  tables: tablesVectors,
  'fk-suppress': fkSuppressVectors,
  'split-global': splitGlobalVectors,
  stores: storesVectors,
  audit: auditVectors,
  'audit-bursts': burstsVectors,
  'audit-chains': chainsVectors,
  'audit-odd': oddVectors,
}

/** By the name of the scenario; two translations of one scenario are a mistake. */
export const vectorTopologies: ReadonlyMap<string, VectorTopology> = collect()

function collect(): Map<string, VectorTopology> {
  const all = new Map<string, VectorTopology>()
  for (const [area, topologies] of Object.entries(areas)) {
    for (const [name, topology] of Object.entries(topologies)) {
      if (all.has(name)) throw new Error(`scenario '${name}' is translated twice, the second time in ${area}`)
      all.set(name, topology)
    }
  }
  return all
}

/** Tables: joins, groupings, transformations. */
import type { VectorTopologies } from './vector-topology.ts'

export const tablesVectors: VectorTopologies = {}

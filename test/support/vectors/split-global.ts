/** Branches, global tables and stores. */
import type { VectorTopologies } from './vector-topology.ts'

export const splitGlobalVectors: VectorTopologies = {}

/** Windowed and session aggregations, emit strategies, cogroup. */
import type { VectorTopologies } from './vector-topology.ts'

export const windowsVectors: VectorTopologies = {}

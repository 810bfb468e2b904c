/** Stream-stream joins and the optimiser. */
import type { VectorTopologies } from './vector-topology.ts'

export const streamJoinsVectors: VectorTopologies = {}

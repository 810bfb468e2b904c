/** Stream-table joins, versioned tables and the rest of the Processor API. */
import type { VectorTopologies } from './vector-topology.ts'

export const streamTableVectors: VectorTopologies = {}

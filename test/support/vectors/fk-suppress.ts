/** Foreign-key joins and suppress. */
import type { VectorTopologies } from './vector-topology.ts'

export const fkSuppressVectors: VectorTopologies = {}

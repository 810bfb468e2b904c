import { TopologyError } from '../errors/topology-error.ts'

/** For what is being built. */
export function notAvailable(operator: string): never {
  throw new TopologyError('MILLRACE_NOT_AVAILABLE', `${operator} is not available in this version yet`)
}

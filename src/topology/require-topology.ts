/** What an application and the test driver say where they are given something else than a topology. */
import { TopologyError } from '../errors/topology-error.ts'

/** Most often it is a builder, or the module of `defineTopology`: both have a `build` that makes the topology. */
export function requireTopology(found: unknown, taker: string): void {
  const { compile, build } = (found ?? {}) as { readonly compile?: unknown; readonly build?: unknown }
  if (typeof compile === 'function') return
  const advice =
    typeof build === 'function'
      ? 'found a StreamsBuilder or a module of defineTopology(): give it what its build() returns'
      : `found ${found === null ? 'null' : typeof found}`
  throw new TopologyError('MILLRACE_OPTION_INVALID', `${taker} takes a Topology as its first argument, ${advice}`)
}

/** A module's default export: what the CLI, worker threads, containers and tests load. */
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { Topology } from '../topology/topology.ts'
import { isThenable, refusePromise } from '../processor/callback-result.ts'
import { StreamsBuilder } from './streams-builder.ts'

/** What a module exports by default, made by `defineTopology`. */
export interface TopologyModule {
  readonly applicationId: string
  /** The commands apply it; a program gives it to KafkaStreams: `{ applicationId, ...module.config, kafka }`. */
  readonly config: Partial<StreamsConfig>
  /** `config` is added to the module's own, and wins. */
  build(config?: Partial<StreamsConfig>): Topology
}

/**
 * Describes an application: its id, the topology that `build` makes with the builder, and the configuration that it is
 * meant to run with. Nothing is built before it is asked for.
 */
export function defineTopology(
  applicationId: string,
  build: (builder: StreamsBuilder) => void,
  config: Partial<StreamsConfig> = {},
): TopologyModule {
  return {
    applicationId,
    config,
    build(overrides = {}) {
      const builder = new StreamsBuilder({ ...config, ...overrides })
      const result: unknown = build(builder)
      if (isThenable(result)) refusePromise('defineTopology', `function that builds '${applicationId}'`, result)
      return builder.build()
    },
  }
}

/**
 * The part of the configuration that decides which nodes, names and topics a topology gets. It is fixed when the DSL
 * builds the topology: another value later would silently do nothing, so it is an error (KAFKA-8416 is what happens
 * otherwise).
 */
import { nearest } from '../common/nearest.ts'
import { ConfigError } from '../errors/config-error.ts'
import type { ProcessorWrapper } from '../processor/processor-wrapper.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'

const optimizations = ['reuseSourceTopics', 'mergeRepartitionTopics', 'singleStoreSelfJoin'] as const

export type TopologyOptimization = (typeof optimizations)[number]

export interface TopologyShape {
  readonly topologyOptimization: readonly TopologyOptimization[]
  readonly naming: 'generated' | 'explicit'
  readonly compatibility: 'none' | 'java'
  /** No name and no topic depends on it: another one may be given later. */
  readonly processorWrapper?: ProcessorWrapper | undefined
}

export function topologyShape(config: Partial<StreamsConfig>): TopologyShape {
  const { topologyOptimization = false, naming = 'generated', compatibility = 'none' } = config
  return {
    topologyOptimization: chosenOptimizations(topologyOptimization),
    naming: oneOf('naming', naming, ['generated', 'explicit']),
    compatibility: oneOf('compatibility', compatibility, ['none', 'java']),
    processorWrapper: config.processorWrapper,
  }
}

/** Refuses a configuration whose shape differs from the one that the topology was built with. */
export function checkShape(built: TopologyShape, config: Partial<StreamsConfig>): void {
  const given = topologyShape(config)
  for (const key of ['topologyOptimization', 'naming', 'compatibility'] as const) {
    if (config[key] === undefined || String(given[key]) === String(built[key])) continue
    throw new ConfigError(
      'MILLRACE_CONFIG_CONFLICT',
      key,
      `configuration: '${key}' is ${show(given[key])}, but the topology was built with ${show(built[key])}, and it cannot be changed afterwards; give it to new StreamsBuilder({ ${key}: … }) too, or leave it out here`,
    )
  }
}

function chosenOptimizations(chosen: StreamsConfig['topologyOptimization']): readonly TopologyOptimization[] {
  if (typeof chosen === 'boolean') return chosen ? optimizations : []
  if (!Array.isArray(chosen)) refuse('topologyOptimization', chosen, 'a boolean or a list of optimizations')
  for (const name of chosen) oneOf('topologyOptimization', name, optimizations)
  return optimizations.filter((name) => chosen.includes(name))
}

function oneOf<T extends string>(key: string, value: T, values: readonly T[]): T {
  if (values.includes(value)) return value
  const near = typeof value === 'string' ? nearest(value, values) : undefined
  return refuse(key, value, `one of ${values.join(', ')}${near === undefined ? '' : ` (did you mean ${near}?)`}`)
}

function refuse(key: string, value: unknown, expected: string): never {
  throw new ConfigError(
    'MILLRACE_CONFIG_INVALID_VALUE',
    key,
    `configuration: '${key}' must be ${expected}, found ${show(value)}`,
  )
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}

/** Java's configuration of a recorded scenario, as this project's. A key that is not known here is an error. */
import type { ErrorPolicy } from '../../../src/processor/error-policy.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'

const optimizations = {
  'reuse.ktable.source.topics': 'reuseSourceTopics',
  'merge.repartition.topics': 'mergeRepartitionTopics',
  'single.store.self.join': 'singleStoreSelfJoin',
} as const

/** Those that change nothing here: headers of a changelog that Java's interactive queries alone read (KIP-796). */
const ignored = new Set(['__iq.consistency.offset.vector.enabled__'])
const deadLetterKey = 'errors.dead.letter.queue.topic.name'

/** Of every recording, as its README says. */
const recorded: Partial<StreamsConfig> = {
  applicationId: 'app',
  cacheMaxBytes: 0,
  compatibility: 'java',
  emitIntervalMs: 0,
}

export function configOf(java: Readonly<Record<string, string>>): Partial<StreamsConfig> {
  const config = { ...recorded }
  const deadLetter = java[deadLetterKey]
  for (const [key, value] of Object.entries(java)) {
    if (key === deadLetterKey || ignored.has(key)) continue
    Object.assign(config, converted(key, value, deadLetter))
  }
  return config
}

function converted(key: string, value: string, deadLetter: string | undefined): Partial<StreamsConfig> {
  switch (key) {
    case 'topology.optimization':
      return { topologyOptimization: toOptimization(value) }
    case 'statestore.cache.max.bytes':
      return { cacheMaxBytes: Number(value) }
    case 'ensure.explicit.internal.resource.naming':
      return { naming: value === 'true' ? 'explicit' : 'generated' }
    case '__emit.interval.ms.kstreams.outer.join.spurious.results.fix__':
    case '__emit.interval.ms.kstreams.windowed.aggregation__':
      return { emitIntervalMs: Number(value) }
    case 'deserialization.exception.handler':
      return { onDeserializationError: toPolicy(value, deadLetter) }
    case 'processing.exception.handler':
      return { onProcessingError: toPolicy(value, deadLetter) }
    case 'production.exception.handler':
      return { onProductionError: toPolicy(value, deadLetter) }
    default:
      throw new Error(`nobody said what '${key}' of a recorded scenario is in this project`)
  }
}

function toOptimization(value: string): StreamsConfig['topologyOptimization'] {
  if (value === 'all' || value === 'none') return value === 'all'
  return value.split(',').map((name) => optimizations[name.trim() as keyof typeof optimizations])
}

function toPolicy(handler: string, deadLetter: string | undefined): ErrorPolicy {
  if (!handler.includes('LogAndContinue')) return 'fail'
  return deadLetter === undefined ? 'skip' : { deadLetter }
}

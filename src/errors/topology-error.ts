import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const topologyErrors = {
  MILLRACE_NAME_INVALID: 'a name has characters or a length that Kafka does not admit',
  MILLRACE_NAME_TAKEN: 'two nodes or stores of a topology have the same name',
  MILLRACE_NAME_MISSING: 'naming is explicit and an internal topic or store has a generated name',
  MILLRACE_PARENT_UNKNOWN: 'a node names a parent that is not there, or cannot have children',
  MILLRACE_TOPICS_EMPTY: 'a source has no topic, or a topic without a name',
  MILLRACE_TOPIC_TAKEN: 'two sources of a topology read the same topic',
  MILLRACE_TOPICS_OVERLAP: 'two streams read overlapping but not equal lists of topics',
  MILLRACE_OFFSET_RESET_CONFLICT: 'two streams read the same topics with different reset policies',
  MILLRACE_STORE_UNKNOWN: 'a processor names a store that was not added',
  MILLRACE_STORE_NOT_CONNECTABLE: 'a store is connected to something that is not a processor',
  MILLRACE_STORE_OPTION_INVALID: 'a store builder does not fit the place where it is used',
  MILLRACE_SERDE_MISSING: 'a sink, store or repartition topic needs a serde that is not known',
  MILLRACE_OPTION_INVALID: 'an option or argument of the topology has the wrong type or is out of its range',
  MILLRACE_BRANCH_UNKNOWN: 'the map of a split was asked for a branch that is not in it',
  MILLRACE_SUPPLIER_INVALID: 'a supplier is not a function, or returns the same object twice',
  MILLRACE_PARTITIONS_CONFLICT: 'repartition topics that must have equal partition counts were given different ones',
} as const

/** A mistake in a topology, found while it is built. */
export class TopologyError extends StreamsError {
  declare readonly code: keyof typeof topologyErrors
  /** The node that it is about, where there is one. */
  readonly node: string | undefined
  readonly storeName: string | undefined
  readonly topic: string | undefined

  constructor(
    code: keyof typeof topologyErrors,
    message: string,
    options: StreamsErrorOptions & {
      readonly node?: string | undefined
      readonly storeName?: string | undefined
      readonly topic?: string | undefined
    } = {},
  ) {
    super(code, message, options)
    this.node = options.node
    this.storeName = options.storeName
    this.topic = options.topic
  }
}

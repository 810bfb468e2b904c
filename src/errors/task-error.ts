import type { stateErrors } from './state-error.ts'
import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const taskErrors = {
  MILLRACE_DESERIALIZATION_FAILED: 'a record cannot be read with the serdes of its source',
  MILLRACE_NULL_NOT_ADMITTED: 'a source read null where its serde does not admit it',
  MILLRACE_TIMESTAMP_INVALID: 'a record has no valid timestamp, or an extractor returned none',
  MILLRACE_PROCESSING_FAILED: 'a callback or processor threw',
  MILLRACE_PRODUCTION_FAILED: 'a result cannot be written to its topic',
  MILLRACE_PROCESSOR_INIT_FAILED: 'a processor threw in init',
  MILLRACE_DEAD_LETTER_FAILED: 'the dead letter of a record cannot be written',
  MILLRACE_POLICY_INVALID: 'an error policy returned something that is no action',
  MILLRACE_CHILD_UNKNOWN: 'a processor forwards to a child that it does not have',
  MILLRACE_STORE_NOT_CONNECTED: 'a processor asks for a store that it is not connected to',
  MILLRACE_SCHEDULE_INVALID: 'a punctuation has no valid interval, type or start',
} as const

/** Where in a task it happened; topic null and partition and offset -1 outside of a record. */
export interface TaskErrorPlace {
  readonly taskId: string
  readonly node: string
  readonly topic: string | null
  readonly partition: number
  readonly offset: number
}

/**
 * A record or a processor failed. The cause is the error of the user's code or serde, with its own stack. Where a store is
 * at fault and not the record, the code is that of the StateError, which is the cause.
 */
export class TaskError extends StreamsError implements TaskErrorPlace {
  declare readonly code: keyof typeof taskErrors | keyof typeof stateErrors
  readonly taskId: string
  readonly node: string
  readonly topic: string | null
  readonly partition: number
  readonly offset: number

  constructor(
    code: keyof typeof taskErrors | keyof typeof stateErrors,
    place: TaskErrorPlace,
    message: string,
    options: StreamsErrorOptions = {},
  ) {
    super(code, `task ${place.taskId}, node ${place.node}${recordOf(place)}: ${message}`, options)
    this.taskId = place.taskId
    this.node = place.node
    this.topic = place.topic
    this.partition = place.partition
    this.offset = place.offset
  }
}

function recordOf({ topic, partition, offset }: TaskErrorPlace): string {
  return topic === null ? '' : `, record ${topic}-${partition}@${offset}`
}

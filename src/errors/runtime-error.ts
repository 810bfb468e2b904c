import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const runtimeErrors = {
  MILLRACE_SOURCE_TOPIC_MISSING: 'a topic that the topology reads does not exist',
  MILLRACE_SINK_TOPIC_MISSING:
    'a topic that the topology writes does not exist and was not created on first use, or was deleted',
  MILLRACE_TOPICS_NOT_COPARTITIONED: 'topics that are joined or merged by key have different partition counts',
  MILLRACE_INTERNAL_TOPIC_MISCONFIGURED:
    'an internal topic exists with another partition count or a clean-up policy that loses data',
  MILLRACE_TOPOLOGY_MISMATCH: 'members of one application id run different topologies',
  MILLRACE_OFFSET_RESET_NONE: 'a partition has no committed offset and its reset policy is none',
  MILLRACE_RECORD_TOO_LARGE: 'an output record is larger than its topic admits',
  MILLRACE_COMMIT_DEADLINE: 'a commit was not done when a rebalance could wait no longer',
  MILLRACE_TOPOLOGY_EMPTY: 'a topology without a source was to be run',
  MILLRACE_STARTED_BEFORE: 'an application was started twice, or after it had ended',
  MILLRACE_CLOSED: 'the application was closed before it was running',
  MILLRACE_TIMEOUT: 'a state was not reached in time',
  MILLRACE_TOPIC_DELETED: 'a topic that the application reads was deleted while it ran',
  MILLRACE_TOPIC_RECREATED: 'a topic that the application reads was deleted and made anew while it ran',
  MILLRACE_CHANGELOG_BEHIND_STATE: 'a changelog topic lost what the local store still has',
  MILLRACE_OFFSETS_BEHIND_STATE:
    'the committed offsets of the group are missing or below what the local state contains',
  MILLRACE_RESET_REFUSED: 'an application cannot be reset in the way that was asked for',
  MILLRACE_DUPLICATE_INSTANCE: 'two running instances have the same identity: one state directory was copied',
} as const

/** What goes wrong while an application runs and is not the Kafka layer's or a task's to say. */
export class RuntimeError extends StreamsError {
  declare readonly code: keyof typeof runtimeErrors
  readonly topic: string | undefined
  readonly partition: number | undefined

  constructor(
    code: keyof typeof runtimeErrors,
    message: string,
    options: StreamsErrorOptions & { readonly topic?: string; readonly partition?: number } = {},
  ) {
    super(code, message, options)
    this.topic = options.topic
    this.partition = options.partition
  }
}

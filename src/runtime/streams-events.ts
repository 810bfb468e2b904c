/** The states of an application, and what it tells its listeners. */

/** Those of `org.apache.kafka.streams.KafkaStreams.State`. NOT_RUNNING and ERROR are final. */
export type StreamsState =
  'CREATED' | 'REBALANCING' | 'RUNNING' | 'PENDING_SHUTDOWN' | 'NOT_RUNNING' | 'PENDING_ERROR' | 'ERROR'

/** In the order of their ordinals. */
export const streamsStates: readonly StreamsState[] = [
  'CREATED',
  'REBALANCING',
  'RUNNING',
  'PENDING_SHUTDOWN',
  'NOT_RUNNING',
  'PENDING_ERROR',
  'ERROR',
]

export interface StreamsEvents {
  state: { readonly from: StreamsState; readonly to: StreamsState }
  /** An error that stopped a thread. What the runtime recovers from by itself is logged, not reported here. */
  error: { readonly error: Error; readonly taskId?: string }
  restore: {
    readonly taskId: string
    readonly store: string
    readonly restored: number
    readonly total: number
    readonly done: boolean
  }
  rebalance: {
    readonly reason: string
    readonly assigned: readonly string[]
    readonly revoked: readonly string[]
    readonly durationMs: number
  }
}

import type { Headers } from '../common/headers.ts'

/**
 * Gives a record its event time. A negative result skips the record and counts it as dropped; a throw fails the task.
 * `partitionTime` is the highest timestamp of that partition so far, -1 before the first record.
 */
export type TimestampExtractor = (
  record: {
    readonly topic: string
    readonly partition: number
    readonly offset: number
    readonly timestamp: number
    readonly headers: Headers
    readonly key: unknown
    readonly value: unknown
  },
  partitionTime: number,
) => number
